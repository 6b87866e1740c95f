/**
 * A mixture of forecasters by their past errors: prediction with expert advice, ML-Poly (Gaillard, Stoltz and van Erven
 * 2014, section 3) with the gradient trick (Cesa-Bianchi and Lugosi 2006, section 2.5) on the absolute error, and with
 * discounted regrets (section 2.11 there).
 *
 *   r_k = sign(y - x) (y - f_k) / s, clipped to +-CLIP      R_k = d R_k + r_k      V_k = d^2 V_k + r_k^2
 *   weight of k ~ max(0, R_k) / (1 + V_k)                   y = sum of weight_k f_k
 *
 * s is the mean absolute error of the baseline, the first forecaster, who is also the forecast while none has a positive
 * regret. A forecaster that has no forecast sleeps: it has no weight, and its regret stays. Without forgetting, T forecasts
 * have no larger sum of absolute errors than any one of E forecasters, or any fixed mixture of them, would have had, but
 * for s sqrt(E (1 + V_k) (1 + ln(1 + T))) (theorem 5 there); with it, the same holds of discounted sums.
 *
 *   R [E] | V [E] | weight [E] | s | errors seen
 */
import { clamp } from '../../math/clamp.js';
import { decayOf } from '../io/scaler.js';

/** Stands for a forecast that a forecaster did not make. */
export const NO_FORECAST = Number.MAX_VALUE;

/** Errors after which one counts half. */
const HALF_LIFE = 1000;
const DECAY = decayOf(HALF_LIFE);
/** One error counts as no more than this many of the baseline's mean ones. */
const CLIP = 5;
const WARM = 30;
/** Errors in the baseline's mean. */
const WINDOW = 500;

export class ExpertMixture {
  static length(experts: number): number {
    return 3 * experts + 2;
  }

  /** @param at where it begins in `c` */
  constructor(
    private readonly c: Float64Array,
    private readonly at: number,
    private readonly experts: number,
  ) {}

  /** Where the weights [E] lie that the last forecast was made with. */
  get weights(): number {
    return this.at + 2 * this.experts;
  }

  clear(): void {
    this.c.fill(0, this.at, this.at + ExpertMixture.length(this.experts));
  }

  /** The mean absolute error of the baseline. */
  get scale(): number {
    return this.c[this.at + 3 * this.experts]!;
  }

  /** Forgets what was held of forecaster k, who is another one from here on. */
  forget(k: number): void {
    this.c[this.at + k] = 0;
    this.c[this.at + this.experts + k] = 0;
  }

  /** Compares a truth with the forecast that was made for it, and with those [E] at `forecasts` that it was made of. */
  observe(truth: number, forecast: number, forecasts: number): void {
    const { c, at, experts } = this;
    const s = at + 3 * experts;
    const seen = ++c[s + 1]!;
    const error = Math.abs(truth - c[forecasts]!);
    const counted = seen > WARM && c[s]! > 0 ? Math.min(error, CLIP * c[s]!) : error;
    const scale = c[s]! + (counted - c[s]!) / Math.min(seen, WINDOW);
    c[s] = scale;
    if (!(scale > 0)) return;
    const sign = Math.sign(forecast - truth);
    for (let k = 0; k < experts; k++) {
      const f = c[forecasts + k]!;
      const regret = f === NO_FORECAST ? 0 : clamp((sign * (forecast - f)) / scale, CLIP);
      c[at + k] = DECAY * c[at + k]! + regret;
      c[at + experts + k] = DECAY * DECAY * c[at + experts + k]! + regret * regret;
    }
  }

  /** Mixes the forecasts [E] at `forecasts`, and notes with which weights. */
  mix(forecasts: number): number {
    const { c, at, experts, weights } = this;
    let sum = 0;
    for (let k = 0; k < experts; k++) {
      const regret = c[forecasts + k]! === NO_FORECAST ? 0 : Math.max(0, c[at + k]!);
      const weight = regret / (1 + c[at + experts + k]!);
      c[weights + k] = weight;
      sum += weight;
    }
    if (!(sum > 0)) {
      c[weights] = 1;
      return c[forecasts]!;
    }
    let off = 0;
    const base = c[forecasts]!;
    for (let k = 0; k < experts; k++) {
      const weight = c[weights + k]! / sum;
      c[weights + k] = weight;
      if (weight > 0) off += weight * (c[forecasts + k]! - base);
    }
    return base + off;
  }
}
