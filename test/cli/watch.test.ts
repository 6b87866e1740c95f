import { describe, expect, it } from 'vitest';
import { connect } from '../../client/sdk/node.js';
import { pastTime } from '../../src/cli/shared/option-parsers.js';
import { resultJson } from '../../src/cli/watch/result-json.js';
import { namesOf } from '../../src/cli/watch/result-names.js';
import { resultText } from '../../src/cli/watch/result-text.js';
import { parseSpec } from '../../src/rnn/spec/spec.js';
import { begin, file, run, runUnread } from '../support/cli.js';
import { startServer } from '../support/server.js';

const T = Date.UTC(2024, 0, 1);
const FIELDS = [
  { name: 'temp', unit: '°C' },
  { name: 'Hum, (%)', unit: '%' },
];
const named = (horizon: number[]) =>
  namesOf({
    spec: parseSpec({ features: 2, units: 2, task: { kind: 'forecast', horizon } }),
    fields: FIELDS,
    targets: [],
    resample: null,
  });
const textOf = (result: object, horizon = [1]) => resultText(result, named(horizon)).trim();

/** A sequence of three steps, with a gap, and its server. */
async function pushed() {
  const { url } = await startServer();
  const csv = file(
    'a.csv',
    'time,temp (°C),count\n2024-01-01T00:00,20.5,123465789.12\n2024-01-01T00:01,,2\n2024-01-01T00:02,21,3\n',
  );
  expect((await run(['push', csv, '--sequence', 's', '--url', url, '--units', '3'])).code).toBe(0);
  return { url, to: ['--url', url] };
}

describe('eddy watch', () => {
  it('[CLI21] names numbers with their units and times; a gap is a dash; digits are kept', () => {
    expect(textOf({ seq: 3, t: T, skipped: 0, x: Float64Array.of(123465789.12, Number.NaN) })).toBe(
      '3  2024-01-01T00:00:00Z  temp 123465789.12 °C  Hum, (%) –',
    );
    const y = Float32Array.of(21.4, 0.1);
    expect(textOf({ seq: 3, t: T + 5, skipped: 2, interval: null, y })).toBe(
      '3  2024-01-01T00:00:00.005Z  1 ahead  temp 21.4 °C  Hum, (%) 0.1 %  2 skipped'.replace('0.1 %', '0.1'),
    );
    expect(textOf({ seq: 3, t: T, skipped: 0, interval: 60_000, y }, [5])).toContain(
      'for 2024-01-01T00:05:00Z  temp 21.4',
    );
    expect(textOf({ seq: 3, t: null, skipped: 0, interval: null, y: new Float32Array(4) }, [1, 5])).toBe(
      '3  temp +1 0 °C  Hum, (%) +1 0 %  temp +5 0 °C  Hum, (%) +5 0 %',
    );
  });

  it('[CLI25] writes a prediction with its range, and who forecasts', () => {
    const y = Float32Array.of(21.437, 1234.5);
    const said = (...range: number[]) => textOf({ seq: 3, y, range: Float32Array.from(range) });
    expect(said(0.8, 0)).toBe('3  1 ahead  temp 21.44 ± 0.8 °C  Hum, (%) 1234.5');
    expect(said(12.345, 250)).toBe('3  1 ahead  temp 21 ± 12 °C  Hum, (%) 1235 ± 250');
    expect(textOf({ seq: 3, y, range: null })).toBe('3  1 ahead  temp 21.437 °C  Hum, (%) 1234.5');
    const forecasters = [
      { name: 'network', weight: 0.617 },
      { name: 'season', weight: 0.383 },
    ];
    expect(textOf({ seq: 3, forecasters })).toBe('3  forecast by network 62 %, season 38 %');
  });

  it('[CLI26] says of an anomaly what was odd and how long it went on, and which sensor is silent or stuck', () => {
    const said = (event: string, detail: object) => textOf({ seq: 812, t: T, event, epoch: 'e', detail });
    expect(said('anomaly', { score: 1, fields: [{ field: 'temp' }] })).toBe(
      '812  2024-01-01T00:00:00Z  anomaly · score 1 · temp  epoch "e"',
    );
    expect(said('anomaly-over', { score: 0.75, start: 770, peak: 775, end: 780 })).toContain(
      'anomaly over · steps 770 to 780 · score 0.75 at 775',
    );
    expect(said('gap', { field: 'temp', row: 1, since: 803, steps: 10, over: false })).toContain(
      'gap · temp, row 1 since step 803',
    );
    expect(said('stuck', { field: 'temp', since: 803, steps: 90, value: 0.1, over: true })).toContain(
      'stuck over · temp at 0.1 · 90 steps from 803',
    );
    expect(said('season', { field: 'temp', change: 'tried', steps: 24, text: '24 steps, 1 d' })).toContain(
      'season · temp: 24 steps, 1 d tried',
    );
    expect(said('health', { from: 'learning', to: 'diverged', why: 'Lost.' })).toContain(
      'health · learning → diverged · Lost.',
    );
    expect(said('drift', { detector: 'adwin' })).toContain('event "drift"  epoch "e"  detail');
  });

  it('[CLI21] prints lines of JSON that stand for themselves', () => {
    expect(
      JSON.parse(resultJson({ seq: 3, t: T, skipped: 0, x: Float64Array.of(1.25, Number.NaN) }, named([1]))),
    ).toEqual({ seq: 3, t: T, skipped: 0, x: [1.25, null], names: ['temp', 'Hum, (%)'] });
    expect(JSON.parse(resultJson({ seq: 3, y: new Float32Array(2) }, named([5])))).toEqual({
      ...{ seq: 3, y: [0, 0] },
      ...{ names: ['temp', 'Hum, (%)'], horizons: [5, 5] },
    });
    expect(JSON.parse(resultJson({ seq: 3, h: new Float32Array(2) }, named([5])))).toEqual({
      seq: 3,
      h: [0, 0],
    });
  });

  it('[CLI21] begins in the past with --last and --since, and ends quietly after --count', async () => {
    const { to } = await pushed();
    const watch = (...args: string[]) => run(['watch', 's', '--view', 'inputs', ...args, ...to]);
    expect(await watch('--last', '2', '--count', '2')).toEqual({
      code: 0,
      stdout:
        '       1  2024-01-01T00:01:00Z  temp (°C) –  count 2\n       2  2024-01-01T00:02:00Z  temp (°C) 21  count 3\n',
      stderr: '',
    });
    const { stdout } = await watch('--since', '2024-01-01T00:00Z', '--count', '1', '--json');
    expect(JSON.parse(stdout)).toEqual({
      ...{ seq: 0, t: T, skipped: 0, x: [20.5, 123465789.12] },
      names: ['temp (°C)', 'count'],
    });
    for (const args of [
      ['--since', 'soon'],
      ['--since', '1h', '--last', '3'],
    ])
      expect((await watch(...args)).code).toBe(2);
    const ago = pastTime(() => T);
    expect([ago('10m'), ago('3d'), ago('2024-01-01')]).toEqual([T - 600_000, T - 3 * 86_400_000, T]);
  });

  it('[CLI21] says that it waits for a sequence that there is not yet', async () => {
    const { url } = await startServer();
    const watching = begin(['watch', 's', '--view', 'inputs', '--url', url]);
    await watching.says('there is no sequence s yet; waiting for it');
    const client = connect(url);
    const handle = client.open('s', { fields: ['a'], spec: { units: 1 } });
    await expect
      .poll(async () => {
        handle.push([7]);
        return Promise.race([watching.says('a 7').then(() => true), handle.drained().then(() => false)]);
      })
      .toBe(true);
    client.close();
    watching.interrupt();
    expect((await watching.ended).code).toBe(0);
  });
});

