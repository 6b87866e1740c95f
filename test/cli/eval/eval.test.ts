import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildSpec } from '../../../src/cli/eval/evaluation-spec.js';
import { type EvalRow, type InputOptions, StepInputs } from '../../../src/cli/eval/step-inputs.js';
import { shortest } from '../../../src/cli/shared/number-text.js';
import { openReading, type ReadingOptions } from '../../../src/reading/index.js';
import { EXPERTS } from '../../../src/rnn/forecast/experts.js';
import { Model } from '../../../src/rnn/model.js';
import { file, run } from '../../support/cli.js';

/** Sines with a jump, hourly; `change` alters cells. */
function series(rows: number, change: (t: number, column: string) => string | null = () => null): string {
  const lines = Array.from({ length: rows }, (_, t) => {
    const time = new Date(Date.UTC(2024, 0, 1, t)).toISOString();
    const a = (Math.sin(t / 4) + (t > 80 ? 3 : 0)).toFixed(4);
    const b = (10 * Math.cos(t / 7)).toFixed(3);
    return [change(t, 'time') ?? time, change(t, 'a') ?? a, change(t, 'b') ?? b, 'open'].join(',');
  });
  return `time,a,b,valve\n${lines.join('\n')}\n`;
}

const rowsOf = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => line.split(','));

/** Runs eddy eval over `csv`, with predictions, and gives what it wrote. */
async function evaluate(csv: string, ...args: string[]) {
  const input = file('in.csv', csv);
  const out = join(dirname(input), 'out.csv');
  const { code, stdout, stderr } = await run(['eval', input, '--predictions', out, '--json', ...args]);
  expect([code, stderr]).toEqual([0, expect.stringContaining('steps/s')]);
  const text = readFileSync(out, 'utf8');
  const [head = [], ...rows] = rowsOf(text);
  const column = (name: string) => rows.map((row) => row[head.indexOf(name)]);
  return {
    result: JSON.parse(stdout.replaceAll(JSON.stringify(input), '"in.csv"')),
    text,
    head,
    rows,
    column,
  };
}

/** Reads `text` as eddy eval does, and gives the inputs of its model and the steps. */
async function stepsOf(text: string, options: InputOptions & ReadingOptions = {}) {
  async function* chunks() {
    yield text;
  }
  const requireTime = (options.calendar ?? []).length > 0;
  const reading = await openReading(chunks(), { onBadRow: 'skip', requireTime, ...options });
  const inputs = new StepInputs(reading.choice, options);
  const steps: EvalRow[] = [];
  for await (const row of reading.rows) steps.push(inputs.read(row));
  return { inputs, steps, bad: reading.report().badRows };
}

