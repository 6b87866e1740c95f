/** A store that lasts as long as its process: it keeps the last steps of each sequence, and all it has is "durable". */
import type { StepLog, Store } from './store.js';

/**
 * Creates a store in memory.
 *
 * @param keep steps that each log keeps: as many as a producer may have to resend
 * @param keepBytes bytes of them, at most, but always one step
 */
export function createMemoryStore(keep: number, keepBytes = 1024 * 1024): Store {
  return {
    openLog: (_sequence, stepSize, onDurable) =>
      new MemoryLog(stepSize, Math.max(1, Math.min(keep, Math.floor(keepBytes / (4 * stepSize)))), onDurable),
  };
}

/** Steps of a ring that has just begun; it doubles until it holds all that is kept. */
const FIRST_STEPS = 8;

/** One ring of numbers: step `seq` lies at `seq` modulo the steps that there is room for. */
class MemoryLog implements StepLog {
  private ring = new Float32Array(0);
  /** Number of the step after the last, and of the oldest that is kept. */
  private next = 0;
  private oldest = 0;

  constructor(
    private readonly stepSize: number,
    private readonly keep: number,
    private readonly onDurable: (seq: number) => void,
  ) {}

  append(first: number, x: Float32Array): void {
    const { stepSize } = this;
    const count = x.length / stepSize;
    if (first !== this.next) this.oldest = first;
    this.next = first + count;
    this.grow();
    const room = this.ring.length / stepSize;
    this.oldest = Math.max(this.oldest, this.next - room);
    for (let t = Math.max(0, count - room); t < count; t++) {
      const at = ((first + t) % room) * stepSize;
      for (let i = 0; i < stepSize; i++) this.ring[at + i] = x[t * stepSize + i]!;
    }
    this.onDurable(this.next - 1);
  }

  read(seq: number): Float32Array | null {
    if (seq < this.oldest || seq >= this.next) return null;
    const at = (seq % (this.ring.length / this.stepSize)) * this.stepSize;
    return this.ring.subarray(at, at + this.stepSize);
  }

  close(): void {
    this.ring = new Float32Array(0);
    this.oldest = this.next;
  }

  /** Makes room for the steps from the oldest to the next, as far as they are kept. */
  private grow(): void {
    const { ring, stepSize, keep } = this;
    const before = ring.length / stepSize;
    const needed = Math.min(keep, this.next - this.oldest);
    if (needed <= before) return;
    let room = Math.min(keep, FIRST_STEPS);
    while (room < needed) room = Math.min(keep, 2 * room);
    this.ring = new Float32Array(room * stepSize);
    // no step has left a ring that still grows: each has a place in the old one and another in the new
    for (let seq = Math.max(this.oldest, this.next - room); seq < this.oldest + before; seq++) {
      const at = (seq % before) * stepSize;
      this.ring.set(ring.subarray(at, at + stepSize), (seq % room) * stepSize);
    }
  }
}