describe('eddy sequences', () => {
  it('[CLI23] [HEA11] lists and shows steps, times, fields, health and scores', async () => {
    const { to } = await pushed();
    const { stdout } = await run(['sequences', 'ls', ...to]);
    expect(stdout).toMatch(
      /^s {2}awake {2}3 steps {2}\d+ d ago +\S+ +\S+ {2}warming-up {2}simple-rnn 3 {2}temp \(°C\), count\n$/,
    );
    const lines = (await run(['sequences', 'ls', '--json', ...to])).stdout.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ sequence: 's', seq: 2, x: [21, 3] }]);
    const shown = (await run(['sequences', 'show', 's', ...to])).stdout;
    for (const words of [
      'awake, 3 steps',
      '2024-01-01T00:02:00Z',
      'temp (°C) 21',
      'count 3',
      '1 step ahead',
      'warming-up: 2 forecasts',
      'seasons    none found',
    ])
      expect(shown).toContain(words);
    expect((await run(['sequences', 'show', 'nix', ...to])).stderr).toContain('sequence-unknown');
  });
});

describe('a closed pipe', () => {
  it('[CLI22] ends every command quietly', async () => {
    const { to } = await pushed();
    const csv = file('a.csv', `a\n${'1\n'.repeat(50)}`);
    for (const args of [
      ['sequences', 'ls', ...to],
      ['sequences', 'ls', '--json', ...to],
      ['watch', 's', '--view', 'inputs', '--last', '3', ...to],
      ['push', csv, '--sequence', 'p', '--json', ...to],
      ['eval', csv, '--json'],
    ]) {
      const { code, stderr } = await runUnread(args);
      expect([args[0], code, stderr]).toEqual([args[0], 0, expect.not.stringMatching(/EPIPE|Error/)]);
    }
  });
});
