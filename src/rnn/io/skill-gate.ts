/**
 * Holds a forecast back for as long as it has shown no skill: the predicted change counts by a factor of 0, 1/4, 1/2,
 * 3/4 or 1, the one that would have had the smallest absolute error of late. It begins at 0, where the forecast is the
 * baseline, and what the network learns does not depend on it. (A choice among experts that follows the leader, with
 * forgetting: Herbster and Warmuth 1998.)
 */
import { decayOf } from './scaler.js';

const FACTORS = [0, 0.25, 0.5, 0.75, 1];
/** Targets after which an error counts half. */
const HALF_LIFE = 1000;
const DECAY = decayOf(HALF_LIFE);

export class SkillGate {
  /** The absolute error [M,5] that each factor would have had. */
  private readonly errors: Float64Array;
  /** The factor [M] of each output. */
  readonly factor: Float64Array;

  constructor(outputs: number) {
    this.errors = new Float64Array(outputs * FACTORS.length);
    this.factor = new Float64Array(outputs);
  }

  /** Compares a change with the one that was predicted, in the same units. */
  observe(j: number, change: number, predicted: number): void {
    const at = j * FACTORS.length;
    let best = 0;
    for (let i = 0; i < FACTORS.length; i++) {
      const error = DECAY * this.errors[at + i]! + Math.abs(change - FACTORS[i]! * predicted);
      this.errors[at + i] = error;
      if (error < this.errors[at + best]!) best = i;
    }
    this.factor[j] = FACTORS[best]!;
  }

  clear(): void {
    this.errors.fill(0);
    this.factor.fill(0);
  }

  state(): { readonly errors: Float64Array; readonly factor: Float64Array } {
    return { errors: this.errors.slice(), factor: this.factor.slice() };
  }

  restore({ errors, factor }: { readonly errors: Float64Array; readonly factor: Float64Array }): void {
    this.errors.set(errors);
    this.factor.set(factor);
  }
}
