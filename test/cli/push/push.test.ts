import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { take, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { Client, Results } from '../../../client/sdk/index.js';
import { connect } from '../../../client/sdk/node.js';
import { openSensorFile } from '../../../src/cli/shared/sensor-file.js';
import type { EddyError } from '../../../src/errors.js';
import { parseSpec } from '../../../src/rnn/spec/spec.js';
import { checkSteps } from '../../../src/rnn/spec/step-checks.js';
import { begin, file, run } from '../../support/cli.js';
import { startServer } from '../../support/server.js';

const FIXTURES = fileURLToPath(new URL('../../fixtures/readings', import.meta.url));
const MINUTE = 60_000;
const START = Date.UTC(2024, 0, 1);
const at = (minute: number) => new Date(START + minute * MINUTE).toISOString();

/** Rows of a temperature, a minute apart. */
const temperatures = (rows: number) =>
  `time,temp (°C)\n${Array.from({ length: rows }, (_, i) => `${at(i)},${20 + (i % 7) / 4}`).join('\n')}\n`;

/** A server, the options that name it, and a client of it while `act` runs. */
async function served(act: (parts: { url: string; to: string[]; client: Client }) => Promise<void>) {
  const { url } = await startServer();
  const client = connect(url);
  try {
    await act({ url, to: ['--url', url], client });
  } finally {
    client.close();
  }
}

/** Gives the last steps of a sequence, as they were accepted. */
const stepsOf = (client: Client, sequence: string, count: number): Promise<Results['inputs'][]> =>
  new Promise((resolve, reject) => {
    client
      .watch(sequence)
      .view('inputs', { last: count })
      .pipe(take(count), toArray())
      .subscribe({ next: resolve, error: reject });
  });

/** Reads a file in this process: its rows and fields, or why it is refused. */
async function readingOf(input: string) {
  try {
    const { choice, rows } = await openSensorFile(input, { requireTime: true });
    let count = 0;
    for await (const { values } of rows) {
      checkSteps(parseSpec({ features: values.length, units: 1, inputs: { missing: 'hold' } }), values);
      count++;
    }
    return { rows: count, fields: choice.fields };
  } catch (error) {
    const { code, message } = error as EddyError;
    return { refusal: `${code}: ${message.split(',')[0]}` };
  }
}

const entryOf = async (client: Client, sequence: string) => (await client.list({ sequence })).sequences[0];

describe('eddy push', () => {
  it('[CLI11] finds fields by name, whatever their order, and refuses others', () =>
    served(async ({ to, client }) => {
      const push = (input: string) => run(['push', '-', '--sequence', 's', ...to], { input });
      expect((await push('pressure,flow\n1,2\n3,4\n')).code).toBe(0);
      expect((await push('flow,pressure\n20,10\n,30\n')).code).toBe(0);
      expect((await stepsOf(client, 's', 4)).map(({ x }) => [...x])).toEqual([
        [1, 2],
        [3, 4],
        [10, 20],
        [30, Number.NaN],
      ]);
      for (const input of ['flow,press\n1,2\n', 'flow\n1\n', 'flow,pressure,valve\n1,2,3\n']) {
        const { code, stderr } = await push(input);
        expect([code, stderr]).toEqual([
          1,
          expect.stringContaining(
            'fields-conflict: sequence s has the fields pressure, flow; these were given: ',
          ),
        ]);
      }
    }));

  it('[CLI11] takes the model of a sequence as it is, and compares what options say', () =>
    served(async ({ to }) => {
      const push = (...args: string[]) =>
        run(['push', '-', '--sequence', 's', ...to, ...args], { input: 'a,b\n1,2\n' });
      const model = file('spec.json', '{"units":5,"cell":"gru"}');
      expect((await push('--model', model)).code).toBe(0);
      expect((await push()).code).toBe(0);
      expect((await push('--units', '5')).code).toBe(0);
      expect((await push('--model', model)).code).toBe(0);
      const units = await push('--units', '6');
      expect([units.code, units.stderr]).toEqual([
        1,
        expect.stringContaining('spec-conflict: sequence s exists with 5 hidden units, not --units 6'),
      ]);
      const other = await push('--model', file('spec.json', '{"units":5}'));
      expect([other.code, other.stderr]).toEqual([
        1,
        expect.stringContaining('cell is "gru", not "simple-rnn"'),
      ]);
    }));

  it('[CLI12] says what it takes, what not and why, and counts what became of the rows', () =>
    served(async ({ to, client }) => {
      const csv = file(
        'a.csv',
        'time,temp (°C),hum,valve\n2024-01-01,20,,open\n2024-01-02,bad,50,open\n2024-01-03,22,51,open\n',
      );
      const { code, stdout, stderr } = await run([
        ...['push', csv, '--sequence', 's', '--json', '--on-bad-row', 'skip', ...to],
      ]);
      expect(code).toBe(0);
      for (const words of [
        'taken: temp (°C), hum',
        'left out: valve: text, such as "open"',
        'skipped: line 3: temp (°C) is "bad"',
        '1 bad row skipped',
        's: 2 rows read; 2 sent; 2 acked, steps 0 to 1; 1 gap; ',
      ])
        expect(stderr).toContain(words);
      expect(JSON.parse(stdout)).toMatchObject({
        ...{
          sequence: 's',
          read: 2,
          passed: 0,
          sent: 2,
          acked: 2,
          steps: 2,
          firstSeq: 0,
          lastSeq: 1,
          gaps: 1,
        },
        badRows: { count: 1, first: [{ line: 3 }] },
        reading: {
          fields: [{ name: 'temp (°C)', unit: '°C' }, { name: 'hum' }],
          time: { columns: ['time'] },
        },
      });
      expect(await entryOf(client, 's')).toMatchObject({
        seq: 1,
        t: Date.UTC(2024, 0, 3),
        x: [22, 51],
        fields: [{ name: 'temp (°C)', unit: '°C' }, { name: 'hum' }],
      });
    }));

  it('[CLI12] takes of every kind of file what its reader gives, or refuses it in the same words', () =>
    served(async ({ to, client }) => {
      const names = readdirSync(FIXTURES);
      const check = async (name: string) => {
        const sequence = name.replaceAll(/\W/g, '-');
        const input = join(FIXTURES, name);
        const { code, stdout, stderr } = await run(['push', input, '--sequence', sequence, '--json', ...to]);
        const expected = await readingOf(input);
        if ('refusal' in expected)
          return expect([code, stderr]).toEqual([1, expect.stringContaining(expected.refusal)]);
        expect([name, code, stderr]).toEqual([name, 0, expect.any(String)]);
        const { acked, reading } = JSON.parse(stdout);
        expect([acked, reading.fields]).toEqual([expected.rows, expected.fields]);
        expect((await entryOf(client, sequence))?.seq).toBe(expected.rows - 1);
      };
      for (let i = 0; i < names.length; i += 4) await Promise.all(names.slice(i, i + 4).map(check));
    }));

  it('[CLI13] makes a sequence of each value with --by', () =>
    served(async ({ to, client }) => {
      const input = 'device,temp,time\nroom 1,20,2024-01-02\nb,21,2024-01-01\nroom 1,22,2024-01-03\n';
      const { code, stdout, stderr } = await run(
        ['push', '-', '--sequence', 'house', '--by', 'device', '--json', ...to],
        { input },
      );
      expect([code, stderr]).toEqual([0, expect.stringContaining('"room 1" goes to house/room_1')]);
      expect(JSON.parse(stdout)).toMatchObject({
        by: 'device',
        acked: 3,
        sequences: [
          { sequence: 'house/room_1', sent: 2, acked: 2 },
          { sequence: 'house/b', sent: 1, acked: 1 },
        ],
      });
      expect((await stepsOf(client, 'house/room_1', 2)).map(({ x }) => [...x])).toEqual([[20], [22]]);
      const twice = await run(['push', '-', '--sequence', 'x', '--by', 'd', ...to], {
        input: 'd,a\nr 1,1\nr_1,2\n',
      });
      expect([twice.code, twice.stderr]).toEqual([
        1,
        expect.stringContaining('"r 1" and "r_1" would both be the sequence x/r_1'),
      ]);
    }));

  it('[CLI13] opens more sequences than one socket holds', () =>
    served(async ({ to, client }) => {
      const rows = Array.from({ length: 600 }, (_, i) => `d${i % 300},${i}`);
      const { code } = await run(['push', '-', '--sequence', 'n', '--by', 'd', '--units', '1', ...to], {
        input: `d,a\n${rows.join('\n')}\n`,
      });
      expect([code, (await client.list({ limit: 1 })).total, (await entryOf(client, 'n/d299'))?.seq]).toEqual(
        [0, 300, 1],
      );
    }));

  it('[CLI14] resamples with --every, and closes the last step at the end of a file', () =>
    served(async ({ to, client }) => {
      const csv = file(
        'r.csv',
        'time,temp,flow\n2024-01-01T00:00:00Z,20,1\n2024-01-01T00:00:05Z,22,2\n2024-01-01T00:00:12Z,23,3\n',
      );
      const push = ['push', csv, '--sequence', 's', ...to];
      const how = ['--every', '10s', '--aggregate', 'temp=mean,flow=sum', '--lateness', '2s'];
      expect((await run([...push, ...how])).code).toBe(0);
      const steps = await stepsOf(client, 's', 2);
      expect(steps.map(({ t, x }) => [t, ...x])).toEqual([
        [START, 21, 3],
        [START + 10_000, 23, 3],
      ]);
      // the same rows again have the same keys
      const again = await run([...push, '--json']);
      expect([again.code, JSON.parse(again.stdout)]).toMatchObject([0, { acked: 3, repeated: 3 }]);
      expect((await entryOf(client, 's'))?.seq).toBe(1);
      for (const [args, words] of [
        [['--aggregate', 'mean'], '--every'],
        [['--every', '10s', '--aggregate', 'median'], 'median'],
        [['--every', 'soon'], 'duration'],
      ] as const)
        expect((await run([...push, ...args])).stderr).toContain(words);
    }));

  it('[CLI15] lets the server number rows of several producers with --append, and doubles none', () =>
    served(async ({ to, client }) => {
      const rows = (device: number) =>
        `a\n${Array.from({ length: 50 }, (_, i) => 100 * device + i).join('\n')}\n`;
      const files = [1, 2].map((device) => file('g.csv', rows(device)));
      const push = () =>
        Promise.all(files.map((csv) => run(['push', csv, '--sequence', 's', '--append', '--json', ...to])));
      expect((await push()).map(({ code, stdout }) => [code, JSON.parse(stdout).acked])).toEqual([
        [0, 50],
        [0, 50],
      ]);
      expect((await push()).map(({ stdout }) => JSON.parse(stdout).repeated)).toEqual([50, 50]);
      const values = (await stepsOf(client, 's', 100)).map(({ x }) => x[0]!);
      for (const device of [1, 2])
        expect(values.filter((value) => Math.floor(value / 100) === device)).toEqual(
          Array.from({ length: 50 }, (_, i) => 100 * device + i),
        );
    }));

  it('[CLI16] sends a row when its line has ended', () =>
    served(async ({ to, client }) => {
      const pushing = begin(['push', '-', '--sequence', 's', ...to]);
      const seen: number[] = [];
      client.watch('s').inputs$.subscribe(({ x }) => seen.push(x[0]!));
      pushing.write('a\n0\n');
      await pushing.says('taken: a');
      await expect.poll(async () => (await entryOf(client, 's'))?.seq).toBe(0);
      for (const value of [1, 2, 3]) {
        pushing.write(`${value}\n`);
        // nothing follows, and yet it comes
        await expect.poll(async () => (await entryOf(client, 's'))?.x).toEqual([value]);
      }
      pushing.interrupt();
      expect((await pushing.ended).code).toBe(130);
    }));

  it('[CLI18] tells at Ctrl-C what is acked, and goes on with --resume after exactly that, by time', () =>
    served(async ({ to, client }) => {
      // three rows share each time
      const rows = Array.from({ length: 3000 }, (_, i) => `${at(Math.floor(i / 3))},${i}`);
      const csv = file('a.csv', `time,a\n${rows.join('\n')}\n`);
      const push = ['push', csv, '--sequence', 's', ...to];
      const pushing = begin([...push, '--rate', '500', '--json']);
      await expect.poll(async () => (await entryOf(client, 's'))?.seq ?? -1).toBeGreaterThan(100);
      pushing.interrupt();
      const { code, stdout, stderr } = await pushing.ended;
      const { acked, sent } = JSON.parse(stdout);
      expect([code, sent]).toEqual([130, acked]);
      expect(stderr).toContain('--resume goes on after the rows that are acked');
      const resumed = await run([...push, '--resume', '--json']);
      expect([resumed.code, JSON.parse(resumed.stdout)]).toMatchObject([
        0,
        { passed: acked, acked: 3000 - acked, firstSeq: acked },
      ]);
      expect((await stepsOf(client, 's', 3000)).map(({ x }) => x[0])).toEqual(rows.map((_, i) => i));
    }));

  it('[CLI18] goes on by number where rows have no times; --skip passes over rows', () =>
    served(async ({ to, client }) => {
      const csv = (rows: number) =>
        file('a.csv', `a\n${Array.from({ length: rows }, (_, i) => i).join('\n')}\n`);
      const push = (rows: number, ...args: string[]) =>
        run(['push', csv(rows), '--sequence', 's', '--json', ...args, ...to]);
      expect(JSON.parse((await push(5, '--skip', '2')).stdout)).toMatchObject({ passed: 2, acked: 3 });
      const again = await push(6);
      expect([JSON.parse(again.stdout).firstSeq, again.stderr]).toEqual([
        3,
        expect.stringContaining(
          's has 3 steps, and goes on after them: rows that were pushed before count again; --resume',
        ),
      ]);
      expect(JSON.parse((await push(11, '--resume')).stdout)).toMatchObject({ passed: 9, acked: 2 });
      expect((await stepsOf(client, 's', 2)).map(({ x }) => x[0])).toEqual([9, 10]);
    }));

  it('[CLI19] refuses rows whose time goes back as bad rows, unless the model takes them', () =>
    served(async ({ to, client }) => {
      const back = file('a.csv', 'time,a\n2024-01-02,1\n2024-01-01,2\n2024-01-03,3\n');
      const push = (sequence: string, ...args: string[]) =>
        run(['push', back, '--sequence', sequence, ...to, ...args]);
      const failed = await push('s');
      expect([failed.code, failed.stderr]).toEqual([
        1,
        expect.stringMatching(/line 3: 2024-01-01T00:00:00.000Z is before 2024-01-02.*inputs\.late "take"/),
      ]);
      expect((await entryOf(client, 's'))?.seq).toBe(0);
      const skipped = await push('t', '--on-bad-row', 'skip');
      expect([skipped.code, skipped.stderr]).toEqual([0, expect.stringContaining('1 bad row skipped')]);
      expect((await entryOf(client, 't'))?.seq).toBe(1);
      const model = file('spec.json', '{"units":4,"inputs":{"late":"take"}}');
      expect((await push('u', '--model', model)).code).toBe(0);
      expect((await entryOf(client, 'u'))?.seq).toBe(2);
      const again = await push('t', '--on-bad-row', 'fail');
      expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('--resume passes over rows')]);
    }));

  it('[CLI20] trains on targets, and on classes by name', () =>
    served(async ({ to, client }) => {
      const csv = file('a.csv', 'a,b,what\n1,2,run\n3,4,walk\n5,6,\n1,2,run\n');
      expect((await run(['push', csv, '--sequence', 'c', '--target', 'what', '--classes', ...to])).code).toBe(
        0,
      );
      expect(await entryOf(client, 'c')).toMatchObject({
        ...{ seq: 3, scored: 3 },
        fields: [{ name: 'a' }, { name: 'b' }],
        targets: [{ name: 'run' }, { name: 'walk' }],
        spec: { readout: { kind: 'softmax' }, task: { kind: 'supervised', outputs: 2 } },
      });
      // the sequence knows classes that these rows do not show
      const run1 = file('b.csv', 'a,b,what\n1,2,run\n');
      expect(
        (await run(['push', run1, '--sequence', 'c', '--target', 'what', '--classes', ...to])).code,
      ).toBe(0);
      expect((await run(['push', csv, '--sequence', 'n', '--target', 'b', ...to])).code).toBe(0);
      expect(await entryOf(client, 'n')).toMatchObject({ fields: [{ name: 'a' }], targets: [{ name: 'b' }] });
      const scored = await run(['eval', csv, '--target', 'what', '--classes']);
      expect([scored.code, scored.stderr]).toEqual([1, expect.stringContaining('eddy push --classes')]);
    }));

  it('[CLI24] does not end short: it says what was not acked, and exits with 1', async () => {
    const { url, server } = await startServer();
    const pushing = begin(['push', '-', '--sequence', 's', '--url', url]);
    pushing.write('a\n1\n');
    await pushing.says('taken: a');
    await expect
      .poll(async () => (await (await server.client()).list({ sequence: 's' })).sequences[0]?.seq)
      .toBe(0);
    await server.stop();
    await pushing.says('trying again');
    pushing.write('2\n');
    await expect.poll(() => pushing.write('3\n')).toBe(true);
    pushing.interrupt();
    const { code, stderr } = await pushing.ended;
    expect([code, stderr]).toEqual([130, expect.stringMatching(/rows? sent and not acked/)]);
  });

  it('reads a file of temperatures with its unit', () =>
    served(async ({ to, client }) => {
      await run(['push', file('t.csv', temperatures(5)), '--sequence', 's', ...to]);
      expect((await entryOf(client, 's'))?.fields).toEqual([{ name: 'temp (°C)', unit: '°C' }]);
    }));
});
