/** What tells repeated steps and targets from other ones: checksums of the last steps and of their targets, and times. */
import type { Plain } from '../formats/typed-json.js';
import type { ModelSpec } from '../rnn/spec/spec.js';
import { Checksum } from './checksum.js';

/** Of one step: the checksum of its x, of its target, NaN without one, and its time, NaN where it is not known. */
export interface KeptStep {
  readonly x: number;
  readonly target: number;
  readonly t: number;
}

/** How many steps back a late target may be for; 0 where targets are not sent. */
export const targetReach = ({ task, learner }: Pick<ModelSpec, 'task' | 'learner'>): number =>
  task?.kind === 'supervised' ? task.delay + learner.k1 : 0;

/** Numbers of a kept step. */
const ROW = 3;
/** The first capacity of the ring, in steps; it doubles up to its limit. */
const FIRST_STEPS = 8;

export class RecentSteps {
  /** Step `seq` is at `seq` modulo the capacity. */
  private ring = new Float64Array(0);
  /** The checksum of the target that came after its step, NaN without one; by step like the ring, empty where none can come. */
  private late = new Float64Array(0);
  /** Number of the step after the last, and of the oldest one kept. */
  private next = 0;
  private oldest = 0;
  private readonly checksum = new Checksum();

  constructor(
    /** Numbers in a step, B * F. */
    private readonly stepSize: number,
    /** Steps to keep: as many as a producer may have to send again. */
    private most = Number.POSITIVE_INFINITY,
    /** How many steps back a late target may be for: so many more are kept, so that it can come again after that. */
    private readonly reach = 0,
  ) {}

  get isEmpty(): boolean {
    return this.next === this.oldest;
  }

  /** Keeps as many steps from now on as a producer may have to send again. */
  limit(most: number): void {
    this.most = most + this.reach;
    if (this.ring.length > ROW * this.most) this.restore(this.state());
  }

  /** Adds the steps from number `first` on: x [T,B,F], targets [T,B,M] or none, and t [T], or null where it is unknown. */
  add(first: number, x: Float64Array, targets: Float64Array | null, t: Float64Array | null): void {
    const count = x.length / this.stepSize;
    if (first !== this.next) this.oldest = first;
    this.next = first + count;
    this.grow();
    const { ring } = this;
    const room = ring.length / ROW;
    this.oldest = Math.max(this.oldest, this.next - room);
    for (let i = Math.max(0, count - room); i < count; i++) {
      const at = ((first + i) % room) * ROW;
      ring[at] = this.sumOf(x, count, i);
      ring[at + 1] = targets ? this.sumOf(targets, count, i) : Number.NaN;
      ring[at + 2] = t ? t[i]! : Number.NaN;
      if (this.reach > 0) this.late[at / ROW] = Number.NaN;
    }
  }

  /** Adds the target [B,M] of a kept step, which came after it. */
  addTarget(seq: number, target: Float64Array): void {
    if (this.reach > 0 && this.has(seq)) this.late[seq % this.late.length] = this.sumOf(target, 1, 0);
  }

  /** Gives the checksum of the target of a step, whether it came with it or later; NaN where it is not known. */
  targetOf(seq: number): number {
    const { target = Number.NaN } = this.read(seq) ?? {};
    return Number.isNaN(target) && this.reach > 0 && this.has(seq)
      ? this.late[seq % this.late.length]!
      : target;
  }

  private has(seq: number): boolean {
    return seq >= this.oldest && seq < this.next;
  }

  /** Gives a kept step, or null. */
  read(seq: number): KeptStep | null {
    if (!this.has(seq)) return null;
    const at = (seq % (this.ring.length / ROW)) * ROW;
    return { x: this.ring[at]!, target: this.ring[at + 1]!, t: this.ring[at + 2]! };
  }

  /** Gives the checksum of the i-th of `count` runs of numbers of the same length. */
  sumOf(values: Float64Array, count: number, i: number): number {
    const size = values.length / count;
    return this.checksum.add(values, i * size, (i + 1) * size).take();
  }

  state(): Plain {
    const { oldest, next, ring, late, reach } = this;
    const lateSums = new Float64Array(reach > 0 ? next - oldest : 0);
    const rows = new Float64Array((next - oldest) * ROW);
    const room = ring.length / ROW;
    for (let seq = oldest; seq < next; seq++) {
      const at = (seq % room) * ROW;
      rows.set(ring.subarray(at, at + ROW), (seq - oldest) * ROW);
      if (reach > 0) lateSums[seq - oldest] = late[seq % room]!;
    }
    return { first: oldest, rows, ...(reach > 0 && { late: lateSums }) };
  }

  restore(state: unknown): void {
    const {
      first = 0,
      rows = new Float64Array(0),
      late,
    } = (state ?? {}) as {
      first?: number;
      rows?: Float64Array;
      late?: Float64Array;
    };
    const count = Math.min(this.most, rows.length / ROW);
    this.next = first + rows.length / ROW;
    this.oldest = this.next - count;
    this.ring = new Float64Array(0);
    this.late = new Float64Array(0);
    this.grow();
    const room = this.ring.length / ROW;
    for (let seq = this.oldest; seq < this.next; seq++) {
      this.ring.set(rows.subarray((seq - first) * ROW, (seq - first + 1) * ROW), (seq % room) * ROW);
      if (late && this.reach > 0) this.late[seq % room] = late[seq - first]!;
    }
  }

  /** Grows the ring to hold the steps from the oldest to the next, up to its limit. */
  private grow(): void {
    const { ring, late, most } = this;
    const before = ring.length / ROW;
    const needed = Math.min(most, this.next - this.oldest);
    if (needed <= before) return;
    let room = Math.min(most, FIRST_STEPS);
    while (room < needed) room = Math.min(most, 2 * room);
    this.ring = new Float64Array(room * ROW);
    if (this.reach > 0) this.late = new Float64Array(room).fill(Number.NaN);
    // a ring that still grows has lost no step: each has a place in the old one and another in the new
    for (let seq = Math.max(this.oldest, this.next - room); seq < this.oldest + before; seq++) {
      const at = (seq % before) * ROW;
      this.ring.set(ring.subarray(at, at + ROW), (seq % room) * ROW);
      if (this.reach > 0) this.late[seq % room] = late[seq % before]!;
    }
  }
}
