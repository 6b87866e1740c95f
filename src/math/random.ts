/** Seeded randomness whose state can be kept, and which gives the same numbers on every machine. */
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus, xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';

export class Random {
  private constructor(private generator: ReturnType<typeof xoroshiro128plus>) {}

  static fromSeed(seed: number): Random {
    return new Random(xoroshiro128plus(mix(seed)));
  }

  /** The state, to go on from with {@link restore}. */
  state(): number[] {
    return [...this.generator.getState()];
  }

  restore(state: readonly number[]): void {
    this.generator = xoroshiro128plusFromState(state);
  }

  /** Draws uniformly from [low, high). */
  uniform(low: number, high: number): number {
    return low + (high - low) * uniformFloat64(this.generator);
  }

  /**
   * Draws from nearly the standard normal distribution: the sum of 12 uniforms (Irwin-Hall). Unlike Box-Muller it
   * needs no logarithm and no cosine, whose last bits differ between machines.
   */
  normal(): number {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += uniformFloat64(this.generator);
    return sum;
  }
}

/**
 * Spreads a seed over 32 bits, one to one (the finaliser of MurmurHash3, Appleby 2011). The generator begins with the
 * bits of its seed: small ones, as people choose, would all have nearly the same first number, the largest there is.
 */
function mix(seed: number): number {
  let bits = (seed + 0x9e3779b9) | 0; // or 0 would stay 0
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
