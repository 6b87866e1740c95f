/** Checks steps and targets before any of them is accepted. */
import { EddyError } from '../errors.js';
import { type ModelSpec, outputsOf } from '../rnn/spec/spec.js';
import { checkSteps, checkTarget } from '../rnn/spec/step-checks.js';
import type { RecentSteps } from './recent-steps.js';
import { rows } from './rows-of.js';

export interface Block {
  readonly first: number;
  /** [T,B,F] */
  readonly x: Float32Array;
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
export function checkTargets(spec: ModelSpec, targets: Float32Array, count: number): number {
  const size = targets.length / count;
  checkTakesTargets(spec);
  for (let t = 0; t < count; t++) checkTarget(spec, rows(targets, size, t, t + 1));
  return size;
}

/** @throws EddyError `target-*`, `block-too-long` */
export function checkLateTargets(spec: ModelSpec, targets: Float32Array, most: number): void {
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

/** Checks that repeated steps have the same values: two producers must not silently overwrite each other. @throws EddyError `step-conflict` */
export function checkRepeats(
  recent: RecentSteps,
  first: number,
  x: Float32Array,
  size: number,
  count: number,
): void {
  for (let t = 0; t < count; t++) {
    const kept = recent.read(first + t);
    if (kept && !kept.every((value, i) => isSame(value, x[t * size + i]!)))
      throw new EddyError('step-conflict', `step ${first + t} was accepted before with different values`);
  }
}

function checkTakesTargets(spec: ModelSpec): void {
  if (spec.task?.kind !== 'supervised')
    throw new EddyError('target-unexpected', 'only a model with a supervised task takes targets');
}

/** The same number, or both missing. */
const isSame = (a: number, b: number): boolean => a === b || (Number.isNaN(a) && Number.isNaN(b));
