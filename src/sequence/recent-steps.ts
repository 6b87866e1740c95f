/** The numbers of the last steps, to compare repeated steps with the accepted ones. */
export class RecentSteps {
  /** Step `seq` is at `seq` modulo the capacity: its x, its targets, and its time. */
  private ring = new Float64Array(0);
  /** Number of the step after the last, and of the oldest one kept. */
  private next = 0;
  private oldest = 0;
  private readonly keep: number;
  private readonly rowSize: number;

  /**
   * @param stepSize numbers in a step, B * F
   * @param targetSize numbers in a target, B * M; 0 without targets
   * @param steps to keep: as many as a producer may have to resend
   * @param bytes to use at most, but always enough for one step
   */
  constructor(
    private readonly stepSize: number,
    private readonly targetSize: number,
    steps: number,
    bytes = 1024 * 1024,
  ) {
    this.rowSize = stepSize + targetSize + 1;
    this.keep = Math.max(1, Math.min(steps, Math.floor(bytes / (8 * this.rowSize))));
  }

  /** Adds the steps from number `first` on: x [T,B,F], targets [T,B,M] or none, and t [T], or null where it is unknown. */
  add(first: number, x: Float64Array, targets: Float64Array | null, t: Float64Array | null): void {
    const { stepSize, targetSize, rowSize } = this;
    const count = x.length / stepSize;
    if (first !== this.next) this.oldest = first;
    this.next = first + count;
    this.grow();
    const { ring } = this;
    const room = ring.length / rowSize;
    this.oldest = Math.max(this.oldest, this.next - room);
    for (let i = Math.max(0, count - room); i < count; i++) {
      const at = ((first + i) % room) * rowSize;
      for (let j = 0; j < stepSize; j++) ring[at + j] = x[i * stepSize + j]!;
      for (let j = 0; j < targetSize; j++)
        ring[at + stepSize + j] = targets ? targets[i * targetSize + j]! : Number.NaN;
      ring[at + rowSize - 1] = t ? t[i]! : Number.NaN;
    }
  }

  /** Gives x [B,F], the target [B,M] and the time of a kept step in one row, or null. It is valid until the next `add`. */
  read(seq: number): Float64Array | null {
    if (seq < this.oldest || seq >= this.next) return null;
    const { rowSize } = this;
    const at = (seq % (this.ring.length / rowSize)) * rowSize;
    return this.ring.subarray(at, at + rowSize);
  }

  clear(): void {
    this.ring = new Float64Array(0);
    this.oldest = this.next;
  }

  /** Grows the ring to hold the steps from the oldest to the next, up to its limit. */
  private grow(): void {
    const { ring, rowSize, keep } = this;
    const before = ring.length / rowSize;
    const needed = Math.min(keep, this.next - this.oldest);
    if (needed <= before) return;
    let room = Math.min(keep, FIRST_STEPS);
    while (room < needed) room = Math.min(keep, 2 * room);
    this.ring = new Float64Array(room * rowSize);
    // a ring that still grows has lost no step: each has a place in the old one and another in the new
    for (let seq = Math.max(this.oldest, this.next - room); seq < this.oldest + before; seq++) {
      const at = (seq % before) * rowSize;
      this.ring.set(ring.subarray(at, at + rowSize), (seq % room) * rowSize);
    }
  }
}

/** The first capacity of the ring, in steps; it doubles up to its limit. */
const FIRST_STEPS = 8;
