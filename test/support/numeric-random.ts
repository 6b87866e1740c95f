/**
 * Seeded numbers for tests. They come from another generator than the one in src, so that a fault there cannot hide
 * itself (mulberry32, Ettinger 2017).
 */
export class Numbers {
  constructor(private state: number) {}

  /** Draws one number uniformly from (-scale, scale). */
  one(scale = 1): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (((t ^ (t >>> 14)) >>> 0) / 2 ** 31 - 1) * scale;
  }

  /** Draws `count` numbers. */
  many(count: number, scale = 1): number[] {
    return Array.from({ length: count }, () => this.one(scale));
  }

  /** Draws `count` rows of `width` numbers. */
  rows(count: number, width: number, scale = 1): number[][] {
    return Array.from({ length: count }, () => this.many(width, scale));
  }

  /** Draws `rows` probability distributions over `width`, one after the other. */
  distributions(rows: number, width: number): number[] {
    return Array.from({ length: rows }, () => {
      const weights = this.many(width).map((value) => Math.exp(value));
      const sum = weights.reduce((total, value) => total + value, 0);
      return weights.map((value) => value / sum);
    }).flat();
  }
}
