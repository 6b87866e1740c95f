/**
 * Exponential smoothing of one series with an additive season (Winters 1960; Gardner 1985), for two settings of its
 * constants at once: a slow level without a trend, and a quick one with a trend.
 *
 *   level' = a (x - season) + (1 - a) (level + trend)      trend' = b (level' - level) + (1 - b) trend
 *   season' = g (x - level') + (1 - g) season              forecast for h steps on: level' + h trend' + season of that step
 *
 *   level [2] | trend [2] | steps taken | 1 once there is a level | period, 0 for none | address of season [2,period] | phase
 *
 * The phase is that of the next step to be taken but one period: the steps taken, modulo the period.
 */
import type { Address } from './arena.js';

export const SMOOTHINGS = 2;
export const [LEVEL, TREND, TAKEN, IS_KNOWN, PERIOD, SEASON_AT, PHASE, SMOOTHING_LENGTH] = [
  0, 2, 4, 5, 6, 7, 8, 10,
] as const;

/** a, b and g of each setting. */
const A = [0.1, 0.6];
const B = [0, 0.1];
const G = [0.05, 0.2];

/** Takes the next value; NaN is missing: the level goes on as was forecast. */
export function smoothingTake(c: Float64Array, at: Address, x: number): void {
  const period = c[at + PERIOD];
  c[at + TAKEN]++;
  if (period > 0) c[at + PHASE] = c[at + PHASE] + 1 === period ? 0 : c[at + PHASE] + 1;
  if (c[at + IS_KNOWN] === 0) {
    if (Number.isNaN(x)) return;
    c.fill(x, at + LEVEL, at + LEVEL + SMOOTHINGS);
    c[at + IS_KNOWN] = 1;
    return;
  }
  for (let k = 0; k < SMOOTHINGS; k++) {
    const seasonAt = c[at + SEASON_AT] + k * period + c[at + PHASE];
    const season = period > 0 ? c[seasonAt] : 0;
    const before = c[at + LEVEL + k];
    const trend = c[at + TREND + k];
    if (Number.isNaN(x)) {
      c[at + LEVEL + k] = before + trend;
      continue;
    }
    const after = A[k] * (x - season) + (1 - A[k]) * (before + trend);
    c[at + TREND + k] = B[k] * (after - before) + (1 - B[k]) * trend;
    c[at + LEVEL + k] = after;
    if (period > 0) c[seasonAt] = G[k] * (x - after) + (1 - G[k]) * season;
  }
}

/** Gives what setting k forecasts for `ahead` steps on. */
export function smoothingForecast(c: Float64Array, at: Address, k: number, ahead: number): number {
  const period = c[at + PERIOD];
  const season = period > 0 ? c[c[at + SEASON_AT] + k * period + ((c[at + PHASE] + ahead) % period)] : 0;
  return c[at + LEVEL + k] + ahead * c[at + TREND + k] + season;
}
