/**
 * Anomaly score: how unlikely what has come is under what came before, in [0, 1] at every step. Three judges; the largest
 * counts.
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
import { ln } from '../../math/logarithm.js';
import { LONG, WARM } from './anomaly-windows.js';
import { DaySlots } from './day-slots.js';
import { RecentSurprise } from './recent-surprise.js';
import { ValueRange } from './value-range.js';

export interface AnomalyState {
  /** Version 0.1 had others. */
  readonly numbers?: Float64Array;
}

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
const LEAST_SURPRISE = ln(1 + UNSEEN * UNSEEN);
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
const COLUMNS = 9;
/** Numbers of all: steps, level, events told, the rarest of them, forgetting. */
const [COUNT, LEVEL, TOLD, RAREST, FORGETTING] = [0, 1, 2, 3, 4];
const SUMS = 5;

export class AnomalyScore {
  /** How odd each number was at the last step: its surprise, or twice the mean of those of late. */
  readonly oddness: Float64Array;
  private readonly c: Float64Array;
  private readonly forecast: RecentSurprise;
  private readonly season: RecentSurprise;
  private readonly range: ValueRange;
  private readonly slots: DaySlots;

  /** Gives how many numbers it keeps of a target [size]. */
  static length(size: number): number {
    const runs = RecentSurprise.length(RUN) + RecentSurprise.length(SEASON_RUN);
    return SUMS + size * COLUMNS + runs + ValueRange.length(size) + DaySlots.length(size);
  }

  /** @param size numbers in a target: batch rows * outputs */
  constructor(private readonly size: number) {
    this.oddness = new Float64Array(size);
    const own = SUMS + size * COLUMNS;
    const runs = own + RecentSurprise.length(RUN);
    const range = runs + RecentSurprise.length(SEASON_RUN);
    const slots = range + ValueRange.length(size);
    this.c = new Float64Array(AnomalyScore.length(size));
    this.forecast = new RecentSurprise(this.c, own, RUN);
    this.season = new RecentSurprise(this.c, runs, SEASON_RUN);
    this.range = new ValueRange(this.c, range, size);
    this.slots = new DaySlots(this.c, slots, size);
    this.clear();
  }

  /**
   * Scores a target [size] against its forecast, and lets both join the history.
   *
   * @param seasonal what the season lets expect [size], if it is known, else NaN
   * @param time milliseconds since 1970; NaN if unknown. Where it is known, the mean of the same time of day is expected
   * @example
   * const anomaly = new AnomalyScore(1)
   * const isEvent = anomaly.score([20.5], [20.1]) >= EVENT
   */
  score(
    target: ArrayLike<number>,
    forecast: ArrayLike<number>,
    seasonal: ArrayLike<number> | null = null,
    time = Number.NaN,
    forecastAt = 0,
  ): number {
    const { c, size, oddness, slots } = this;
    const slot = slots.of(time);
    let [surprise, seasonSurprise, anySeason, present, skilled, known] = [0, 0, 0, 0, 0, 0];
    let isOutside = false;
    for (let j = 0; j < size; j++) {
      oddness[j] = 0;
      const value = target[j]!;
      const error = Math.abs(value - forecast[forecastAt + j]!);
      if (Number.isNaN(error)) continue;
      present++;
      const at = SUMS + j * COLUMNS;
      const seen = ++c[at + SEEN]!;
      const own = this.surprise(at + SCALE, error, seen);
      const change = seen > 1 ? this.surprise(at + CHANGE, Math.abs(value - c[at + LAST]!), seen - 1) : own;
      c[at + LAST] = value;
      surprise += (own + change) / 2;
      oddness[j] = (own + change) / 2;
      const expected = slot < 0 ? (seasonal?.[j] ?? Number.NaN) : slots.mean(j, slot);
      if (!Number.isNaN(expected)) {
        const isSkilled = c[at + SEASON_ERROR]! < SKILL * c[at + MEAN_ERROR]!;
        const odd = this.judgeSeason(at, value, expected, this.range.mean(j));
        anySeason += odd;
        known++;
        if (isSkilled) {
          seasonSurprise += odd;
          skilled++;
          oddness[j] = Math.max(oddness[j]!, odd);
        }
      }
      if (slot >= 0) slots.take(j, slot, value, c[at + SEASONS]! > WARM ? CAP * c[at + SEASON_SCALE]! : 0);
      c[at + RECENT] = c[at + RECENT]! + (oddness[j]! - c[at + RECENT]!) / SEASON_RUN;
      oddness[j] = Math.max(oddness[j]!, 2 * c[at + RECENT]!);
      const isFar = this.range.widen(value, j, seen);
      if (isFar && Math.max(own, change) >= LEAST_SURPRISE) {
        isOutside = true;
        oddness[j] = oddness[j]! + 2 * ln(1 + CAP * CAP);
      }
    }
    if (present === 0) return 0;
    const count = ++c[COUNT]!;
    const byForecast = this.forecast.judge(surprise / present, LONG);
    // a season is learned from before it has skill, so that it can be judged as soon as it has
    const bySeason =
      known > 0 ? this.season.judge(skilled > 0 ? seasonSurprise / skilled : anySeason / known, LONG) : 0;
    if (count <= WARM) return 0;
    return this.report(Math.max(byForecast, skilled > 0 ? bySeason : 0), isOutside);
  }