describe('the predictions', () => {
  it('[EVL1] are those that the same model made for each row, so many rows before', async () => {
    const csv = series(60);
    const { result, head, rows, column } = await evaluate(csv, '--target', 'b', '--horizon', '1,3');
    const perHorizon = ['', '_error', '_low', '_high', '_forecaster'];
    expect(head).toEqual([
      ...['timestamp', 'b'],
      ...['b_h1', 'b_h3'].flatMap((output) => perHorizon.map((column) => output + column)),
      'anomaly_score',
    ]);
    const model = new Model(result.spec);
    const steps = rowsOf(csv).slice(1);
    const made = steps.map(([time, a, b]) => {
      const { y, range, anomaly } = model.step([Number(a), Number(b)], Date.parse(time!));
      return { y: [...(y ?? [])], range: [...(range ?? [])], anomaly };
    });
    rows.forEach(([timestamp, b, ...cells], t) => {
      const [h1, e1, low1, high1, by1, h3, e3, low3, high3, by3, score] = cells;
      expect([timestamp, b]).toEqual([steps[t]?.[0], String(Number(steps[t]?.[2]))]);
      for (const [q, horizon, cell, error, low, high, by] of [
        [0, 1, h1, e1, low1, high1, by1],
        [1, 3, h3, e3, low3, high3, by3],
      ] as const) {
        const prediction = made[t - horizon]?.y[q];
        const range = made[t - horizon]?.range[q] ?? 0;
        if (range === 0) expect([low, high]).toEqual(['', '']);
        else expect((Number(high) - Number(low)) / 2 / range).toBeCloseTo(1, 5);
        if (prediction === undefined) expect([cell, error, by]).toEqual(['', '', '']);
        else {
          expect(EXPERTS).toContain(by);
          expect(Math.fround(Number(cell))).toBe(prediction);
          if (range > 0) expect(Number(low)).toBeCloseTo(prediction - range, 4);
          expect(Number(error)).toBeCloseTo(prediction - Number(b), 5);
        }
      }
      expect(Math.fround(Number(score))).toBe(Math.fround(made[t]?.anomaly ?? Number.NaN));
    });
    const errors = column('b_h1_error').slice(1).map(Number);
    const mae = errors.reduce((sum, error) => sum + Math.abs(error), 0) / errors.length;
    const [first] = result.metrics.outputs;
    expect(first).toMatchObject({ target: 'b', horizon: 1, scored: 59 });
    expect(first.mae).toBeCloseTo(mae, 5);
  });

  it('[EVL1] are numbered where there are no times, and written with the digits that bring float32 back', async () => {
    const { column } = await evaluate('a\n1\n2\n4\n');
    expect(column('timestamp')).toEqual(['0', '1', '2']);
    for (const value of [0.1, 1 / 3, 1e-30, 123456.789, 3.4e38])
      expect(Math.fround(Number(shortest(Math.fround(value))))).toBe(Math.fround(value));
    expect([shortest(Math.fround(0.1)), shortest(1 / 3)]).toEqual(['0.1', String(1 / 3)]);
  });

  it('[EVL2] stay the same up to a row, whatever comes after it', async () => {
    const changed = series(100, (t, column) => (t >= 60 && column !== 'time' ? String(t * 7) : null));
    const [one, other] = [await evaluate(series(100)), await evaluate(changed)];
    const until = (text: string) => text.split('\n').slice(0, 1 + 60);
    expect(until(other.text)).toEqual(until(one.text));
    expect(other.text).not.toBe(one.text);
  });
});

describe('the result', () => {
  it('[EVL3] is the same, byte for byte, for the same file and options', async () => {
    const input = file('in.csv', series(120));
    const folder = dirname(input);
    const once = async (name: string, ...args: string[]) => {
      const [out, page] = [join(folder, `${name}.csv`), join(folder, `${name}.html`)];
      const { stdout } = await run(['eval', input, '--predictions', out, '--report', page, ...args]);
      return [stdout, readFileSync(out, 'utf8'), readFileSync(page, 'utf8')];
    };
    expect(await once('a')).toEqual(await once('b'));
    const [json = ''] = await once('c', '--json');
    expect((await once('d', '--json'))[0]).toBe(json);
    expect(json).not.toMatch(/duration|second/);
  });

  it('[EVL4] counts no row that is skipped, and learns from them all the same', async () => {
    const [all, late] = [await evaluate(series(300)), await evaluate(series(300), '--skip', '200')];
    expect(late.text).toBe(all.text);
    const errors = late.column('b_h1_error').slice(200).map(Number);
    const mae = errors.reduce((sum, error) => sum + Math.abs(error), 0) / 100;
    const b = late.result.metrics.outputs[1];
    expect([late.result.rows, late.result.skip, b.target, b.scored]).toEqual([300, 200, 'b', 100]);
    expect(b.mae).toBeCloseTo(mae, 5);
    for (const { row } of [...late.result.anomalies, ...late.result.drift])
      expect(row).toBeGreaterThanOrEqual(200);
    const none = await evaluate(series(20), '--skip', '50');
    expect([none.result.rows, none.result.metrics.scored, none.result.metrics.mae]).toEqual([20, 0, null]);
  });

  it('[EVL10] holds metrics, spec, columns and events as JSON, and is a table to read without it', async () => {
    const { result } = await evaluate(
      series(400, (t, column) => (t === 300 && column === 'a' ? '500' : null)),
      ...['--horizon', '1,5', '--season', '24'],
    );
    expect(Object.keys(result)).toEqual([
      ...[
        'file',
        'rows',
        'skip',
        'badRows',
        'reading',
        'timestamp',
        'features',
        'targets',
        'spec',
        'updates',
        'metrics',
      ],
      ...['seasons', 'seasonChangeCount', 'seasonChanges'],
      ...['driftCount', 'drift', 'anomalyCount', 'anomalies'],
    ]);
    expect(result).toMatchObject({ rows: 400, timestamp: 'time', features: ['a', 'b'], targets: ['a', 'b'] });
    expect(
      result.metrics.outputs.map((one: { target: string; horizon: number }) => [one.target, one.horizon]),
    ).toEqual([
      ['a', 1],
      ['b', 1],
      ['a', 5],
      ['b', 5],
    ]);
    for (const name of [
      'mae',
      'rmse',
      'nrmse',
      'skill',
      'seasonalSkill',
      'recentMae',
      'naiveMae',
      'seasonalMae',
    ])
      expect(result.metrics.outputs[0][name]).toEqual(expect.any(Number));
    expect(result.anomalies).toContainEqual({
      row: 300,
      line: 302,
      timestamp: '2024-01-13T12:00:00.000Z',
      t: Date.UTC(2024, 0, 13, 12),
      score: 1,
      peak: 300,
      end: expect.any(Number),
    });
    expect(result.anomalyCount).toBe(result.anomalies.length);
    const { code, stdout } = await run(['eval', file('in.csv', series(40))]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^target +ahead +MAE +RMSE +NRMSE +skill vs last +vs season +recent MAE +scored$/m,
    );
    expect(stdout).toMatch(/^a +1 +[\d.]+ +[\d.]+ +[\d.]+ +-?[\d.]+ % +- +[\d.]+ +39$/m);
  });
});

