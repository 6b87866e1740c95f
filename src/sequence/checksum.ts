/** What tells runs of numbers apart, in one number. */

const scratch = new Float64Array(1);
const words = new Uint32Array(scratch.buffer);

/** A checksum of 53 bits over numbers, as cyrb53 mixes them. 0 and -0 count as the same, and so do all NaNs. */
export class Checksum {
  private one = 0xdeadbeef;
  private other = 0x41c6ce57;

  /** Takes the numbers from `from` to `to`. */
  add(values: ArrayLike<number>, from = 0, to = values.length): this {
    let { one, other } = this;
    for (let i = from; i < to; i++) {
      const value = values[i]!;
      // a NaN has bits of its own
      scratch[0] = Number.isNaN(value) ? Number.NaN : value + 0;
      one = Math.imul(Math.imul(one ^ words[0]!, 0x9e3779b1) ^ words[1]!, 0x9e3779b1);
      other = Math.imul(Math.imul(other ^ words[0]!, 0x5f356495) ^ words[1]!, 0x5f356495);
    }
    this.one = one;
    this.other = other;
    return this;
  }

  /** Gives the checksum of what was added, and forgets it. */
  take(): number {
    let { one, other } = this;
    this.one = 0xdeadbeef;
    this.other = 0x41c6ce57;
    one = Math.imul(one ^ (one >>> 16), 0x85ebca6b) ^ Math.imul(other ^ (other >>> 13), 0xc2b2ae35);
    other = Math.imul(other ^ (other >>> 16), 0x85ebca6b) ^ Math.imul(one ^ (one >>> 13), 0xc2b2ae35);
    return 2 ** 32 * (other & 0x1f_ffff) + (one >>> 0);
  }
}
