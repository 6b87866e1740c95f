// How unlikely what has come is; see ../anomaly-kernels.ts for what is done, step by step in the same order.

import { MOST_SLOTTED, slotMean, slotOf, SLOTS_WIDTH, slotTake } from './times-of-day';
import { ln, ln2 } from './natural-log';
import { HEAD, surpriseJudge } from './last-surprises';
import { MEAN, RANGE_WIDTH, rangeWiden } from './range-of-values';

const LONG: f64 = 4000;
const WARM: f64 = 100;
const EVENT: f64 = 0.5;
const RUN: i32 = 30;
const SEASON_RUN: i32 = 12;
const DECADES: f64 = 8;
const MARGIN: f64 = 2;
const FADE: f64 = 20;
const CAP: f64 = 100;
const LEAST_SURPRISE: f64 = 3.258096538021482;
const LARGEST_SURPRISE: f64 = 9.210440366976515;
const FREE: f64 = 3;
const BAR: f64 = 4;
const SKILL: f64 = 0.7;
const DISCOUNT: f64 = 1.0 - 0.6931471805599453 / 500.0;

/** Places in bytes: of an output, and of all. */
const SCALE: usize = 8;
const SEASON_SCALE: usize = 24;
const LAST: usize = 32;
const SEASONS: usize = 40;
const SEASON_ERROR: usize = 48;
const MEAN_ERROR: usize = 56;
const RECENT: usize = 64;
const OUTPUT_WIDTH: usize = 72;
const LEVEL: usize = 8;
const TOLD: usize = 16;
const RAREST: usize = 24;
const FORGETTING: usize = 32;
const SUMS: usize = 40;

export function scoreAnomaly(
  numbers: usize, oddness: usize, target: usize, forecast: usize, seasonal: usize, size: i32, time: f64, tolerance: f64,
): f64 {
  const byForecastAt = numbers + SUMS + <usize>size * OUTPUT_WIDTH;
  const bySeasonAt = byForecastAt + HEAD + (<usize>RUN << 3);
  const ranges = bySeasonAt + HEAD + (<usize>SEASON_RUN << 3);
  const slot = slotOf(time);
  const slots = ranges + <usize>size * RANGE_WIDTH + (<usize>slot << 4);
  let surprise: f64 = 0;
  let seasonSurprise: f64 = 0;
  let anySeason: f64 = 0;
  let present: f64 = 0;
  let skilled: f64 = 0;
  let known: f64 = 0;
  let isOutside = false;
  for (let j = 0; j < size; j++) {
    const j8 = <usize>j << 3;
    const value = load<f64>(target + j8);
    const error = f64.abs(value - load<f64>(forecast + j8));
    if (error != error) {
      store<f64>(oddness + j8, 0);
      continue;
    }
    present++;
    const p = numbers + SUMS + <usize>j * OUTPUT_WIDTH;
    const range = ranges + <usize>j * RANGE_WIDTH;
    const slotAt = slots + <usize>j * SLOTS_WIDTH;
    const isSlotted = slot >= 0 && j < MOST_SLOTTED;
    const seen = load<f64>(p) + 1;
    store<f64>(p, seen);
    let own: f64;
    let change: f64;
    if (seen > 1) {
      const both = surprises(p + SCALE, error, f64.abs(value - load<f64>(p, LAST)), seen);
      own = f64x2.extract_lane(both, 0);
      change = f64x2.extract_lane(both, 1);
    } else change = own = surpriseOf(p + SCALE, error, seen);
    store<f64>(p, value, LAST);
    let odd = (own + change) / 2;
    surprise += odd;
    const expected = isSlotted ? slotMean(slotAt) : slot < 0 ? load<f64>(seasonal + j8) : NaN;
    if (expected == expected) {
      const isSkilled = load<f64>(p, SEASON_ERROR) < SKILL * load<f64>(p, MEAN_ERROR);
      const bySeason = judgeSeason(p, value, expected, load<f64>(range, MEAN));
      anySeason += bySeason;
      known++;
      if (isSkilled) {
        seasonSurprise += bySeason;
        skilled++;
        odd = f64.max(odd, bySeason);
      }
    }
    if (isSlotted) slotTake(slotAt, value, load<f64>(p, SEASONS) > WARM ? CAP * load<f64>(p, SEASON_SCALE) : 0);
    const before = load<f64>(p, RECENT);
    const recent = before + (odd - before) / <f64>SEASON_RUN;
    store<f64>(p, recent, RECENT);
    odd = f64.max(odd, 2 * recent);
    if (rangeWiden(range, value, seen, tolerance) && f64.max(own, change) >= LEAST_SURPRISE) {
      isOutside = true;
      odd += 2 * LARGEST_SURPRISE;
    }
    store<f64>(oddness + j8, odd);
  }
  if (present == 0) return 0;
  const count = load<f64>(numbers) + 1;
  store<f64>(numbers, count);
  const byForecast = surpriseJudge(byForecastAt, RUN, surprise / present, LONG);
  let bySeason: f64 = 0;
  if (known > 0)
    bySeason = surpriseJudge(bySeasonAt, SEASON_RUN, skilled > 0 ? seasonSurprise / skilled : anySeason / known, LONG);
  if (count <= WARM) return 0;
  return report(numbers, f64.max(byForecast, skilled > 0 ? bySeason : 0), isOutside);
}