describe('ranges, forecasters and seasons', () => {
  const wave = (rows: number) =>
    series(rows, (t, column) => (column === 'a' ? (5 * Math.sin((t / 12) * Math.PI)).toFixed(3) : null));

  it('[EVL12] are told for each output: coverage, width, interval skill, and who forecast', async () => {
    const { result, column } = await evaluate(wave(400), '--horizon', '1,3', '--skip', '100');
    for (const { coverage, intervalWidth, intervalSkill, forecasters } of result.metrics.outputs) {
      expect(coverage).toBeGreaterThan(0.7);
      expect(intervalWidth).toBeGreaterThan(0);
      expect(intervalSkill).toEqual(expect.any(Number));
      const shares = forecasters.map(({ weight }: { weight: number }) => weight);
      expect(shares.reduce((sum: number, weight: number) => sum + weight)).toBeCloseTo(1, 1);
    }
    const [low, high, truth] = ['b_h1_low', 'b_h1_high', 'b'].map((name) =>
      column(name).slice(100).map(Number),
    );
    const inside = truth!.filter((value, t) => value >= low![t]! && value <= high![t]!);
    expect(inside.length / truth!.length).toBeCloseTo(result.metrics.outputs[1].coverage, 2);
    const { stdout } = await run(['eval', file('in.csv', wave(200))]);
    expect(stdout).toMatch(/^target +ahead +coverage +width +range skill +forecast by$/m);
    expect(stdout).toMatch(/^b +1 +[\d.]+ % +[\d.]+ +-?[\d.]+ % +[a-z ]+ \d+ %, .*$/m);
  });

  it('[EVL12] tell each season in use, in rows and in time, and where it was found', async () => {
    const { result } = await evaluate(wave(400));
    const season = result.seasons.find(({ target }: { target: string }) => target === 'a');
    expect(season).toMatchObject({ steps: 24, text: '24 steps, 1 d', found: { row: expect.any(Number) } });
    expect(result.seasonChanges).toContainEqual({
      ...{ ...season.found, target: 'a', change: 'tried', steps: 24 },
      text: expect.stringContaining('24 steps'),
    });
    const { stdout } = await run(['eval', file('in.csv', wave(400))]);
    expect(stdout).toMatch(/^\d seasons?: .*a 24 steps, 1 d, tried since 2024-01-/m);
    const untimed = await evaluate(wave(400).replace(/^[^,\n]*,/gm, ''));
    expect(untimed.result.seasons.find(({ target }: { target: string }) => target === 'a')).toMatchObject({
      steps: 24,
      isTried: false,
    });
    const told = await evaluate(wave(60), '--season', '24');
    expect(told.result.seasons[0]).toMatchObject({ target: 'a', steps: 24, found: null });
  });

  it('[EVL12] are as the options say: --interval and --forecaster', async () => {
    const wide = await evaluate(wave(300), '--interval', '0.99');
    const narrow = await evaluate(wave(300), '--interval', '0.5');
    expect(wide.result.spec.interval).toBe(0.99);
    expect(wide.text).not.toBe(narrow.text);
    const [w, n] = [wide, narrow].map(({ result }) => result.metrics.outputs[1]);
    expect(w.coverage).toBeGreaterThan(n.coverage);
    const alone = await evaluate(wave(60), '--forecaster', 'network');
    expect(alone.result.spec.task.forecaster).toBe('network');
    expect(alone.head).not.toContain('a_h1_forecaster');
    expect([alone.result.metrics.outputs[0].forecasters, alone.result.seasons]).toEqual([[], []]);
    for (const args of [
      ['--interval', '1'],
      ['--forecaster', 'me'],
    ])
      expect((await run(['eval', file('in.csv', wave(9)), ...args])).code).toBe(2);
  });
});

