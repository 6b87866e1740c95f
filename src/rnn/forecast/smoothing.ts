/**
 * Exponential smoothing of one series with an additive season (Winters 1960; Gardner 1985), for two settings of its
 * constants at once: a slow level without a trend, and a quick one with a trend.
 *
 *   level' = a (x - season) + (1 - a) (level + trend)      trend' = b (level' - level) + (1 - b) trend
 *   season' = g (x - level') + (1 - g) season              forecast for h steps on: level' + h trend' + season of that step
 */

interface Setting {
  readonly a: number;
  readonly b: number;
  readonly g: number;
}

const SETTINGS: readonly Setting[] = [
  { a: 0.1, b: 0, g: 0.05 },
  { a: 0.6, b: 0.1, g: 0.2 },
];
export const SMOOTHINGS = SETTINGS.length;

export interface SmoothingState {
  /** Level and trend of each setting, the steps taken, and 1 once there is a level. */
  readonly numbers: Float64Array;
  /** The seasons of all settings, one after the other; empty without a season. */
  readonly seasons: Float64Array;
}

export class Smoothing {
  private readonly level = new Float64Array(SMOOTHINGS);
  private readonly trend = new Float64Array(SMOOTHINGS);
  private period = 0;
  private seasons = new Float64Array(0);
  private taken = 0;
  private isKnown = false;

  /**
   * Begins anew with a season, whose form is the mean of the last two.
   *
   * @param past the last values, oldest first, the last one included: at least two periods of them
   */
  begin(period: number, past: ArrayLike<number>): void {
    this.period = period;
    this.seasons = new Float64Array(SMOOTHINGS * period);
    const n = past.length;
    for (let back = 0; back < period; back++) {
      const offset =
        (past[n - 1 - back]! -
          mean(past, n - period) +
          (past[n - 1 - back - period]! - mean(past, n - 2 * period))) /
        2;
      for (let k = 0; k < SMOOTHINGS; k++) this.seasons[k * period + this.phase(-back)] = offset;
    }
    for (let k = 0; k < SMOOTHINGS; k++) {
      this.level[k] = past[n - 1]! - this.seasons[k * period + this.phase(0)]!;
      this.trend[k] = 0;
    }

    /** Gives the mean of one period from `from` on. */
    function mean(values: ArrayLike<number>, from: number): number {
      let sum = 0;
      for (let i = 0; i < period; i++) sum += values[from + i]!;
      return sum / period;
    }
  }

  /** The period of its season in steps; 0 for none. */
  get season(): number {
    return this.period;
  }

  /** Goes on without a season. */
  end(): void {
    if (this.period === 0) return;
    for (let k = 0; k < SMOOTHINGS; k++) this.level[k]! += this.seasons[k * this.period + this.phase(0)]!;
    this.period = 0;
    this.seasons = new Float64Array(0);
  }

  /** Takes the next value; NaN is missing: the level goes on as was forecast. */
  take(x: number): void {
    this.taken++;
    if (!this.isKnown) {
      if (Number.isNaN(x)) return;
      this.level.fill(x);
      this.isKnown = true;
      return;
    }
    const { level, trend, seasons, period } = this;
    for (let k = 0; k < SMOOTHINGS; k++) {
      const { a, b, g } = SETTINGS[k]!;
      const at = k * period + this.phase(0);
      const season = period > 0 ? seasons[at]! : 0;
      const before = level[k]!;
      if (Number.isNaN(x)) {
        level[k] = before + trend[k]!;
        continue;
      }
      const after = a * (x - season) + (1 - a) * (before + trend[k]!);
      trend[k] = b * (after - before) + (1 - b) * trend[k]!;
      level[k] = after;
      if (period > 0) seasons[at] = g * (x - after) + (1 - g) * season;
    }
  }

  /** Gives what setting k forecasts for `ahead` steps on. */
  forecast(k: number, ahead: number): number {
    const { period } = this;
    const season = period > 0 ? this.seasons[k * period + this.phase(ahead)]! : 0;
    return this.level[k]! + ahead * this.trend[k]! + season;
  }

  private phase(ahead: number): number {
    const { period } = this;
    return period > 0 ? (((this.taken + ahead) % period) + period) % period : 0;
  }

  clear(): void {
    this.restore({ numbers: new Float64Array(2 * SMOOTHINGS + 2), seasons: new Float64Array(0) });
  }

  state(): SmoothingState {
    const { level, trend, taken, isKnown, seasons } = this;
    return { numbers: Float64Array.of(...level, ...trend, taken, isKnown ? 1 : 0), seasons: seasons.slice() };
  }

  restore({ numbers, seasons }: SmoothingState): void {
    this.level.set(numbers.subarray(0, SMOOTHINGS));
    this.trend.set(numbers.subarray(SMOOTHINGS, 2 * SMOOTHINGS));
    this.taken = numbers[2 * SMOOTHINGS]!;
    this.isKnown = numbers[2 * SMOOTHINGS + 1] === 1;
    this.seasons = seasons.slice();
    this.period = seasons.length / SMOOTHINGS;
  }
}
