import { NEVER, of, Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { linesToCsv } from '../../client/dashboard/charts/export.js';
import { matrixPixels } from '../../client/dashboard/charts/matrix.js';
import { StateRing } from '../../client/dashboard/charts/state-ring.js';
import { StateSeries } from '../../client/dashboard/charts/state-series.js';
import { formatTime } from '../../client/dashboard/charts/time-words.js';
import { forecastChart } from '../../client/dashboard/sequence/charts.js';
import { EventLog } from '../../client/dashboard/sequence/event-log.js';
import { aheadWords, gapWords, sharedUnit } from '../../client/dashboard/sequence/field-words.js';
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
import { shownSeries } from '../../client/dashboard/sequence/shown-series.js';
import { fieldColumns, fieldRows, outputRows } from '../../client/dashboard/sequence/tables.js';
import type { Client, Joined, Results } from '../../client/sdk/index.js';
import { outputNames } from '../../src/rnn/io/output-names.js';
import { outputsOf as countOutputs, parseSpec } from '../../src/rnn/spec/spec.js';

const spec = (more: object = {}) => parseSpec({ features: 2, units: 3, ...more });
const floats = (...values: number[]) => Float32Array.from(values);
const doubles = (...values: number[]) => Float64Array.from(values);
const FIELDS = [{ name: 'temperature', unit: '°C' }, { name: 'humidity' }];
/** What a sequence is, with the fields of a greenhouse. */
const shown = (more: object = {}) => ({ spec: spec(more), fields: FIELDS, targets: [], resample: null });
const minute = (seq: number) => ({ seq, t: 60_000 * seq, skipped: 0 });
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
const event = (kind: 'anomaly' | 'reset' | 'silence', seq: number) => ({
  event: kind,
  seq,
  t: 60_000,
  epoch: 'e',
  detail: {},
  skipped: 0,
});

describe('a sequence that is watched', () => {
  it('[DSH31] has the forecast at the step that it is for, with its range, for each feature and horizon', () => {
    const record = new SequenceRecord(shown({ task: { kind: 'forecast', horizon: [1, 3] } }));
    expect(record.outputs).toHaveLength(countOutputs(record.spec));
    expect(record.outputs[3]).toEqual({ output: 3, feature: 1, horizon: 3 });
    record.addInput({ ...minute(0), x: doubles(1, 2) });
    record.addPrediction({
      ...minute(0),
      y: floats(10, 20, 30, 40),
      range: floats(0, 1, 2, 4),
      interval: null,
    });
    const chart = forecastChart(record, shownSeries(record, null)[3]);
    expect(linesToCsv(chart.lines.slice(0, 1), { from: 0, to: 9 })).toBe('step,humidity\n0,2\n');
    const [, upper, lower, forecast] = chart.lines;
    expect(forecast?.ring.get('step', 0)).toBe(3);
    expect(forecast?.ring.get('y', 0)).toBe(40);
    expect([upper?.ring.get('upper', 0), lower?.ring.get('lower', 0)]).toEqual([44, 36]);
    const [, unknown] = forecastChart(record, shownSeries(record, null)[0]).lines;
    expect(unknown?.ring.get('upper', 0)).toBeNaN();
  });

  it('begins anew where the fields are others', () => {
    const joined = new Subject<Joined>();
    const watch = { joined$: joined, view: () => NEVER, weights$: NEVER, events$: NEVER };
    const client = { watch: () => watch, state$: NEVER } as unknown as Client;
    const feed = new SequenceFeed({ name: 's', client$: of(client), now: () => 0, isHidden: () => true });
    const watching = feed.start();
    const said = {
      sequence: 's',
      view: 'states',
      epoch: 'e',
      seq: 9,
      recovered: true,
      begins: 10,
      ...shown(),
    } as const;
    joined.next(said);
    const first = feed.record$.value;
    joined.next({ ...said, fields: [{ name: 'temperature', unit: 'K' }, { name: 'humidity' }] });
    expect(feed.record$.value === first).toBe(false);
    expect(feed.record$.value?.fields[0]?.unit).toBe('K');
    watching.unsubscribe();
  });

  it('keeps the digits of readings, and a gap as one, of which it says how many there were', () => {
    const record = new SequenceRecord(shown());
    record.addInput({ ...minute(0), x: doubles(123465789.12, 1) });
    record.addInput({ ...minute(1), x: doubles(Number.NaN, 2) });
    record.addInput({ ...minute(5), x: doubles(Number.NaN, 3) });
    const truth = forecastChart(record, shownSeries(record, null)[0]).lines[0];
    expect(truth?.label).toBe('temperature (°C)');
    expect([...(truth?.ring.view('x') ?? [])]).toEqual([123465789.12, Number.NaN, Number.NaN, Number.NaN]);
    expect(truth?.format?.(123465789.12)).toBe('123465789.12');
    // steps that did not come are no gaps
    expect([record.gaps.of(0), record.gaps.of(1), record.gaps.steps]).toEqual([2, 0, 3]);
    expect(record.lastReading(0)).toBe(0);
    expect(fieldColumns(record.gaps.steps).at(-1)).toBe('gaps in the last 3 steps');
    expect(fieldRows(record).map(({ name, cells }) => [name, cells[0], cells[2], cells[3]])).toEqual([
      ['temperature (°C)', '123465789.12 °C', '2 gaps', '2'],
      ['humidity', '3', '–', '0'],
    ]);
  });

  it('tells each output by name with its horizon, the newest prediction with what it is for, and its scores', () => {
    const record = new SequenceRecord(shown({ task: { kind: 'forecast', targets: [0], horizon: [1, 5] } }));
    record.addPrediction({ ...minute(0), y: floats(21.4, 22), range: floats(0.8, 0), interval: 60_000 });
    expect(shownSeries(record, null).map(({ words }) => words)).toEqual([
      'temperature (°C), 1 step ahead',
      'temperature (°C), 5 steps ahead',
      'humidity',
    ]);
    expect(shownSeries(record, 60_000)[1]?.words).toBe('temperature (°C), 5 min ahead');
    let words = 'now';
    const [, upper, , line] = forecastChart(record, shownSeries(record, null)[1], () => words).lines;
    words = 'later';
    expect([upper?.label, line?.label]).toEqual(['later + range', 'later']);
    const [first, second] = outputRows(record, 60_000);
    expect([first?.name, first?.cells[0], first?.cells[1]]).toEqual([
      'temperature (°C), 1 min ahead',
      '21.4 ± 0.8 °C',
      formatTime(60_000),
    ]);
    expect(second?.cells).toEqual(['22 °C', formatTime(300_000), '–', '–', '–', '–', '–']);
    expect(forecastChart(record, shownSeries(record, null)[2]).lines.map(({ label }) => label)).toEqual([
      'humidity',
    ]);
  });

  it('names targets and classes, and what else has no field', () => {
    const targets = [{ name: 'idle' }, { name: 'cutting' }];
    const task = { kind: 'supervised', outputs: 2 };
    const record = new SequenceRecord({ ...shown({ readout: { kind: 'softmax' }, task }), targets });
    expect(shownSeries(record, 1000).slice(0, 2)).toMatchObject([
      { words: 'idle', output: 0, feature: null },
      { words: 'cutting', output: 1, feature: null },
    ]);
    expect(sharedUnit(FIELDS)).toBeUndefined();
    expect(sharedUnit([{ unit: 'm' }, { unit: 'm' }])).toBe('m');
    expect([aheadWords(1, null), aheadWords(12, null), aheadWords(3, 10_003)]).toEqual([
      '1 step ahead',
      '12 steps ahead',
      '30 s ahead',
    ]);
    expect([gapWords(0, 1), gapWords(1, 20), gapWords(3, 1000)]).toEqual([
      'no gaps in the last 1 step',
      '1 gap in the last 20 steps',
      '3 gaps in the last 1,000 steps',
    ]);
  });

  it('[DSH31] has a hole where steps are missing, and takes no step twice', () => {
    const record = new SequenceRecord(shown());
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
      begins: 0,
      ...shown(),
    };
    joined.next(said);
    const first = feed.record$.value;
    states.next({ ...minute(7), h: floats(0, 0, 0) });
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
    const record = new SequenceRecord(shown({ batch: 2 }), 1);
    record.addState({ ...minute(0), h: floats(1, 2, 3, 4, 5, 6) });
    record.addInput({ ...minute(0), x: doubles(1, 2, 3, 4) });
    record.addPrediction({ ...minute(0), y: floats(1, 2, 3, 4), range: null, interval: null });
    expect(record.states.row(0)).toEqual(floats(4, 5, 6));
    expect(record.inputs.row(0)).toEqual(doubles(3, 4));
    expect(record.predictions.row(0).subarray(0, 2)).toEqual(floats(3, 4));
  });

  it('[DSH31] marks an anomaly at its step, whichever of the two comes first, and once', () => {
    const record = new SequenceRecord(shown());
    record.addInput({ ...minute(0), x: doubles(7, 8) });
    record.addEvent(event('anomaly', 0));
    record.addEvent(event('anomaly', 1));
    record.addEvent(event('anomaly', 1));
    expect(record.anomalies.total).toBe(1);
    record.addInput({ ...minute(1), x: doubles(9, 10) });
    expect(record.anomalies.total).toBe(2);
    expect(record.anomalies.row(1)).toEqual(doubles(9, 10));
    expect(record.events.list).toHaveLength(2);
  });

  it('tells what became of the weights since the page was opened, and by how much at an update', () => {
    const record = new SequenceRecord(shown());
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
    const record = new SequenceRecord(shown({ cell: 'gru' }));
    record.addWeights({
      ...weights(10, 1),
      names: ['temperature', 'humidity'],
      w: new Float32Array(45).fill(1),
    });
    expect(weightsMatrix(record)).toMatchObject({ rows: 5, columns: 9, split: 2, run: 3 });
    expect([weightPlace(record)(1, 2), weightPlace(record)(3, 7)]).toEqual([
      'humidity → gate r of unit 2',
      'unit 1 → gate n of unit 1',
    ]);
    expect(weightsNote(record)).toContain('r, u, n');
    expect(record.hasRadius).toBe(false);
    expect(record.dynamics.get('radius', 0)).toBeNaN();
    const simple = new SequenceRecord(shown());
    simple.addWeights(weights(10, 1));
    expect(weightPlace(simple)(3, 2)).toBe('unit 1 → unit 2');
    expect(weightsMatrix(simple)).toMatchObject({ rows: 5, columns: 3, split: 2, run: 3 });
  });

  it('shows saliency as features over steps', () => {
    const record = new SequenceRecord(shown());
    expect(saliencyMatrix(record)).toBeNull();
    record.addWeights(weights(1, 1, floats(1, 2, 3, 4, 5, 6)));
    expect(saliencyMatrix(record)).toMatchObject({ rows: 2, columns: 3 });
    expect(saliencyMatrix(record)?.rowName?.(0)).toBe('temperature (°C)');
    expect(saliencyMatrix(record)?.columnName?.(2)).toBe('step 2');
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

  it('[HEA12] has the health that was told last, and its changes in words', () => {
    const record = new SequenceRecord(shown());
    const detail = { from: 'learning', to: 'silent', why: 'No step has come for 11 seconds.' };
    record.addEvent({ event: 'health', seq: 3, t: null, epoch: 'e', detail, skipped: 0 });
    expect(record.health).toEqual({ state: 'silent', why: detail.why });
    expect(record.events.list.at(-1)?.words).toBe(`health · learning → silent · ${detail.why}`);
  });

  it('[DSH31] says what was odd, for how long, and which sensors were', () => {
    const log = new EventLog();
    const add = (event: 'anomaly' | 'anomaly-over' | 'gap' | 'stuck', detail: object) => {
      log.add({ event, seq: 1, t: null, epoch: 'e', detail: { ...detail }, skipped: 0 });
      return log.list.at(-1)?.words;
    };
    expect(add('anomaly', { score: 1 })).toBe('anomaly · score 1');
    const fields = [
      { field: 'temp', unit: '°C' },
      { field: 'flow', row: 2 },
    ];
    expect(add('anomaly', { score: 0.5, fields })).toBe('anomaly · score 0.5 · temp; flow, row 2');
    const over = { score: 1, start: 812, peak: 815, end: 840 };
    expect(add('anomaly-over', over)).toBe('anomaly over · steps 812 to 840 · score 1 at 815');
    expect(add('anomaly-over', { ...over, peak: 812, end: 812 })).toBe('anomaly over · step 812 · score 1');
    const stuck = { field: 'temp', since: 812, steps: 24, value: 21.5, over: false };
    expect(add('stuck', stuck)).toBe('stuck · temp at 21.5 since step 812');
    const gap = { field: 'flow', since: 812, steps: 40, over: true };
    expect(add('gap', gap)).toBe('gap over · flow · 40 steps from 812');
  });

  it('notes what the server and the connection did, in words', () => {
    const log = new EventLog();
    log.add({ ...event('reset', 5), detail: { what: 'state', rate: 0.125 } });
    log.note('page-disconnected', 7, null);
    const [from, to] = [new Date(2026, 0, 1, 9).getTime(), new Date(2026, 0, 1, 11).getTime()];
    const silence = { ...event('silence', 8), t: to, detail: { from, to, steps: 720 } };
    expect([log.add(silence), log.add(silence)]).toEqual([true, false]);
    expect(log.list.map(({ step, t, words }) => [step, t, words])).toEqual([
      [5, 60_000, 'reset · what state · rate 0.125'],
      [7, null, 'page disconnected'],
      [
        8,
        to,
        'silence · 2 h, from 2026-01-01 09:00:00 to 2026-01-01 11:00:00 · 720 empty steps are left out',
      ],
    ]);
  });

  it('reads lines from vectors that are kept anyway', () => {
    const states = new StateRing(2, 3);
    const series = new StateSeries(
      states,
      { sum: (v: Float32Array) => (v[0] as number) + (v[1] as number) },
      10,
    );
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
