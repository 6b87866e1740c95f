/** Seeded randomness with a state that can be saved, and the same numbers on every machine. */
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus, xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';

export class Random {
  private constructor(private generator: ReturnType<typeof xoroshiro128plus>) {}

  static fromSeed(seed: number): Random {
    return new Random(xoroshiro128plus(mix(seed)));
  }

  /** The state, to continue from with {@link restore}. */
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
   * Draws approximately from the standard normal distribution: the sum of 12 uniforms (Irwin-Hall). Unlike Box-Muller it
   * needs no logarithm or cosine, whose last bits differ between machines.
   */
  normal(): number {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += uniformFloat64(this.generator);
    return sum;
  }
}

/**
 * Spreads a seed over 32 bits, one to one (the finaliser of MurmurHash3, Appleby 2011). The generator starts from the
 * bits of its seed: small seeds, which people choose, would all begin with nearly the same number, close to the maximum.
 */
function mix(seed: number): number {
  let bits = (seed + 0x9e3779b9) | 0; // otherwise 0 would stay 0
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
