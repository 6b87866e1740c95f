/**
 * The kernel of the anomaly score: contract, reference, and the way to the module. How unlikely what has come is under what
 * came before, in [0, 1] at every step. Three judges; the largest counts.
 *
 *   surprise   u(e, s) = ln(1 + min(e / s, CAP)^2)        -ln density of a Cauchy error of scale s, up to a constant
 *   forecast   u_t = mean_j (u(e_j, s_j) + u(c_j, s'_j)) / 2      e: error of the forecast, c: change from the value before
 *   season     v_t = mean_j u(error of what the season lets expect), over outputs whose season has skill: its error of late
 *              is less than SKILL times that of a running mean. It does not follow the newest values, so that what goes on
 *              in an unusual way stays unusual.
 *   each:      z = (mean of its last RUN - m) / d         m, d: mean and deviation of that mean, over about LONG steps
 *              L = -log10 Q(z) / DECADES                  (Ahmad et al. 2017, section 3); see recent-surprise.ts
 *   range      1 for a value outside the range of the past; see value-range.ts
 *
 * Scales are means over about LONG steps, and what joins them is cut at CAP of them: a wild value is one value. An anomaly
 * that goes on is one: its level is reported once and then fades, and until something much less likely comes, only the
 * excess is scored. What has been told often is told less readily, unless it is rarer than all that was told.
 *
 * Causal: each step is judged by those before it. A missing number (NaN) is not judged and joins nothing. Only
 * + - * / sqrt, so that every machine gives the same bits.
 */
import { ln } from '../math/logarithm.js';
import { LONG, WARM } from './anomaly-windows.js';
import type { Address } from './arena.js';
import { MOST_SLOTTED, SLOTS_WIDTH, slotMean, slotOf, slotsLength, slotTake } from './day-slots.js';
import { surpriseJudge, surpriseLength } from './recent-surprise.js';
import { RANGE_WIDTH, rangeMean, rangeWiden } from './value-range.js';

/** A score that reaches this is worth an event. */
export const EVENT = 0.5;

/** Steps in the recent mean of the forecast's surprises, and of the season's, which does not follow what happens. */
const RUN = 30;
const SEASON_RUN = 12;
/** Powers of ten from score 0 to 1. */
const DECADES = 8;
/** How much less likely than the reported level a value must be to be reported again, in powers of ten. */
const MARGIN = 2;
/** Steps in which the reported level fades by a power of ten. */
const FADE = 20;
/** The largest error in scales; it bounds what one step weighs. */
const CAP = 100;
/** The least error, in scales, of a value outside the range for it to count. */
const UNSEEN = 5;
export const LEAST_SURPRISE = ln(1 + UNSEEN * UNSEEN);
const LARGEST_SURPRISE = ln(1 + CAP * CAP);
/** Events by likelihood that are told freely, how many more double the bar, and the steps in which half of them are forgotten. */
const FREE = 3;
const BAR = 4;
const HALF = 20_000;
/** The season's error, in parts of a running mean's, below which it has skill; both halve in SKILL_HALF steps. */
const SKILL = 0.7;
const SKILL_HALF = 500;
const DISCOUNT = 1 - Math.LN2 / SKILL_HALF;

/** Numbers of an output: values seen; scales of errors, changes and season; last value; season's errors seen, its and the mean's. */
const [SEEN, SCALE, CHANGE, SEASON_SCALE, LAST, SEASONS, SEASON_ERROR, MEAN_ERROR] = [0, 1, 2, 3, 4, 5, 6, 7];
/** The mean of its surprises of late. */
const RECENT = 8;
const OUTPUT_WIDTH = 9;
/** Numbers of all: steps, level, events told, the rarest of them, forgetting. */
const [COUNT, LEVEL, TOLD, RAREST, FORGETTING] = [0, 1, 2, 3, 4];
const SUMS = 5;

export interface AnomalyKernels {
  /**
   * Scores targets [size] against forecasts [size], lets both join the history, and gives the score.
   *
   * @param numbers the history: sums of all, numbers of each output, the judges of the forecast and of the season, ranges
   * and slots of the day; see {@link anomalyLength}
   * @param oddness where to write how odd each number was [size]: its surprise, or twice the mean of those of late
   * @param seasonal what the season lets expect [size], NaN for nothing; read where the time is unknown
   * @param time milliseconds since 1970; NaN if unknown
   * @param tolerance how far a value may lie outside its range
   */
  scoreAnomaly(
    c: Float64Array,
    numbers: Address,
    oddness: Address,
    target: Address,
    forecast: Address,
    seasonal: Address,
    size: number,
    time: number,
    tolerance: number,
  ): number;
}

/** Gives how many numbers the history of targets [size] has. */
export function anomalyLength(size: number): number {
  const runs = surpriseLength(RUN) + surpriseLength(SEASON_RUN);
  return SUMS + size * (OUTPUT_WIDTH + RANGE_WIDTH) + runs + slotsLength(size);
}

/** Begins a history. */
export function anomalyBegin(c: Float64Array, numbers: Address): void {
  c[numbers + FORGETTING] = Math.LN2 / HALF;
}

