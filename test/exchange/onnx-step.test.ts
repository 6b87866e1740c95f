/** Exported graphs, run by onnxruntime beside the sequences that they come from. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { toOnnx } from '../../src/exchange/onnx-export.js';
import { readOnnx } from '../../src/formats/onnx.js';
import { Model } from '../../src/rnn/model.js';
import { type ModelSpecInput, parseSpec } from '../../src/rnn/spec/spec.js';
import { exportModel, filled, type Row, rowsOf, tensorFile } from '../support/exchange.js';
import { NEEDS_ORT, type OrtTensor, ort } from '../support/onnxruntime.js';

/** Runs a graph step by step. */
async function runner(file: Uint8Array) {
  const { InferenceSession, Tensor } = ort!;
  const session = await InferenceSession.create(file);
  const feeds: Record<string, OrtTensor> = {};
  for (const input of session.inputMetadata) {
    const size = input.shape.reduce((product, side) => product * side, 1);
    feeds[input.name] =
      input.type === 'float32'
        ? new Tensor('float32', new Float32Array(size).fill(Number.NaN), input.shape)
        : new Tensor('float64', new Float64Array(size).fill(Number.NaN), input.shape);
  }
  return async (x: readonly number[], t?: number) => {
    feeds.x = new Tensor('float64', Float64Array.from(x), feeds.x!.dims);
    if (feeds.t) feeds.t = new Tensor('float64', Float64Array.of(t ?? Number.NaN), [1]);
    const out = await session.run(feeds);
    feeds.h = out.h_next!;
    if (out.state_next) feeds.state = out.state_next;
    const numbers = (name: string) => (out[name] ? Array.from(out[name].data, Number) : null);
    return { h: numbers('h_next')!, y: numbers('y'), interval: numbers('interval') };
  };
}

const cases: [string, ModelSpecInput][] = [
  ['a simple-rnn as it is by default', { features: 1, units: 8 }],
  ['a gru as it is by default', { features: 2, units: 6, cell: 'gru' }],
  [
    'a gru of many fields, two of them forecast',
    { features: 9, units: 5, cell: 'gru', task: { kind: 'forecast', targets: [7, 2], horizon: [1, 6] } },
  ],
  [
    'the network alone, with lags and gaps',
    {
      features: 3,
      units: 7,
      inputs: { lags: [2, 24], missing: 'hold' },
      task: { kind: 'forecast', forecaster: 'network', horizon: [1, 3] },
    },
  ],
  [
    'the network against a season',
    {
      features: 1,
      units: 7,
      season: 24,
      task: { kind: 'forecast', forecaster: 'network', baseline: 'season', horizon: [2, 30] },
    },
  ],
  [
    'the mixture with a season, gaps and features of the time',
    {
      features: 2,
      units: 4,
      season: 24,
      inputs: { missing: 'hold', time: ['hour', 'weekday', 'monthday', 'yearday', 'weekend', 'elapsed'] },
      task: { kind: 'forecast', horizon: [1, 24] },
    },
  ],
  ['without a baseline', { features: 2, units: 4, task: { kind: 'forecast', baseline: 'none' } }],
  [
    'without a scaler',
    {
      features: 1,
      units: 4,
      scaler: { kind: 'none' },
      inputs: { changes: [], time: ['elapsed'] },
      learner: { kind: 'snap-1' },
    },
  ],
  [
    'several batch rows',
    {
      features: 2,
      units: 3,
      batch: 3,
      cell: 'gru',
      inputs: { missing: 'hold' },
      task: { kind: 'forecast', horizon: [1, 2], targets: [1] },
    },
  ],
  [
    'statistics that never forget, least squares left out',
    {
      features: 1,
      units: 8,
      scaler: { kind: 'standard', halfLife: null },
      readout: { kind: 'linear', rule: 'gradient' },
    },
  ],
  ['a supervised task', { features: 2, units: 5, task: { kind: 'supervised', outputs: 3 } }],
  [
    'classes',
    {
      features: 2,
      units: 5,
      cell: 'gru',
      readout: { kind: 'softmax' },
      task: { kind: 'supervised', outputs: 3 },
    },
  ],
  [
    'the softmax of h itself',
    {
      features: 2,
      units: 4,
      readout: { kind: 'softmax', dense: false },
      task: { kind: 'supervised', outputs: 4 },
    },
  ],
  ['a cell without a readout', { features: 2, units: 5, readout: { kind: 'none' } }],
];

/** A target that x tells: numbers, or a class. */
function targetOf({ spec: { readout, task } }: Model, x: readonly (number | null)[]): number[] {
  const M = task?.kind === 'supervised' ? task.outputs : 0;
  const of = Math.abs(Math.round((x[0] ?? 0) * 3)) % M;
  return Array.from({ length: M }, (_, i) =>
    readout.kind === 'softmax' ? Number(i === of) : (x[0] ?? 0) * (i + 1),
  );
}

