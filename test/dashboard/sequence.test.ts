import { NEVER, of, Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { linesToCsv } from '../../client/dashboard/charts/export.js';
import { matrixPixels } from '../../client/dashboard/charts/matrix.js';
import { StateRing } from '../../client/dashboard/charts/state-ring.js';
import { StateSeries } from '../../client/dashboard/charts/state-series.js';
import { forecastChart } from '../../client/dashboard/sequence/charts.js';
import { EventLog } from '../../client/dashboard/sequence/event-log.js';
import { Flow } from '../../client/dashboard/sequence/flow.js';
import {
  changeMatrix,
  saliencyMatrix,
  weightPlace,
  weightsMatrix,
  weightsNote,
} from '../../client/dashboard/sequence/matrices.js';
import { SequenceFeed } from '../../client/dashboard/sequence/sequence-feed.js';
import { SequenceRecord } from '../../client/dashboard/sequence/sequence-record.js';
import type { Client, Joined, Results } from '../../client/sdk/index.js';
import { outputNames } from '../../src/rnn/io/output-names.js';
import { outputsOf as countOutputs, parseSpec } from '../../src/rnn/spec/spec.js';

const spec = (more: object = {}) => parseSpec({ features: 2, units: 3, ...more });
const floats = (...values: number[]) => Float32Array.from(values);
const readings = (...values: number[]) => Float64Array.from(values);
const weights = (updates: number, fill: number, saliency = floats()) => ({
  seq: updates,
  skipped: 0,
  updates,
  inputs: 2,
  w: new Float32Array(15).fill(fill),
  b: new Float32Array(3),
  wy: floats(),
  by: floats(),
  from: 0,
  to: 1,
  saliency,
});
const event = (kind: 'anomaly' | 'reset', seq: number) => ({
  event: kind,
  seq,
  epoch: 'e',
  detail: {},
  skipped: 0,
});

describe('a sequence that is watched', () => {
  it('[DSH31] has the forecast at the step that it is for, with its RMSE, for each feature and horizon', () => {
    const record = new SequenceRecord(spec({ task: { kind: 'forecast', horizon: [1, 3] } }));
    expect(record.outputs).toHaveLength(countOutputs(record.spec));
    expect(record.outputs[3]).toEqual({ output: 3, feature: 1, horizon: 3 });
    record.addInput({ seq: 0, t: null, x: readings(1, 2), skipped: 0 });
    record.addPrediction({ seq: 0, t: null, interval: null, y: floats(10, 20, 30, 40), skipped: 0 });
    expect(linesToCsv(forecastChart(record, record.outputs[3]).lines.slice(0, 1), { from: 0, to: 9 })).toBe(
      'step,truth\n0,2\n',
    );
    const [, upper, lower, forecast] = forecastChart(record, record.outputs[3]).lines;
    expect(forecast?.ring.get('step', 0)).toBe(3);
    expect(forecast?.ring.get('y', 0)).toBe(40);
    expect(upper?.ring.get('upper', 0)).toBeNaN();
    expect(lower?.ring.get('lower', 0)).toBeNaN();
  });

  it('[DSH31] has a hole where steps are missing, and takes no step twice', () => {
    const record = new SequenceRecord(spec());
    const h = floats(0.5, 0.99, -0.98);
    for (const seq of [4, 5, 5, 9]) record.addState({ seq, t: null, h, skipped: seq === 9 ? 3 : 0 });
    const steps = Array.from({ length: record.states.total }, (_, row) => record.states.stepOf(row));
    expect(steps).toEqual([4, 5, 6, 9]);
    expect(record.states.row(2)).toEqual(floats(Number.NaN, Number.NaN, Number.NaN));
    expect(record.skipped).toBe(3);
    expect(record.saturation.get('share', 0)).toBeCloseTo(2 / 3, 12);
    expect([record.firstStep, record.lastStep]).toEqual([4, 9]);
  });

  it('[DSH31] keeps what it has where a view goes on, and begins anew where the server has gone back', () => {
    const joined = new Subject<Joined>();
    const states = new Subject<Results['states']>();
    const view = (kind: string) => (kind === 'states' ? states : NEVER);
    const watch = { joined$: joined, view, weights$: NEVER, events$: NEVER };
    const client = { watch: () => watch, state$: NEVER } as unknown as Client;
    const feed = new SequenceFeed({ name: 's', client$: of(client), now: () => 0, isHidden: () => true });
    const watching = feed.start();
    const said: Joined = {
      sequence: 's',
      view: 'states',
      epoch: 'e',
      seq: -1,
      recovered: false,
      spec: spec(),
      fields: [{ name: 'a' }, { name: 'b' }],
      targets: [],
      resample: null,
    };
    joined.next(said);
    const first = feed.record$.value;
    states.next({ seq: 7, t: null, h: floats(0, 0, 0), skipped: 0 });
    joined.next({ ...said, view: 'predictions', seq: 5, recovered: true });
    joined.next({ ...said, view: 'metrics', seq: 7 });
    expect(feed.record$.value === first).toBe(true);
    joined.next({ ...said, seq: 3 });
    // a matcher would compare all that two records hold, 64 MiB each, before it says that they differ
    expect(feed.record$.value === first).toBe(false);
    expect(feed.record$.value?.lastStep).toBe(-1);
    watching.unsubscribe();
  });

  it('[DSH31] shows the chosen row of a batch', () => {
    const record = new SequenceRecord(spec({ batch: 2 }), 1);
    record.addState({ seq: 0, t: null, h: floats(1, 2, 3, 4, 5, 6), skipped: 0 });
    record.addInput({ seq: 0, t: null, x: readings(1, 2, 3, 4), skipped: 0 });
    record.addPrediction({ seq: 0, t: null, interval: null, y: floats(1, 2, 3, 4), skipped: 0 });
    expect(record.states.row(0)).toEqual(floats(4, 5, 6));
    expect(record.inputs.row(0)).toEqual(floats(3, 4));
    expect(record.predictions.row(0).subarray(0, 2)).toEqual(floats(3, 4));
  });

  it('[DSH31] marks an anomaly at its step, whichever of the two comes first, and once', () => {
    const record = new SequenceRecord(spec());
    record.addInput({ seq: 0, t: null, x: readings(7, 8), skipped: 0 });
    record.addEvent(event('anomaly', 0));
    record.addEvent(event('anomaly', 1));
    record.addEvent(event('anomaly', 1));
    expect(record.anomalies.total).toBe(1);
    record.addInput({ seq: 1, t: null, x: readings(9, 10), skipped: 0 });
    expect(record.anomalies.total).toBe(2);
    expect(record.anomalies.row(1)).toEqual(floats(9, 10));
    expect(record.events.list).toHaveLength(2);
  });

  it('tells what became of the weights since the page was opened, and by how much at an update', () => {
    const record = new SequenceRecord(spec());
    expect(changeMatrix(record)).toBeNull();
    record.addWeights(weights(10, 1));
    record.addWeights(weights(14, 1.5));
    expect(changeMatrix(record)).toMatchObject({ rows: 5, columns: 3, split: 2 });
    expect(changeMatrix(record)?.values).toEqual(new Float32Array(15).fill(0.5));
    expect(record.dynamics.get('ratio', 0)).toBeNaN();
    expect(record.dynamics.get('ratio', 1)).toBeCloseTo(0.5 / 4, 9);
    // all ones but for a factor: its only eigenvalue that is not 0 is the sum of a row
    expect(record.dynamics.get('radius', 1)).toBeCloseTo(4.5, 6);
  });

  it('shows the gates of a GRU beside each other, each place by name, and no spectral radius', () => {
    const record = new SequenceRecord(spec({ cell: 'gru' }));
    record.addWeights({ ...weights(10, 1), w: new Float32Array(45).fill(1) });
    expect(weightsMatrix(record)).toMatchObject({ rows: 5, columns: 9, split: 2, run: 3 });
    expect([weightPlace(record)(1, 2), weightPlace(record)(3, 7)]).toEqual([
      'input 1 → gate r of unit 2',
      'unit 1 → gate n of unit 1',
    ]);
    expect(weightsNote(record)).toContain('r, u, n');
    expect(record.hasRadius).toBe(false);
    expect(record.dynamics.get('radius', 0)).toBeNaN();
    const simple = new SequenceRecord(spec());
    simple.addWeights(weights(10, 1));
    expect(weightPlace(simple)(3, 2)).toBe('unit 1 → unit 2');
    expect(weightsMatrix(simple)).toMatchObject({ rows: 5, columns: 3, split: 2, run: 3 });
  });

  it('shows saliency as features over steps', () => {
    const record = new SequenceRecord(spec());
    expect(saliencyMatrix(record)).toBeNull();
    record.addWeights(weights(1, 1, floats(1, 2, 3, 4, 5, 6)));
    expect(saliencyMatrix(record)).toMatchObject({ rows: 2, columns: 3 });
    expect(saliencyMatrix(record)?.values).toEqual(floats(1, 3, 5, 2, 4, 6));
  });

  it('paints equal sizes of both signs at both ends of the scale', () => {
    const pixels = matrixPixels({ values: [-2, 0, 2, 1], rows: 2, columns: 2 }, 2, 'light');
    expect(pixels[0]).toBe(matrixPixels({ values: [-1], rows: 1, columns: 1 }, 1, 'light')[0]);
    expect(pixels[2]).toBe(matrixPixels({ values: [5], rows: 1, columns: 1 }, 5, 'light')[0]);
    expect(new Set(pixels).size).toBe(4);
  });

  it('measures rates between looks, and round trips by nearest rank', () => {
    const flow = new Flow();
    const look = { at: 0, step: 100, updates: 10, skipped: 0, trip: 4 };
    flow.add(look);
    flow.add({ ...look, at: 2000, step: 500, updates: 110, trip: 8 });
    const last = (name: 'steps' | 'updates' | 'p50' | 'p99') => flow.ring.get(name, flow.ring.total - 1);
    expect([last('steps'), last('updates'), last('p50'), last('p99')]).toEqual([200, 50, 4, 8]);
    flow.add({ ...look, at: 3000, step: 500, updates: 110 });
    expect(flow.ring.total).toBe(1);
    expect(last('steps')).toBe(0);
  });

  it('notes what the server and the connection did, in words', () => {
    const log = new EventLog();
    log.add({ ...event('reset', 5), detail: { what: 'state', rate: 0.125 } });
    log.note('page-disconnected', 7);
    expect(log.list.map(({ step, words }) => [step, words])).toEqual([
      [5, 'reset · what state · rate 0.125'],
      [7, 'page disconnected'],
    ]);
  });

  it('reads lines from vectors that are kept anyway', () => {
    const states = new StateRing(2, 3);
    const series = new StateSeries(states, { sum: (v) => (v[0] as number) + (v[1] as number) }, 10);
    for (let step = 0; step < 5; step++) states.append(step, [step, 2 * step]);
    expect([series.first, series.total]).toEqual([2, 5]);
    expect([...series.view('step')]).toEqual([12, 13, 14]);
    expect([...series.view('sum', 3, 9)]).toEqual([9, 12]);
    expect(series.get('sum', 1)).toBeNaN();
    expect(series.firstAt('step', 13)).toBe(3);
  });

  it('knows the outputs of every task', () => {
    const cases = [
      { readout: { kind: 'none' } },
      { task: { kind: 'forecast', targets: [1] } },
      { readout: { kind: 'linear' }, task: { kind: 'supervised', outputs: 4 } },
    ];
    for (const one of cases) {
      const model = spec(one);
      expect(outputNames(model)).toHaveLength(countOutputs(model));
    }
  });
});