describe('rows', () => {
  it('[EVL5] end the pass where they are bad, by line and column', async () => {
    for (const [csv, words, ...args] of [
      [series(9, (t, column) => (t === 4 && column === 'b' ? 'x' : null)), 'line 6: b is "x"'],
      [`${series(4)}2024,1\n`, 'line 6'],
      ['a,b\n', 'no rows'],
      ['a\nx\n', 'no column holds a number'],
      [series(4), 'unknown column "c"; the columns are time, a, b, valve', '--target', 'c'],
      ['a\n1\n', '--timestamp', '--calendar', 'hour'],
    ] as const) {
      const { code, stdout, stderr } = await run(['eval', '-', ...args], { input: csv });
      expect([code, stdout, stderr]).toEqual([1, '', expect.stringContaining(`input-invalid: `)]);
      expect(stderr).toContain(words);
    }
  });

  it('[EVL5] are passed over and counted with --on-bad-row skip; the first five are named', async () => {
    const bad = new Set([3, 10, 11, 12, 13, 14, 40]);
    const csv = series(50, (t, column) => (bad.has(t) && column === 'a' ? 'broken' : null)).replace(
      /\n(.*)\n$/,
      '\nshort,1\n$1\n',
    );
    const input = file('in.csv', csv);
    const { code, stdout, stderr } = await run(['eval', input, '--json', '--on-bad-row', 'skip']);
    const { rows, badRows } = JSON.parse(stdout);
    expect([code, rows, badRows.count]).toEqual([0, 43, 8]);
    expect(badRows.first.map(({ line }: { line: number }) => line)).toEqual([5, 12, 13, 14, 15]);
    expect(stderr).toContain('line 5: a is "broken"');
    expect(stderr).toContain('8 bad rows skipped');
    const without = csv.split('\n').filter((line) => !/broken|short/.test(line));
    const clean = await evaluate(without.join('\n'));
    expect(JSON.parse(stdout).metrics).toEqual(clean.result.metrics);
  });

  it('[EVL6] may have empty cells: missing numbers, which are not scored', async () => {
    const csv = series(60, (t, column) => (column === 'b' && t >= 30 && t < 40 ? '' : null));
    const { result, column } = await evaluate(csv);
    const [a, b] = result.metrics.outputs;
    expect([a.scored, b.scored]).toEqual([59, 49]);
    expect([column('b')[35], column('b_h1_error')[35]]).toEqual(['', '']);
    expect(column('b_h1')[35]).not.toBe('');
    expect(result.spec.inputs.missing).toBe('hold');
  });
});

