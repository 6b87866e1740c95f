/** The doors of a model: what may come in. */
import { EddyError, type ErrorCode } from '../../errors.js';
import { isTime } from '../../features/time-features.js';
import type { ModelSpec } from './spec.js';

/** From here on float32 rounds to infinity: half a place beyond its largest number. */
const FLOAT32_OVERFLOW = 2 ** 128 - 2 ** 103;

/** @throws EddyError `code`, which names the first number that float32 does not hold as a finite one */
export function checkFinite(values: ArrayLike<number>, code: ErrorCode, name: string): void {
  for (let i = 0; i < values.length; i++) {
    if (!(Math.abs(values[i]!) < FLOAT32_OVERFLOW))
      throw new EddyError(code, `${name}[${i}] is ${values[i]}, no finite number`);
  }
}

/**
 * @param t milliseconds since 1970; unknown where it is left out
 * @throws EddyError `step-shape`; `step-non-finite`: null, or NaN, may only be where the spec takes what is missing;
 * `step-time`: the time may only be unknown where the spec has no features of it
 */
export function checkStep(spec: ModelSpec, x: ArrayLike<number | null>, t?: number): void {
  const { batch: B, features: F } = spec;
  if (x.length !== B * F)
    throw new EddyError('step-shape', `x has ${x.length} numbers; a step of this model has ${B} * ${F}`);
  checkSteps(spec, x);
  checkTime(spec, t);
}

/** Checks the times [T] of several steps. @throws EddyError `step-time`; `step-shape` for another number of them */
export function checkTimes(spec: ModelSpec, t: ArrayLike<number> | null | undefined, T: number): void {
  if (t && t.length !== T) throw new EddyError('step-shape', `t has ${t.length} times; there are ${T} steps`);
  for (let i = 0; i < T; i++) checkTime(spec, t?.[i]);
}

function checkTime({ inputs }: ModelSpec, t: number | undefined): void {
  if (inputs.time.length === 0 || isTime(t)) return;
  throw new EddyError(
    'step-time',
    `a step needs a time t, in milliseconds since 1970: the spec's inputs.time has ${inputs.time.join(', ')}; t is ${t}`,
  );
}

/** Checks the numbers of several steps. @throws EddyError `step-non-finite` */
export function checkSteps({ inputs }: ModelSpec, x: ArrayLike<number | null>): void {
  const holds = inputs.missing === 'hold';
  for (let i = 0; i < x.length; i++) {
    const value = x[i];
    if (typeof value === 'number' && Math.abs(value) < FLOAT32_OVERFLOW) continue;
    if (holds && (value === null || Number.isNaN(value))) continue;
    throw new EddyError('step-non-finite', `x[${i}] is ${value}, no finite number`);
  }
}

/** How far the probabilities of a target may be from a sum of 1. */
const SUM_TOLERANCE = 1e-3;

/** @throws EddyError `target-shape`, `target-non-finite`, `target-distribution` */
export function checkTarget(spec: ModelSpec, target: ArrayLike<number>): void {
  const { task, batch } = spec;
  const outputs = task?.kind === 'supervised' ? task.outputs : 0;
  if (target.length !== batch * outputs)
    throw new EddyError(
      'target-shape',
      `the target has ${target.length} numbers; one of this model has ${batch} * ${outputs}`,
    );
  checkFinite(target, 'target-non-finite', 'target');
  if (spec.readout.kind !== 'softmax') return;
  for (let row = 0; row < batch; row++) {
    let sum = 0;
    for (let j = 0; j < outputs; j++) {
      const p = target[row * outputs + j]!;
      if (p < 0) throw new EddyError('target-distribution', `target[${row * outputs + j}] is ${p}, below 0`);
      sum += p;
    }
    if (Math.abs(sum - 1) > SUM_TOLERANCE)
      throw new EddyError('target-distribution', `row ${row} of the target sums to ${sum}, not to 1`);
  }
}
