/** Seeded randomness whose state can be kept, and which gives the same numbers on every machine. */
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus, xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';

export class Random {
  private constructor(private generator: ReturnType<typeof xoroshiro128plus>) {}

  static fromSeed(seed: number): Random {
    return new Random(xoroshiro128plus(seed));
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