function surpriseOf(p: usize, error: f64, seen: f64): f64 {
  const scale = load<f64>(p);
  const isKnown = seen > WARM;
  const ratio: f64 = scale > 0 ? f64.min(CAP, error / scale) : isKnown && error > 0 ? CAP : 0;
  const joins = isKnown && scale > 0 ? f64.min(error, CAP * scale) : error;
  store<f64>(p, scale + (joins - scale) / f64.min(seen, LONG));
  return ln(1 + ratio * ratio);
}

/** The surprises of an error and of a change, whose scale lies behind the error's: both at once, as surpriseOf has one. */
@inline
function surprises(p: usize, error: f64, change: f64, seen: f64): v128 {
  const scale = v128.load(p);
  const zero = f64x2.splat(0);
  const cap = f64x2.splat(CAP);
  const errors = f64x2.replace_lane(f64x2.splat(error), 1, change);
  const counts = f64x2.replace_lane(f64x2.splat(seen), 1, seen - 1);
  const isKnown = f64x2.gt(counts, f64x2.splat(WARM));
  const hasScale = f64x2.gt(scale, zero);
  const inScales = f64x2.min(cap, f64x2.div(errors, scale));
  const ratio = v128.bitselect(inScales, v128.and(cap, v128.and(isKnown, f64x2.gt(errors, zero))), hasScale);
  const cut = f64x2.min(errors, f64x2.mul(cap, scale));
  const joins = v128.bitselect(cut, errors, v128.and(isKnown, hasScale));
  const step = f64x2.div(f64x2.sub(joins, scale), f64x2.min(counts, f64x2.splat(LONG)));
  v128.store(p, f64x2.add(scale, step));
  return ln2(f64x2.add(f64x2.splat(1), f64x2.mul(ratio, ratio)));
}

function judgeSeason(p: usize, value: f64, expected: f64, mean: f64): f64 {
  const error = f64.abs(value - expected);
  const plain = f64.abs(value - mean);
  const cut = CAP * load<f64>(p, SEASON_SCALE);
  const seen = load<f64>(p, SEASONS) + 1;
  store<f64>(p, seen, SEASONS);
  const odd = surpriseOf(p + SEASON_SCALE, error, seen);
  const most = cut > 0 ? cut : error + plain;
  store<f64>(p, DISCOUNT * load<f64>(p, SEASON_ERROR) + f64.min(error, most), SEASON_ERROR);
  store<f64>(p, DISCOUNT * load<f64>(p, MEAN_ERROR) + f64.min(plain, most), MEAN_ERROR);
  return odd;
}

function report(p: usize, rarity: f64, isOutside: bool): f64 {
  let told = load<f64>(p, TOLD);
  const forgetting = load<f64>(p, FORGETTING);
  const rarest = load<f64>(p, RAREST);
  told = told - told * forgetting;
  store<f64>(p, told, TOLD);
  const bar = rarity > 2 * rarest ? 1 : 1 + f64.max(0, told - FREE) / BAR;
  const score = f64.min(1, rarity / DECADES) / bar;
  const level = isOutside ? 1 : f64.max(0, load<f64>(p, LEVEL) - 1 / (FADE * DECADES));
  store<f64>(p, level, LEVEL);
  if (isOutside) return 1;
  if (score <= level + MARGIN / DECADES) return f64.max(0, score - level);
  store<f64>(p, score, LEVEL);
  if (rarity >= EVENT * DECADES) store<f64>(p, f64.max(rarest, rarity), RAREST);
  if (score >= EVENT) {
    if (told > FREE) store<f64>(p, forgetting / 2, FORGETTING);
    store<f64>(p, told + 1, TOLD);
  }
  return score;
}
