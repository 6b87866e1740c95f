import type { Reals } from '../kernels/kernels.js';
import type { Model } from '../rnn/model.js';
import { outputsOf } from '../rnn/spec/spec.js';
import type { Alert, Run, RunConstructor } from './run.js';

/** Consecutive steps, with their targets if they are known. */
export interface StepBlock {
  /** x [T,B,F] in the user's units; NaN or null is missing. */
  readonly x: ArrayLike<number | null>;
  /** Their times [T] in milliseconds since 1970; NaN is unknown. */
  readonly t?: ArrayLike<number> | null | undefined;
  /** [T,B,M] in the user's units; for a supervised model only. */
  readonly targets?: ArrayLike<number> | null | undefined;
}

/** The destination for copies of h, y and what goes with them. */
export interface CopyRoom {
  /** Announces the remaining steps of the block; gives how many of them it has room for until it is asked again. */
  begin(steps: number): number;
  /** Gives room for the numbers of the next run, or null if nobody wants them. */
  h(length: number): Reals | null;
  y(length: number): Reals | null;
  /** Gives room for the half-widths of the ranges of y, or null if nobody wants them. */
  ranges(length: number): Reals | null;
  /** Gives room for the anomaly score after each step of the next run, or null if nobody wants them. */
  anomalies(steps: number): Reals | null;
}

/** What takes the runs. */
export interface RunTaker<R> {
  /** Takes a run; returns true if nobody wants more. */
  emit(run: R): boolean;
}

const NO_ALERTS: readonly Alert[] = [];

/**
 * Carries a model over a checked block of T steps, run by run, without training: a run ends where a window may be
 * due, so that the consumer can train before the next run is carried.
 *
 * @param Run the class of the runs
 */
export function carrySteps<R extends Run>(
  Run: RunConstructor<R>,
  model: Model,
  { x, t: times, targets }: StepBlock,
  room: CopyRoom,
  taker: RunTaker<R>,
): void {
  const { batch, features, units } = model.spec;
  const size = batch * features;
  const stateSize = batch * units;
  const outputSize = batch * outputsOf(model.spec);
  const T = x.length / size;
  let left = 0;
  for (let done = 0; done < T; ) {
    if (model.isOverdue && endOverdue(Run, model, taker)) return;
    // a target must be met before the next step, so steps with targets go one by one
    if (left === 0) left = room.begin(T - done);
    const count = targets ? 1 : Math.min(left, model.stepsToWindow);
    left -= count;
    const seq = model.seq + 1;
    const h = room.h(count * stateSize);
    const y = outputSize > 0 ? room.y(count * outputSize) : null;
    const ranges = outputSize > 0 ? room.ranges(count * outputSize) : null;
    const anomalies = room.anomalies(count);
    let alerts: Alert[] | null = null;
    for (let i = 0; i < count; i++) {
      const alert = model.advance(x, (done + i) * size, times?.[done + i]);
      if (h || y) model.copyLast(h, i * stateSize, y, i * outputSize);
      if (ranges) model.copyRange(ranges, i * outputSize);
      if (anomalies) anomalies[i] = model.anomaly;
      if (alert) {
        alerts ??= [];
        alerts.push(alert);
      }
    }
    if (targets) model.meet(slice(targets, done * outputSize, outputSize), seq);
    done += count;
    const run = new Run(model, seq, count, model.seq, h, y, alerts ?? NO_ALERTS, done === T);
    if (taker.emit(run)) return;
  }
}

/** Announces that the time for a window's targets is over. A window that nobody takes is dropped. */
function endOverdue<R extends Run>(Run: RunConstructor<R>, model: Model, taker: RunTaker<R>): boolean {
  const now = model.seq + 1;
  const isUnwanted = taker.emit(new Run(model, now, 0, now, null, null, NO_ALERTS, false));
  while (model.isOverdue && model.takeWindow(now));
  return isUnwanted;
}

function slice(values: ArrayLike<number>, at: number, length: number): ArrayLike<number> {
  if (values.length === length) return values;
  return ArrayBuffer.isView(values)
    ? (values as Float32Array).subarray(at, at + length)
    : Array.from({ length }, (_, i) => values[at + i]!);
}
