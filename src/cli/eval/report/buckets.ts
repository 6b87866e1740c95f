/**
 * Columns of numbers in constant memory, for charts. NaN is nothing: it changes no bucket.
 *
 * `Buckets` keeps a whole series in at most `capacity` buckets: when they are full, each two become one, and from then
 * on a bucket takes twice as many rows. `Tail` keeps the last `capacity` rows as they were.
 */
export type Channel = 'first' | 'last' | 'mean' | 'min' | 'max';

export interface Columnar {
  /** Rows in a bucket; the last may have fewer. */
  readonly width: number;
  readonly length: number;
  /** One column for each channel, [length]. */
  readonly columns: readonly Float64Array[];
}

export class Buckets {
  private width = 1;
  /** Buckets that are full, and rows in the one after them. */
  private full = 0;
  private rows = 0;
  private readonly values: Float64Array[];
  /** Of a mean: the numbers in it. */
  private readonly counts: (Float64Array | null)[];

  /** @param capacity buckets at most, even. */
  constructor(
    private readonly channels: readonly Channel[],
    private readonly capacity: number,
  ) {
    this.values = channels.map(() => new Float64Array(capacity).fill(Number.NaN));
    this.counts = channels.map((channel) => (channel === 'mean' ? new Float64Array(capacity) : null));
  }

  /** Takes one row, a number for each channel. */
  add(row: ArrayLike<number>): void {
    if (this.full === this.capacity) this.merge();
    for (let i = 0; i < this.channels.length; i++) this.join(i, this.full, row[i]!, 1);
    if (++this.rows < this.width) return;
    this.rows = 0;
    this.full++;
  }

  read(): Columnar {
    const length = this.full + (this.rows > 0 ? 1 : 0);
    return { width: this.width, length, columns: this.values.map((column) => column.slice(0, length)) };
  }

  private merge(): void {
    for (let i = 0; i < this.channels.length; i++) {
      const values = this.values[i]!;
      const counts = this.counts[i];
      for (let bucket = 0; bucket < this.capacity; bucket++) {
        const value = values[bucket]!;
        const count = counts?.[bucket] ?? 1;
        values[bucket] = Number.NaN;
        if (counts) counts[bucket] = 0;
        this.join(i, bucket >> 1, value, count);
      }
    }
    this.full = this.capacity / 2;
    this.width *= 2;
  }

  /** Joins a value, or the mean of `count` values, to a bucket. */
  private join(i: number, bucket: number, value: number, count: number): void {
    if (Number.isNaN(value)) return;
    const values = this.values[i]!;
    const before = values[bucket]!;
    const counts = this.counts[i];
    if (counts) counts[bucket]! += count;
    if (Number.isNaN(before)) values[bucket] = value;
    else if (counts) values[bucket] = before + ((value - before) * count) / counts[bucket]!;
    else if (this.channels[i] === 'min') values[bucket] = Math.min(before, value);
    else if (this.channels[i] === 'max') values[bucket] = Math.max(before, value);
    else if (this.channels[i] === 'last') values[bucket] = value;
  }
}

export class Tail {
  private rows = 0;
  private readonly values: Float64Array;

  constructor(
    private readonly channels: number,
    private readonly capacity: number,
  ) {
    this.values = new Float64Array(channels * capacity);
  }

  add(row: ArrayLike<number>): void {
    const at = (this.rows++ % this.capacity) * this.channels;
    for (let i = 0; i < this.channels; i++) this.values[at + i] = row[i]!;
  }

  read(): Columnar {
    const { rows, channels, capacity, values } = this;
    const length = Math.min(rows, capacity);
    const columns = Array.from({ length: channels }, (_, i) =>
      Float64Array.from({ length }, (_, t) => values[((rows - length + t) % capacity) * channels + i]!),
    );
    return { width: 1, length, columns };
  }
}
