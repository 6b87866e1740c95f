/**
 * The window: what was really computed for the last steps, kept for the backward pass.
 *
 *   z          [rows+1,B,D]  z_t = [ x_t | h_{t-1} ]; the cell writes h_t into the row of t + 1
 *   sums       [rows,B,M]    what the readout gave: softmax's probabilities, or the prediction in `deviation`s of it
 *   prediction [rows,B,M]    what was served, in the user's units
 *   exact      [rows,B,M]    the same in float64, beside the arena: what is scored
 *   target     [rows,B,M]    what came for it, in the units of `sums`; NO_TARGET where nothing has come
 *   deviation  [rows,M]      the outputs' deviations that the prediction was made with, where they are scaled; 0 where
 *                            the output counts for nothing
 *   activations [rows,B,K]   what the cell keeps for the way back beside z
 *
 * The last `keep` steps always lie one after the other, so that a kernel walks them in one call. Behind them is
 * room for a fifth as many; when it is used up, they slide to the front. Memory is constant on an endless stream.
 */
import { type ColumnStore, type Columns, looseColumns } from '../../kernels/columns.js';
import { type Address, NO_TARGET, type Reals } from '../../kernels/kernels.js';
import { type Put, putNow, type Take, takeNow } from '../state-copies.js';

export interface WindowShape {
  /** Steps that stay reachable. */
  readonly keep: number;
  readonly batch: number;
  readonly features: number;
  readonly units: number;
  readonly outputs: number;
  readonly scaled: boolean;
  /** K, the numbers of a step and row that the cell keeps beside z. */
  readonly activations: number;
}

/** What is known of a step's targets, in bits. */
const COUNTS = 1;
const COMPLETE = 2;

/** The part of a window that is not in the arena. */
export interface WindowState {
  readonly origin: number;
  readonly start: number;
  readonly next: number;
  readonly targets: Uint8Array;
  /** Version 0.1 kept none. */
  readonly exact?: Float64Array;
}

const roomFor = (keep: number) => keep + Math.max(4, Math.ceil(keep / 5));

export class Window {
  /** Step number of the first row. */
  private origin = 0;
  /** First step of this history: earlier ones must not be read. */
  start = 0;
  /** Number of the next step. */
  next = 0;
  private targets: Uint8Array;
  private readonly columns: Columns;
  private readonly capacity: number;
  private readonly zSize: number;
  private readonly ySize: number;
  private readonly sums: Address;
  private readonly prediction: Address;
  private readonly target: Address;
  private readonly deviation: Address;
  private readonly deviationSize: number;
  private readonly activations: Address;
  private readonly activationsSize: number;

  static length({ keep, batch, features, units, outputs, scaled, activations }: WindowShape): number {
    const rows = roomFor(keep);
    const perOutput = 3 * batch + (scaled ? 1 : 0);
    return (rows + 1) * batch * (features + units) + rows * (outputs * perOutput + batch * activations);
  }

  /** Numbers in `exact`. */
  static exactLength({ keep, batch, outputs }: WindowShape): number {
    return roomFor(keep) * batch * outputs;
  }

  constructor(
    /** Where it begins in the arena. */
    readonly base: Address,
    private readonly shape: WindowShape,
    store: ColumnStore = looseColumns,
  ) {
    this.capacity = roomFor(shape.keep);
    this.zSize = shape.batch * (shape.features + shape.units);
    this.ySize = shape.batch * shape.outputs;
    this.sums = base + (this.capacity + 1) * this.zSize;
    this.prediction = this.sums + this.capacity * this.ySize;
    this.target = this.prediction + this.capacity * this.ySize;
    this.deviation = this.target + this.capacity * this.ySize;
    this.deviationSize = shape.scaled ? shape.outputs : 0;
    this.activations = this.deviation + this.capacity * this.deviationSize;
    this.activationsSize = shape.batch * shape.activations;
    this.targets = new Uint8Array(this.capacity);
    this.columns = store.allocateColumns(Window.exactLength(shape));
  }

