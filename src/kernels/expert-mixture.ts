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
 *
 * E is even: there is room for one forecaster who always sleeps.
 */
import type { Address } from './arena.js';

/** Stands for a forecast that a forecaster did not make. */
export const NO_FORECAST = Number.MAX_VALUE;

/** Errors after which one counts half: ln 2 over it is what each takes off the others. */
const HALF_LIFE = 1000;
const DECAY = 1 - Math.LN2 / HALF_LIFE;
/** One error counts as no more than this many of the baseline's mean ones. */
const CLIP = 5;
const WARM = 30;
/** Errors in the baseline's mean. */
const WINDOW = 500;
/** Nothing is divided by less: one over it may be infinite. */
const LEAST = 2 ** -1022;

export const mixtureLength = (E: number): number => 3 * E + 2;

/** Compares a truth with the forecast that was made for it, and with those [E] at `forecasts` that it was made of. */
export function mixtureObserve(
  c: Float64Array,
  at: Address,
  E: number,
  truth: number,
  forecast: number,
  forecasts: Address,
): void {
  const s = at + 3 * E;
  const seen = ++c[s + 1];
  const error = Math.abs(truth - c[forecasts]);
  const counted = seen > WARM && c[s] > 0 ? Math.min(error, CLIP * c[s]) : error;
  const scale = c[s] + (counted - c[s]) / Math.min(seen, WINDOW);
  c[s] = scale;
  if (!(scale >= LEAST)) return;
  const share = (forecast > truth ? 1 : forecast < truth ? -1 : 0) / scale;
  for (let k = 0; k < E; k++) {
    const f = c[forecasts + k];
    const regret = f === NO_FORECAST ? 0 : Math.max(-CLIP, Math.min(CLIP, (forecast - f) * share));
    c[at + k] = DECAY * c[at + k] + regret;
    c[at + E + k] = DECAY * DECAY * c[at + E + k] + regret * regret;
  }
}

/** Mixes the forecasts [E] at `forecasts`, and notes with which weights. */
export function mixtureMix(c: Float64Array, at: Address, E: number, forecasts: Address): number {
  const weights = at + 2 * E;
  let [even, odd] = [0, 0];
  for (let k = 0; k < E; k += 2) {
    even += weigh(c, at, E, forecasts, k);
    odd += weigh(c, at, E, forecasts, k + 1);
  }
  const sum = even + odd;
  const base = c[forecasts];
  if (!(sum >= LEAST)) {
    c[weights] = 1;
    return base;
  }
  [even, odd] = [0, 0];
  const share = 1 / sum;
  for (let k = 0; k < E; k += 2) {
    c[weights + k] *= share;
    c[weights + k + 1] *= share;
    even += c[weights + k] * (c[forecasts + k] - base);
    odd += c[weights + k + 1] * (c[forecasts + k + 1] - base);
  }
  return base + (even + odd);
}

function weigh(c: Float64Array, at: Address, E: number, forecasts: Address, k: number): number {
  const regret = c[forecasts + k] !== NO_FORECAST && c[at + k] > 0 ? c[at + k] : 0;
  const weight = regret / (1 + c[at + E + k]);
  c[at + 2 * E + k] = weight;
  return weight;
}
