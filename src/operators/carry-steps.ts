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
  block: StepBlock,
  room: CopyRoom,
  taker: RunTaker<R>,
): void {
  const carrier = new StepCarrier(Run, model, block, room, taker);
  while (!carrier.next());
}

/** The way of one block: a run at a time, so that a long one can be carried in parts. */
export class StepCarrier<R extends Run> {
  private readonly stateSize: number;
  private readonly outputSize: number;
  private readonly T: number;
  private readonly size: number;
  private done = 0;
  /** Steps for which there is room. */
  private left = 0;

  constructor(
    private readonly Run: RunConstructor<R>,
    private readonly model: Model,
    private readonly block: StepBlock,
    private readonly room: CopyRoom,
    private readonly taker: RunTaker<R>,
  ) {
    const { batch, features, units } = model.spec;
    this.size = batch * features;
    this.stateSize = batch * units;
    this.outputSize = batch * outputsOf(model.spec);
    this.T = block.x.length / this.size;
  }

  /** Carries the next run; true if there is nothing more to carry. @param most its most steps, where it is to be short */
  next(most?: number): boolean {
    const { Run, model, room, taker, T, done, size, stateSize, outputSize } = this;
    const { x, t: times, targets } = this.block;
    if (done >= T) return true;
    if (model.isOverdue) return endOverdue(Run, model, taker);
    const due = model.stepsToWindow;
    if (most !== undefined) this.left = room.begin(Math.min(T - done, most, due));
    else if (this.left === 0) this.left = room.begin(T - done);
    // a target must be met before the next step, so steps with targets go one by one
    const count = targets ? 1 : Math.min(this.left, due);
    this.left -= count;
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
    this.done = done + count;
    const isLast = this.done === T;
    const run = new Run(model, seq, count, model.seq, h, y, alerts ?? NO_ALERTS, isLast);
    return taker.emit(run) || isLast;
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