  /** The oldest step that is still here. */
  get first(): number {
    return Math.max(this.start, this.origin, this.next - this.shape.keep);
  }

  zAt(step: number): Address {
    return this.base + (step - this.origin) * this.zSize;
  }

  sumsAt(step: number): Address {
    return this.sums + (step - this.origin) * this.ySize;
  }

  predictionAt(step: number): Address {
    return this.prediction + (step - this.origin) * this.ySize;
  }

  /** The predictions in float64. */
  get exact(): Float64Array {
    return this.columns.array;
  }

  /** Where those of a step lie in the columns. */
  exactPlace(step: number): Address {
    return this.columns.base + this.exactAt(step);
  }

  /** Where the predictions of a step begin in `exact`. */
  exactAt(step: number): number {
    return (step - this.origin) * this.ySize;
  }

  targetAt(step: number): Address {
    return this.target + (step - this.origin) * this.ySize;
  }

  deviationAt(step: number): Address {
    return this.deviation + (step - this.origin) * this.deviationSize;
  }

  activationsAt(step: number): Address {
    return this.activations + (step - this.origin) * this.activationsSize;
  }

  /** Have all targets of the step come? */
  hasTarget(step: number): boolean {
    return (this.targets[step - this.origin]! & COMPLETE) !== 0;
  }

  /** Is one of them to be learned from? */
  countsTarget(step: number): boolean {
    return (this.targets[step - this.origin]! & COUNTS) !== 0;
  }

  /** Notes that a target came: whether it counts, and whether it was the step's last. */
  markTarget(step: number, counts: boolean, complete = true): void {
    this.targets[step - this.origin]! |= (counts ? COUNTS : 0) | (complete ? COMPLETE : 0);
  }

  /** Makes room for the next step and takes its number. Its h_{t-1} is in place. */
  advance(m: Reals): number {
    if (this.next - this.origin === this.capacity) this.slide(m);
    this.targets[this.next - this.origin] = 0;
    const target = this.targetAt(this.next);
    // a call of fill costs more than it does for as few as these
    for (let i = target; i < target + this.ySize; i++) m[i] = NO_TARGET;
    return this.next++;
  }

  private slide(m: Reals): void {
    const { capacity, zSize, ySize } = this;
    const from = capacity - this.shape.keep;
    const toFront = (at: Address, size: number, rows = capacity) => {
      m.copyWithin(at, at + from * size, at + rows * size);
    };
    toFront(this.base, zSize, capacity + 1);
    for (const at of [this.sums, this.prediction, this.target]) toFront(at, ySize);
    toFront(this.deviation, this.deviationSize);
    toFront(this.activations, this.activationsSize);
    this.targets.copyWithin(0, from, capacity);
    this.exact.copyWithin(0, from * ySize, capacity * ySize);
    this.origin += from;
  }

  /** Forgets all steps and puts h back to 0; step numbers go on. */
  clear(m: Reals): void {
    this.start = this.next;
    const row = this.zAt(this.next);
    m.fill(0, row, row + this.zSize);
  }

  state(take: Take = takeNow): WindowState {
    return {
      origin: this.origin,
      start: this.start,
      next: this.next,
      targets: this.targets.slice(),
      exact: take([this.columns]),
    };
  }

  restore({ origin, start, next, targets, exact }: WindowState, put: Put = putNow): void {
    this.origin = origin;
    this.start = start;
    this.next = next;
    this.targets = targets.slice();
    if (exact) put(this.columns, exact);
  }

  /** Takes its predictions as they were served: a state of version 0.1 has no exact ones. */
  takeServed(m: Reals): void {
    for (let step = this.first; step < this.next; step++) {
      const y = this.predictionAt(step);
      this.exact.set(m.subarray(y, y + this.ySize), this.exactAt(step));
    }
  }
}
