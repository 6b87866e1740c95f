/** Checks steps and targets before any of them is accepted. */
import { EddyError } from '../errors.js';
import { type ModelSpec, outputsOf } from '../rnn/spec/spec.js';
import { checkSteps, checkTarget } from '../rnn/spec/step-checks.js';
import type { RecentSteps } from './recent-steps.js';
import { rows } from './rows-of.js';

export interface Block {
  readonly first: number;
  /** [T,B,F] */
  readonly x: Float64Array;
  /** T, according to the producer. */
  readonly said: number;
}

/** Gives T. @throws EddyError `step-shape`, `block-too-long`, `step-gap`, `step-non-finite` */
export function checkBlock(spec: ModelSpec, { first, x, said }: Block, next: number, most: number): number {
  const size = spec.batch * spec.features;
  const count = x.length / size;
  if (count === 0 || !Number.isInteger(count))
    throw new EddyError(
      'step-shape',
      `x has ${x.length} numbers, which is not a multiple of ${size} (batch * features)`,
    );
  if (count !== said)
    throw new EddyError(
      'step-shape',
      `the block has ${count} steps of ${size} numbers; its count is ${said}`,
    );
  if (count > most)
    throw new EddyError('block-too-long', `the block has ${count} steps; the limit is ${most}`);
  if (first > next) throw new EddyError('step-gap', `step ${first} came; step ${next} is expected`);
  checkSteps(spec, x);
  return count;
}

/** Gives B * M. @throws EddyError `target-unexpected`, `target-shape`, `target-non-finite`, `target-distribution` */
export function checkTargets(spec: ModelSpec, targets: Float64Array, count: number): number {
  const size = targets.length / count;
  checkTakesTargets(spec);
  for (let t = 0; t < count; t++) checkTarget(spec, rows(targets, size, t, t + 1));
  return size;
}

/** @throws EddyError `target-*`, `block-too-long` */
export function checkLateTargets(spec: ModelSpec, targets: Float64Array, most: number): void {
  checkTakesTargets(spec);
  const size = spec.batch * outputsOf(spec);
  const count = targets.length / size;
  if (count === 0 || !Number.isInteger(count))
    throw new EddyError(
      'target-shape',
      `${targets.length} numbers are not a multiple of ${size}, the size of a target`,
    );
  if (count > most) throw new EddyError('block-too-long', `${count} targets; the limit is ${most}`);
  checkTargets(spec, targets, count);
}

/** A block of steps of which the first ones came before. */
export interface Repeated {
  readonly first: number;
  /** [T,B,F], targets [T,B,M] or none, and the times [T] or none; a step that was stamped on arrival comes again without. */
  readonly x: Float64Array;
  readonly targets: Float64Array | null;
  readonly t: Float64Array | null;
  /** T */
  readonly count: number;
}

/**
 * Checks that the first steps of a block are the same as when they came before: two producers must not silently overwrite
 * each other, and a producer that begins again at 0 must hear of it.
 *
 * @param last number of the last accepted step
 * @throws EddyError `step-conflict`, `step-stale` for a step that is too old to be compared
 */
export function checkRepeats(
  recent: RecentSteps,
  { first, x, targets, t, count }: Repeated,
  repeats: number,
  last: number,
): void {
  const goOn = `the last step is ${last}: go on with ${last + 1}, or use append, which needs no numbers`;
  for (let i = 0; i < repeats; i++) {
    const seq = first + i;
    const kept = recent.read(seq);
    if (!kept)
      throw new EddyError('step-stale', `step ${seq} came again, and is too old to be compared; ${goOn}`);
    const conflict = (what: string) =>
      new EddyError('step-conflict', `step ${seq} was accepted before with ${what}; ${goOn}`);
    if (kept.x !== recent.sumOf(x, count, i)) throw conflict('different values');
    if (targets && kept.target !== recent.sumOf(targets, count, i))
      throw conflict('a different target, or without one');
    if (t && !Number.isNaN(t[i]!) && kept.t !== t[i]) throw conflict('a different time');
  }
}

function checkTakesTargets(spec: ModelSpec): void {
  if (spec.task?.kind !== 'supervised')
    throw new EddyError('target-unexpected', 'only a model with a supervised task takes targets');
}
