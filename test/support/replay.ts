/** Plain replays: a model that is carried over the steps of a sequence, each at its time, and is never disturbed. */
import { Model, type ModelOptions } from '../../src/rnn/model.js';
import type { ModelSpecInput } from '../../src/rnn/spec/spec.js';
import type { Sequence } from '../../src/sequence/sequence.js';
import { turn } from './durable.js';

/** Times of steps that come every 20 minutes, so that 72 of them make a day. */
export const timeAt = (seq: number): number => 1_700_000_000_000 + 1_200_000 * seq;
export const timesFrom = (first: number, count: number): Float64Array =>
  Float64Array.from({ length: count }, (_, i) => timeAt(first + i));

/** A step as it was sent; NaN is a time that is not known. */
export interface Sent {
  readonly x: ArrayLike<number | null>;
  readonly t: number;
  readonly target?: ArrayLike<number> | undefined;
}

/** Carries a new model over so many steps. The caller frees it. */
export function replay(
  spec: ModelSpecInput,
  count: number,
  sent: (seq: number) => Sent,
  options: ModelOptions = {},
): Model {
  const model = new Model(spec, options);
  for (let seq = 0; seq < count; seq++) {
    const { x, t, target } = sent(seq);
    model.step(x, t);
    if (target) model.learn(target);
  }
  return model;
}

export const bitsOf = (model: Model): string => JSON.stringify(model.snapshot());

/** Does that, and gives the bits of the model. */
export function replayedBits(...given: Parameters<typeof replay>): string {
  const model = replay(...given);
  const bits = bitsOf(model);
  model.free();
  return bits;
}

/**
 * Reads back at which times a sequence took its steps, from the past that it keeps.
 *
 * @param goOn lets the turns of the event loop pass in which the past is read
 */
export async function timesOf(
  sequence: Pick<Sequence, 'seq' | 'since'>,
  goOn: () => unknown = turn,
): Promise<number[]> {
  const times: number[] = [];
  const last = sequence.seq + 1;
  const { results$, begins } = sequence.since('inputs', { every: 0, delivery: 'every' }, { last });
  if (begins > 0) throw new Error(`the past of the sequence begins at step ${begins}`);
  const reading = results$.subscribe((message) => {
    if (message.type === 'inputs') times.push(...message.t);
  });
  while (times.length < last) await goOn();
  reading.unsubscribe();
  return times;
}
