/** The values of the last steps, to compare repeated steps with the accepted ones. */
export class RecentSteps {
  /** Step `seq` is at `seq` modulo the capacity. */
  private ring = new Float32Array(0);
  /** Number of the step after the last, and of the oldest one kept. */
  private next = 0;
  private oldest = 0;
  private readonly keep: number;

  /**
   * @param stepSize numbers in a step, B * F
   * @param steps to keep: as many as a producer may have to resend
   * @param bytes to use at most, but always enough for one step
   */
  constructor(
    private readonly stepSize: number,
    steps: number,
    bytes = 1024 * 1024,
  ) {
    this.keep = Math.max(1, Math.min(steps, Math.floor(bytes / (4 * stepSize))));
  }

  /** Adds the steps from number `first` on, x [T,B,F]. */
  add(first: number, x: Float32Array): void {
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
  }

  /** Gives x [B,F] of a kept step, or null. It is valid until the next `add`. */
  read(seq: number): Float32Array | null {
    if (seq < this.oldest || seq >= this.next) return null;
    const at = (seq % (this.ring.length / this.stepSize)) * this.stepSize;
    return this.ring.subarray(at, at + this.stepSize);
  }

  clear(): void {
    this.ring = new Float32Array(0);
    this.oldest = this.next;
  }

  /** Grows the ring to hold the steps from the oldest to the next, up to its limit. */
  private grow(): void {
    const { ring, stepSize, keep } = this;
    const before = ring.length / stepSize;
    const needed = Math.min(keep, this.next - this.oldest);
    if (needed <= before) return;
    let room = Math.min(keep, FIRST_STEPS);
    while (room < needed) room = Math.min(keep, 2 * room);
    this.ring = new Float32Array(room * stepSize);
    // a ring that still grows has lost no step: each has a place in the old one and another in the new
    for (let seq = Math.max(this.oldest, this.next - room); seq < this.oldest + before; seq++) {
      const at = (seq % before) * stepSize;
      this.ring.set(ring.subarray(at, at + stepSize), (seq % room) * stepSize);
    }
  }
}

/** The first capacity of the ring, in steps; it doubles up to its limit. */
const FIRST_STEPS = 8;
