import { describe, expect, it } from 'vitest';
import type { ViewMessage, ViewMessageOf } from '../../../src/protocol/views/index.js';
import { countOf, itemsOf, joinMessages, latestOf } from '../../../src/protocol/views/index.js';
import { Model } from '../../../src/rnn/model.js';
import type { ModelSpecInput } from '../../../src/rnn/spec/spec.js';
import { ask } from '../../support/ask.js';
import { createRegistry } from '../../support/sequences.js';

const SPEC = {
  features: 2,
  units: 3,
  seed: 7,
  task: { kind: 'forecast', horizon: [1, 2] },
} satisfies ModelSpecInput;
const PLAIN = { every: 0, delivery: 'every' } as const;
const RANGED = { ...PLAIN, ranges: true } as const;
const ignore = () => undefined;
const signal = (first: number, count: number) =>
  Float64Array.from({ length: 2 * count }, (_, i) => Math.sin((first + (i >> 1)) * 0.7) + (i % 2));

const made = (spec: object = SPEC) => {
  const { registry, scheduler } = createRegistry();
  const { sequence } = registry.open('a', 'create', { spec });
  const push = (count: number) =>
    ask(sequence).push(sequence.seq + 1, signal(sequence.seq + 1, count), undefined, ignore);
  return { scheduler, sequence, push };
};

type Predictions = ViewMessageOf<'predictions'>;
const rangesOf = (messages: readonly ViewMessage[]) =>
  messages.flatMap((message) => [...((message as Predictions).range ?? [])]);

describe('the ranges of predictions', () => {
  it('[VIW15] come beside y to who asks for them, as the model gives them, and to nobody else', () => {
    const { sequence, push } = made();
    const [plain, ranged]: [ViewMessage[], ViewMessage[]] = [[], []];
    sequence.watch('predictions', PLAIN).subscribe((message) => plain.push(message));
    sequence.watch('predictions', RANGED).subscribe((message) => ranged.push(message));
    for (let i = 0; i < 10; i++) push(17);
    const model = new Model(SPEC);
    const expected: number[] = [];
    for (let seq = 0; seq < 170; seq++) expected.push(...model.step(signal(seq, 1)).range!);
    expect(rangesOf(ranged)).toEqual(expected.map(Math.fround));
    expect(rangesOf(ranged).slice(0, 4)).toEqual([0, 0, 0, 0]);
    expect(rangesOf(ranged).at(-1)).toBeGreaterThan(0);
    expect((ranged as Predictions[]).map(({ range: _, ...message }) => message)).toEqual(plain);
  });

  it('[VIW15] come again in the same bits to who comes back, out of the log', () => {
    const { scheduler, sequence, push } = made();
    push(100);
    const { seq } = sequence;
    const live: ViewMessage[] = [];
    sequence.watch('predictions', RANGED).subscribe((message) => live.push(message));
    push(60);
    const results: ViewMessage[] = [];
    const { results$, recovered } = sequence.rejoin('predictions', RANGED, { epoch: 'other', seq });
    results$.subscribe((message) => results.push(message));
    scheduler.flush();
    expect(recovered).toBe(false);
    expect(rangesOf(results)).toEqual(rangesOf(live).slice(-4));
  });

  it('[VIW15] are finite as float32, whatever comes', () => {
    const { sequence } = made({ ...SPEC, features: 1 });
    const ranged: ViewMessage[] = [];
    sequence.watch('predictions', RANGED).subscribe((message) => ranged.push(message));
    const x = Float64Array.from({ length: 200 }, (_, i) => ((i * i) % 23 < 11 ? 3.4e38 : -3.4e38));
    ask(sequence).push(0, x, undefined, ignore);
    expect(rangesOf(ranged).at(-1)).toBeGreaterThan(1e37);
    expect(rangesOf(ranged).every(Number.isFinite)).toBe(true);
  });

  it('[VIW15] are of no probabilities', () => {
    const spec = {
      features: 2,
      units: 3,
      readout: { kind: 'softmax' },
      task: { kind: 'supervised', outputs: 2 },
    };
    const { sequence, push } = made(spec);
    const ranged: ViewMessage[] = [];
    sequence.watch('predictions', RANGED).subscribe((message) => ranged.push(message));
    push(3);
    expect(ranged.map(countOf)).toEqual([3]);
    expect(ranged[0]).not.toHaveProperty('range');
  });

  it('[VIW15] stay with their steps when messages are joined, cut and taken apart', () => {
    const message = (seq: number, count: number, range?: number[]): Predictions => ({
      type: 'predictions',
      channel: 1,
      seq,
      count,
      skipped: 0,
      t: new Float64Array(count),
      interval: null,
      y: Float32Array.from({ length: 2 * count }, (_, i) => i),
      ...(range && { range: Float32Array.from(range) }),
    });
    const joined = joinMessages([message(0, 1), message(1, 2, [1, 2, 3, 4])]) as Predictions;
    expect([...joined.range!]).toEqual([0, 0, 1, 2, 3, 4]);
    expect([...(latestOf(joined, 2) as Predictions).range!]).toEqual([3, 4]);
    expect(itemsOf(joined).map((item) => [...(item as { range: Float32Array }).range])).toEqual([
      [0, 0],
      [1, 2],
      [3, 4],
    ]);
    expect(itemsOf(message(0, 1))).toMatchObject([{ range: null }]);
    expect(joinMessages([message(0, 1), message(1, 1)])).not.toHaveProperty('range');
  });
});