/** How far numbers are from those that are expected; these are of size 1, and values around 100 vary by 5. */
const offBy = (found: readonly number[] | null, expected: ArrayLike<number> | null) =>
  Math.max(0, ...Array.from(expected ?? [], (one, i) => Math.abs(one - (found?.[i] ?? Number.NaN))));

/** Carries rows through a model that does not learn and through its graph, and gives how far apart they come. */
async function apart(model: Model, rows: readonly Row[]): Promise<number> {
  const step = await runner(toOnnx(exportModel(model)));
  let worst = 0;
  for (const { x, t } of rows) {
    const { h, range, y } = model.step(x, t);
    const found = await step(
      x.map((one) => one ?? Number.NaN),
      t,
    );
    // NaN is larger than all
    worst = Math.max(
      ...[worst, offBy(found.h, h), offBy(found.y, y && model.lastExact()), offBy(found.interval, range)],
    );
  }
  return worst;
}

function trained(spec: ModelSpecInput, rows: readonly Row[]): Model {
  const model = new Model(spec);
  for (const { x, t } of rows) {
    const { y } = model.step(x, t);
    if (model.spec.task?.kind === 'supervised' && y) model.learn(targetOf(model, x));
  }
  if (model.spec.readout.kind !== 'none') model.learning = false;
  return model;
}

describe.skipIf(!ort)(`a sequence as an ONNX graph ${ort ? '' : NEEDS_ORT}`, () => {
  it.each(cases)(
    '[ONX1] %s: 1,000 steps of raw x equal those of the sequence to 1e-5',
    async (_what, spec) => {
      const rows = rowsOf(parseSpec(spec), 2200);
      expect(await apart(trained(spec, rows.slice(0, 1200)), rows.slice(1200))).toBeLessThan(1e-5);
    },
  );

  it('[ONX1] begins where the sequence was, whenever that is: before its first step, and after a reset', async () => {
    const spec: ModelSpecInput = { features: 2, units: 4, inputs: { lags: [2], missing: 'hold' } };
    const rows = rowsOf(parseSpec(spec), 120);
    const fresh = trained(spec, []);
    // a search for seasons comes after 48 steps
    expect(await apart(fresh, rows.slice(0, 47))).toBeLessThan(1e-5);
    fresh.reset('state');
    expect(await apart(fresh, rows.slice(47, 90))).toBeLessThan(1e-5);
  });

  it('[ONX3] takes part in what it is told: its inputs and outputs, and metadata that say what they are', async () => {
    const model = trained(
      { features: 2, units: 4, inputs: { time: ['hour'] } },
      rowsOf(parseSpec({ features: 2, units: 4 }), 60),
    );
    const file = toOnnx(exportModel(model), '1.2.3');
    const session = await ort!.InferenceSession.create(file);
    expect([session.inputNames, session.outputNames]).toEqual([
      ['x', 't', 'h', 'state'],
      ['y', 'interval', 'h_next', 'state_next'],
    ]);
    const text = new TextDecoder().decode(file);
    expect(text).toContain('eddy.state');
    expect(text).toContain('"features":2');
    expect(readOnnx(file).nodes.filter(({ op }) => op === 'RNN')).toHaveLength(1);
  });

  it('[ONX3] is refused by name where it cannot be: too many batch rows, or a file that is no exported sequence', () => {
    const wide = new Model({ features: 1, units: 2, batch: 65, readout: { kind: 'none' } });
    expect(() => toOnnx(exportModel(wide))).toThrow(/65 batch rows/);
    expect(() => toOnnx(tensorFile({ Wx: filled([2, 2], 1) }))).toThrow(/no exported sequence/);
  });
});

const CHECK = 'import onnx, sys; onnx.checker.check_model(onnx.load(sys.argv[1]), full_check=True)';
const hasChecker = spawnSync('/usr/bin/python3', ['-c', 'import onnx']).status === 0;

describe.skipIf(!hasChecker)(
  `ONNX' own checker ${hasChecker ? '' : '(skipped without python3-onnx)'}`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'eddy-onnx-'));
    afterAll(() => rmSync(folder, { recursive: true }));

    it.each(cases.filter((_, i) => i % 3 === 0))('[ONX4] finds the graph of %s in order', (_what, spec) => {
      const file = join(folder, 'model.onnx');
      writeFileSync(file, toOnnx(exportModel(trained(spec, rowsOf(parseSpec(spec), 60)))));
      const { status, stderr } = spawnSync('/usr/bin/python3', ['-c', CHECK, file], { encoding: 'utf8' });
      expect([status, status === 0 ? '' : stderr]).toEqual([0, '']);
    });
  },
);
