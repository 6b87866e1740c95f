/** Producers whose steps hang on their number alone, so that it can be told what a sequence must be that was never disturbed. */
import type { connect, PushedStep, SequenceHandle } from '../../client/sdk/node.js';
import { Model } from '../../src/rnn/model.js';
import type { ModelSpecInput } from '../../src/rnn/spec/spec.js';
import { openFolder } from './data-folder.js';
import { bitsOf, replayedBits, timesOf } from './replay.js';

export interface Producer {
  readonly name: string;
  readonly spec: ModelSpecInput;
  /** Steps that are pushed in one turn. */
  readonly block: number;
  /** So many turns after its step a target comes, in an order of its own. */
  readonly lateBy?: number;
}

const SUPERVISED = { kind: 'supervised', outputs: 1, delay: 0 } as const;

const inputs = { missing: 'hold' } as const;

/**
 * Its targets come late, in reverse, and of one step in seven none does: so each block of 8 is learned when the time of its
 * targets is over, and without a scaler the weights do not depend on when each of them came, only on that it counted once.
 */
const LATE: Producer = {
  name: 'late',
  spec: {
    features: 2,
    units: 8,
    scaler: { kind: 'none' },
    learner: { kind: 'tbptt', k1: 8, k2: 16 },
    task: { ...SUPERVISED, delay: 200 },
    inputs,
  },
  block: 3,
  lateBy: 4,
};

export const PRODUCERS: readonly Producer[] = [
  { name: 'forecast', spec: { features: 2, units: 8, inputs }, block: 1 },
  { name: 'blocks', spec: { features: 3, units: 16, season: 24, inputs }, block: 17 },
  { name: 'supervised', spec: { features: 2, units: 8, task: SUPERVISED, inputs }, block: 4 },
  LATE,
  { name: 'rtrl', spec: { features: 1, units: 4, learner: { kind: 'rtrl', k1: 2 }, inputs }, block: 3 },
];

const xOf = ({ spec }: Producer, t: number) =>
  Float64Array.from(
    { length: spec.features },
    (_, i) => Math.sin(t * (0.1 + 0.07 * i)) + ((t * 7919) % 13) / 50,
  );
const targetOf = ({ spec }: Producer, t: number) =>
  spec.task?.kind === 'supervised' ? Float64Array.of(Math.cos(t * 0.1)) : undefined;
/** Of one step in seven, the target never comes. */
const isTaught = (t: number) => t % 7 > 0;

/** Pushes until it is over and all is acked; gives how many steps there were. */
export async function produce(
  producer: Producer,
  client: ReturnType<typeof connect>,
  isOver: { readonly now: boolean },
  lost: string[],
  acked: number[] = [],
): Promise<number> {
  const handle: SequenceHandle = client.open(producer.name, { spec: producer.spec });
  // what is refused for the time being is sent again
  const watch = ({ error }: { error: { code: string; message: string; temporary: boolean } }) =>
    error.temporary || lost.push(`${producer.name}: ${error.code} ${error.message}`);
  handle.errors$.subscribe({ next: watch, error: () => undefined });
  const index = PRODUCERS.indexOf(producer);
  handle.acked$.subscribe({
    next: (seq) => {
      acked[index] = seq + 1;
    },
    error: () => undefined,
  });
  const waiting: PushedStep[][] = [];
  const taught: Promise<void>[] = [];
  const teach = async (steps: readonly PushedStep[]) => {
    for (const step of steps) {
      while (step.seq === null || handle.unackedTargets > 200)
        await new Promise((resolve) => setTimeout(resolve, 1));
      taught.push(handle.learn(step, targetOf(producer, step.seq)!));
    }
  };
  let t = 0;
  while (!isOver.now) {
    const pushed: PushedStep[] = [];
    for (let i = 0; i < producer.block && handle.room > 0; i++, t++) {
      const target = producer.lateBy === undefined ? targetOf(producer, t) : undefined;
      const step = handle.push(xOf(producer, t), target);
      if (producer.lateBy !== undefined && isTaught(t)) pushed.push(step);
    }
    waiting.push(pushed.reverse());
    if (waiting.length > (producer.lateBy ?? 0)) await teach(waiting.shift()!);
    if (handle.room === 0) await handle.ready();
    else await new Promise((resolve) => setTimeout(resolve, 1));
  }
  for (const steps of waiting) await teach(steps);
  await handle.drained();
  for (const one of await Promise.allSettled(taught))
    if (one.status === 'rejected') lost.push(`${producer.name}: ${one.reason}`);
  return t;
}

/**
 * Names the sequences of a folder that differ from those that were never disturbed.
 *
 * @param totals steps that each must have; of a copy that was made meanwhile, those that it must have at least
 */
export async function compare(
  folder: string,
  totals: readonly number[],
  { isCopy = false, isRestored = false } = {},
): Promise<string[]> {
  const wrong: string[] = [];
  // a restored store says that it is one
  const registry = await openFolder(folder, (error) => isRestored || wrong.push(String(error)));
  for (const [i, producer] of PRODUCERS.entries()) {
    const total = totals[i] ?? 0;
    if (isCopy && total === 0 && !registry.has(producer.name)) continue;
    const sequence = registry.get(producer.name);
    const steps = sequence.seq + 1;
    if (isCopy ? steps < total : steps !== total)
      wrong.push(`${producer.name}: ${steps} steps, not ${total}`);
    // servers stamped the steps when they came
    const times = await timesOf(sequence);
    const sameBits = producer.lateBy === undefined ? sameAsPlain : isCopy ? () => [] : sameAsLate;
    wrong.push(...sameBits(producer, sequence.model, times));
  }
  await registry.end();
  return wrong;
}

function sameAsPlain(producer: Producer, model: Model, times: readonly number[]): string[] {
  const plain = replayedBits(producer.spec, times.length, (t) => ({
    x: xOf(producer, t),
    t: times[t]!,
    target: targetOf(producer, t),
  }));
  return bitsOf(model) === plain ? [] : [`${producer.name}: other bits`];
}

function sameAsLate(producer: Producer, model: Model, times: readonly number[]): string[] {
  const { scored } = model.metrics;
  const wanted = plainLate(producer, times);
  const wrong: string[] = [];
  if (scored !== wanted.scored) wrong.push(`${producer.name}: ${scored} targets count, not ${wanted.scored}`);
  if (numbersOf(model) !== wanted.numbers) wrong.push(`${producer.name}: other bits`);
  return wrong;
}

/** A plain replay of a sequence whose targets come late: how many count, and its numbers. */
function plainLate(producer: Producer, times: readonly number[]) {
  const model = new Model(producer.spec);
  const teach = (t: number) => t >= 0 && isTaught(t) && model.learn(targetOf(producer, t)!, t);
  for (const [t, time] of times.entries()) {
    model.step(xOf(producer, t), time);
    teach(t - producer.block);
  }
  for (let t = times.length - producer.block; t < times.length; t++) teach(t);
  const { scored } = model.metrics;
  const numbers = numbersOf(model);
  model.free();
  return { scored, numbers };
}

/** Weights and moments, h and how far it has learned; rows of the window that are not used any more hold what came when. */
function numbersOf(model: Model): string {
  const { numbers, learner } = model.snapshot();
  const { features: F, units: N } = LATE.spec as { features: number; units: number };
  const parameters = (F + N) * N + N + N + 1;
  return JSON.stringify([[...numbers.slice(0, 3 * parameters)], [...model.last().h], learner]);
}