describe('columns', () => {
  it('[EVL7] are given to the model with their time, of which it makes the features that --calendar names', async () => {
    const { result, column } = await evaluate(series(60), '--calendar', 'hour,elapsed', '--units', '4');
    expect([result.features, result.targets]).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
    expect(result.spec).toMatchObject({ features: 2, inputs: { time: ['hour', 'elapsed'] } });
    const model = new Model(result.spec);
    const made = rowsOf(series(60))
      .slice(1)
      .map(([time, a, b]) => model.step([Number(a), Number(b)], Date.parse(time!)).y![1]!);
    expect(
      column('b_h1')
        .slice(1)
        .map((cell) => Math.fround(Number(cell))),
    ).toEqual(made.slice(0, -1));
  });

  it('[EVL7] need a time only where something is made of it; a cell that is no time is a bad row', async () => {
    const text = 'time,a\n2024-01-06,1\nlater,2\n,3\n2024-01-08,4\n';
    const plain = await stepsOf(text);
    expect(plain.steps.map(({ timestamp, time }) => [timestamp, time])).toEqual([
      ['2024-01-06', Date.UTC(2024, 0, 6)],
      [null, null],
      ['2024-01-08', Date.UTC(2024, 0, 8)],
    ]);
    const later = { line: 3, message: 'line 3: time is "later", which is not a time (iso)' };
    expect(plain.bad).toEqual({ count: 1, first: [later] });
    const made = await stepsOf(text, { calendar: ['elapsed'] });
    expect(made.steps.map(({ time }) => time)).toEqual([Date.UTC(2024, 0, 6), Date.UTC(2024, 0, 8)]);
    expect(made.bad).toEqual({ count: 2, first: [later, { line: 4, message: 'line 4: time is empty' }] });
  });

  it('[EVL8] are those that hold numbers; the time is found out; a target is a feature too', async () => {
    const text = 'Date,a,b,valve,c\n2024-01-06,1,,open,3\n2024-01-07,2,5,open,4\n';
    const chosen = async (options: InputOptions & ReadingOptions) => {
      const { timestamp, features, targets } = (await stepsOf(text, options)).inputs;
      return [timestamp, features, targets];
    };
    expect(await chosen({})).toEqual(['Date', ['a', 'b', 'c'], [0, 1, 2]]);
    expect(await chosen({ target: ['c', 'a'], also: ['c', 'a'] })).toEqual(['Date', ['a', 'b', 'c'], [2, 0]]);
    expect(await chosen({ columns: ['b', 'a', 'c'], target: ['c'] })).toEqual(['Date', ['b', 'a', 'c'], [2]]);
    await expect(chosen({ time: ['valve'] })).rejects.toThrow('valve is "open", which is not a time');
    const noTime = await stepsOf('time,a\nsoon,1\n');
    expect([noTime.inputs.timestamp, noTime.inputs.features]).toEqual([null, ['a']]);
  });

  it('[EVL8] say what was taken of the file, what was left out and why', async () => {
    const csv = series(30).replace('time,a,b,valve', 'time,"a, in [bar]",b,valve');
    const { result, text } = await evaluate(csv, '--horizon', '2');
    expect(text).toMatch(/^timestamp,"a, in \[bar\]","a, in \[bar\]_h2",/);
    expect(result.reading).toMatchObject({
      format: 'csv',
      delimiter: ',',
      decimal: '.',
      fields: [{ name: 'a, in [bar]', unit: 'bar' }, { name: 'b' }],
      time: { columns: ['time'], format: 'iso', zone: 'UTC' },
      leftOut: [{ name: 'valve', why: 'text, such as "open"' }],
      gaps: [],
    });
    const { stderr } = await run(['eval', file('in.csv', csv)]);
    expect(stderr).toContain('taken: "a, in [bar]", b\n');
    expect(stderr).toContain('time: time (iso, UTC if it tells no zone)\n');
    expect(stderr).toContain('left out: valve: text, such as "open"\n');
  });

  it('[EVL8] are read as the options say', async () => {
    const text = '// made by hand\nx;y;z\n31/01/2024 10:00;1,5;bad\n01/02/2024 10:00;-999;4\n';
    const input = file('in.txt', text);
    const { code, stdout } = await run([
      ...['eval', input, '--json', '--comment', '//', '--header', 'when,"a, b",c', '--decimal', ','],
      ...['--missing=-999,bad', '--time-format', 'DD/MM/YYYY', '--time-zone', 'Europe/Berlin'],
    ]);
    expect(code).toBe(0);
    const { reading, rows } = JSON.parse(stdout);
    expect(rows).toBe(2);
    expect(reading).toMatchObject({
      delimiter: ';',
      decimal: ',',
      fields: [{ name: 'a, b' }, { name: 'c' }],
      time: { columns: ['when'], format: 'DD/MM/YYYY', zone: 'Europe/Berlin' },
      gaps: [
        { name: 'a, b', count: 1 },
        { name: 'c', count: 1 },
      ],
    });
  });
});