  /** Gives what is worth telling of a rarity, in powers of ten. */
  private report(rarity: number, isOutside: boolean): number {
    const { c } = this;
    c[TOLD] = c[TOLD]! - c[TOLD]! * c[FORGETTING]!;
    const bar = rarity > 2 * c[RAREST]! ? 1 : 1 + Math.max(0, c[TOLD]! - FREE) / BAR;
    const score = Math.min(1, rarity / DECADES) / bar;
    const level = isOutside ? 1 : Math.max(0, c[LEVEL]! - 1 / (FADE * DECADES));
    c[LEVEL] = level;
    if (isOutside) return 1;
    if (score <= level + MARGIN / DECADES) return Math.max(0, score - level);
    c[LEVEL] = score;
    if (rarity >= EVENT * DECADES) c[RAREST] = Math.max(c[RAREST]!, rarity);
    if (score >= EVENT) {
      if (c[TOLD]! > FREE) c[FORGETTING] = c[FORGETTING]! / 2;
      c[TOLD] = c[TOLD]! + 1;
    }
    return score;
  }

  /** Gives u of an error by its scale before this step, then lets the error join that. After a constant any error is the largest. */
  private surprise(at: number, error: number, seen: number): number {
    const { c } = this;
    const scale = c[at]!;
    const isKnown = seen > WARM;
    const ratio = scale > 0 ? Math.min(CAP, error / scale) : isKnown && error > 0 ? CAP : 0;
    const joins = isKnown && scale > 0 ? Math.min(error, CAP * scale) : error;
    c[at] = scale + (joins - scale) / Math.min(seen, LONG);
    return ln(1 + ratio * ratio);
  }

  private judgeSeason(at: number, value: number, expected: number, mean: number): number {
    const { c } = this;
    const error = Math.abs(value - expected);
    const plain = Math.abs(value - mean);
    const cut = CAP * c[at + SEASON_SCALE]!;
    const odd = this.surprise(at + SEASON_SCALE, error, ++c[at + SEASONS]!);
    const most = cut > 0 ? cut : error + plain;
    c[at + SEASON_ERROR] = DISCOUNT * c[at + SEASON_ERROR]! + Math.min(error, most);
    c[at + MEAN_ERROR] = DISCOUNT * c[at + MEAN_ERROR]! + Math.min(plain, most);
    return odd;
  }

  /** The numbers that were odd at the last step, oddest first: one at least, up to `most` of them. */
  ranked(most: number): number[] {
    const { oddness } = this;
    return Array.from(oddness.keys())
      .sort((a, b) => oddness[b]! - oddness[a]! || a - b)
      .filter((j, rank) => rank === 0 || oddness[j]! > LEAST_SURPRISE / 2)
      .slice(0, most);
  }

  clear(): void {
    this.c.fill(0);
    this.c[FORGETTING] = Math.LN2 / HALF;
    this.oddness.fill(0);
  }

  state(): AnomalyState {
    return { numbers: this.c.slice() };
  }

  restore({ numbers }: AnomalyState): void {
    if (numbers) this.c.set(numbers);
    else this.clear();
  }
}