export const anomalyReference: AnomalyKernels = {
  scoreAnomaly(c, numbers, oddness, target, forecast, seasonal, size, time, tolerance) {
    const byForecastAt = numbers + SUMS + size * OUTPUT_WIDTH;
    const bySeasonAt = byForecastAt + surpriseLength(RUN);
    const ranges = bySeasonAt + surpriseLength(SEASON_RUN);
    const slots = ranges + size * RANGE_WIDTH;
    const slot = slotOf(time);
    let [surprise, seasonSurprise, anySeason, present, skilled, known] = [0, 0, 0, 0, 0, 0];
    let isOutside = false;
    for (let j = 0; j < size; j++) {
      c[oddness + j] = 0;
      const value = c[target + j];
      const error = Math.abs(value - c[forecast + j]);
      if (Number.isNaN(error)) continue;
      present++;
      const at = numbers + SUMS + j * OUTPUT_WIDTH;
      const range = ranges + j * RANGE_WIDTH;
      const slotsAt = slots + j * SLOTS_WIDTH;
      const isSlotted = slot >= 0 && j < MOST_SLOTTED;
      const seen = ++c[at + SEEN];
      const own = surpriseOf(c, at + SCALE, error, seen);
      const change = seen > 1 ? surpriseOf(c, at + CHANGE, Math.abs(value - c[at + LAST]), seen - 1) : own;
      c[at + LAST] = value;
      let odd = (own + change) / 2;
      surprise += odd;
      const unknown = slot < 0 ? c[seasonal + j] : Number.NaN;
      const expected = isSlotted ? slotMean(c, slotsAt, slot) : unknown;
      if (!Number.isNaN(expected)) {
        const isSkilled = c[at + SEASON_ERROR] < SKILL * c[at + MEAN_ERROR];
        const bySeason = judgeSeason(c, at, value, expected, rangeMean(c, range));
        anySeason += bySeason;
        known++;
        if (isSkilled) {
          seasonSurprise += bySeason;
          skilled++;
          odd = Math.max(odd, bySeason);
        }
      }
      if (isSlotted)
        slotTake(c, slotsAt, slot, value, c[at + SEASONS] > WARM ? CAP * c[at + SEASON_SCALE] : 0);
      c[at + RECENT] += (odd - c[at + RECENT]) / SEASON_RUN;
      odd = Math.max(odd, 2 * c[at + RECENT]);
      const isFar = rangeWiden(c, range, value, seen, tolerance);
      if (isFar && Math.max(own, change) >= LEAST_SURPRISE) {
        isOutside = true;
        odd += 2 * LARGEST_SURPRISE;
      }
      c[oddness + j] = odd;
    }
    if (present === 0) return 0;
    const count = ++c[numbers + COUNT];
    const byForecast = surpriseJudge(c, byForecastAt, RUN, surprise / present, LONG);
    // a season is learned from before it has skill, so that it can be judged as soon as it has
    const expected = skilled > 0 ? seasonSurprise / skilled : anySeason / known;
    const bySeason = known > 0 ? surpriseJudge(c, bySeasonAt, SEASON_RUN, expected, LONG) : 0;
    if (count <= WARM) return 0;
    return report(c, numbers, Math.max(byForecast, skilled > 0 ? bySeason : 0), isOutside);
  },
};

/** Gives u of an error by its scale before this step, then lets the error join that. After a constant any error is the largest. */
function surpriseOf(c: Float64Array, at: Address, error: number, seen: number): number {
  const scale = c[at];
  const isKnown = seen > WARM;
  const ratio = scale > 0 ? Math.min(CAP, error / scale) : isKnown && error > 0 ? CAP : 0;
  const joins = isKnown && scale > 0 ? Math.min(error, CAP * scale) : error;
  c[at] = scale + (joins - scale) / Math.min(seen, LONG);
  return ln(1 + ratio * ratio);
}

function judgeSeason(c: Float64Array, at: Address, value: number, expected: number, mean: number): number {
  const error = Math.abs(value - expected);
  const plain = Math.abs(value - mean);
  const cut = CAP * c[at + SEASON_SCALE];
  const odd = surpriseOf(c, at + SEASON_SCALE, error, ++c[at + SEASONS]);
  const most = cut > 0 ? cut : error + plain;
  c[at + SEASON_ERROR] = DISCOUNT * c[at + SEASON_ERROR] + Math.min(error, most);
  c[at + MEAN_ERROR] = DISCOUNT * c[at + MEAN_ERROR] + Math.min(plain, most);
  return odd;
}

/** Gives what is worth telling of a rarity, in powers of ten. */
function report(c: Float64Array, at: Address, rarity: number, isOutside: boolean): number {
  c[at + TOLD] -= c[at + TOLD] * c[at + FORGETTING];
  const bar = rarity > 2 * c[at + RAREST] ? 1 : 1 + Math.max(0, c[at + TOLD] - FREE) / BAR;
  const score = Math.min(1, rarity / DECADES) / bar;
  const level = isOutside ? 1 : Math.max(0, c[at + LEVEL] - 1 / (FADE * DECADES));
  c[at + LEVEL] = level;
  if (isOutside) return 1;
  if (score <= level + MARGIN / DECADES) return Math.max(0, score - level);
  c[at + LEVEL] = score;
  if (rarity >= EVENT * DECADES) c[at + RAREST] = Math.max(c[at + RAREST], rarity);
  if (score >= EVENT) {
    if (c[at + TOLD] > FREE) c[at + FORGETTING] /= 2;
    c[at + TOLD] += 1;
  }
  return score;
}

/** The kernel as the module exports it: without an array, and with addresses in bytes. */
export interface AnomalyExports {
  scoreAnomaly(
    ...call: [
      numbers: number,
      oddness: number,
      target: number,
      forecast: number,
      seasonal: number,
      size: number,
      time: number,
      tolerance: number,
    ]
  ): number;
}

export const anomalyOnWasm = (wasm: AnomalyExports): AnomalyKernels => ({
  scoreAnomaly: (_c, numbers, oddness, target, forecast, seasonal, size, time, tolerance) =>
    wasm.scoreAnomaly(
      8 * numbers,
      8 * oddness,
      8 * target,
      8 * forecast,
      8 * seasonal,
      size,
      time,
      tolerance,
    ),
});