describe('the spec', () => {
  const columns = { features: ['a', 'b'], targets: [0, 1] };

  it('[EVL9] comes from a file, and options go before it', async () => {
    const model = file(
      'spec.json',
      JSON.stringify({
        units: 5,
        season: 12,
        task: { kind: 'forecast', horizon: [2, 4], targets: [1] },
        learner: { kind: 'tbptt', k1: 2, k2: 6 },
        optimizer: { kind: 'sgd', learningRate: 0.3, momentum: 0.5 },
      }),
    );
    expect(await buildSpec({ model }, columns)).toMatchObject({
      features: 2,
      units: 5,
      season: 12,
      task: { horizon: [2, 4], targets: [1] },
      learner: { k1: 2, k2: 6 },
      optimizer: { kind: 'sgd', learningRate: 0.3, momentum: 0.5 },
      inputs: { missing: 'hold' },
    });
    const changed = { units: 7, horizon: [1], learner: 'rtrl', k1: 3, learningRate: 0.1, seed: 9 } as const;
    expect(await buildSpec({ model, ...changed }, columns)).toMatchObject({
      units: 7,
      task: { horizon: [1], targets: [1] },
      learner: { kind: 'rtrl', k1: 3 },
      optimizer: { kind: 'sgd', learningRate: 0.1, momentum: 0.5 },
      seed: 9,
    });
    for (const learner of ['tbptt', 'rtrl', 'snap-1'] as const)
      for (const optimizer of ['sgd', 'rmsprop', 'adam', 'adamw'] as const)
        expect(await buildSpec({ learner, optimizer }, columns)).toMatchObject({
          units: 32,
          learner: { kind: learner },
          optimizer: { kind: optimizer },
        });
  });

  it('[EVL9] is refused where it cannot be', async () => {
    for (const [spec, words, options] of [
      ['{', 'spec.json'],
      ['[]', 'not a JSON object'],
      ['{"features":3}', 'the spec has 3 features; the input has 2: a, b'],
      ['{"task":{"kind":"supervised","outputs":1}}', 'task'],
      ['{"batch":2}', 'batch'],
      ['{}', 'k2', { learner: 'rtrl', k2: 4 }],
    ] as const)
      await expect(buildSpec({ model: file('spec.json', spec), ...options }, columns)).rejects.toMatchObject({
        code: 'spec-invalid',
        message: expect.stringContaining(words),
      });
  });

  it('[EVL9] takes cell, learner and optimizer from the command line, which refuses what there is not', async () => {
    const { result } = await evaluate(
      series(30),
      '--learner',
      'snap-1',
      '--optimizer',
      'rmsprop',
      '--units',
      '4',
    );
    expect(result.spec).toMatchObject({
      units: 4,
      learner: { kind: 'snap-1' },
      optimizer: { kind: 'rmsprop' },
    });
    const gru = await evaluate(series(30), '--cell', 'gru', '--units', '4');
    expect(gru.result.spec).toMatchObject({ cell: 'gru', units: 4, learner: { kind: 'tbptt' } });
    for (const args of [
      ['--cell', 'lstm'],
      ['--learner', 'guess'],
      ['--optimizer', 'lbfgs'],
      ['--horizon', '0'],
      ['--calendar', 'hour,easter'],
      ['--on-bad-row', 'weep'],
    ])
      expect((await run(['eval', 'x.csv', ...args])).code).toBe(2);
  });
});
