/**
 * Drift of a sequence, seen in its prequential error: a lasting rise of the error is one event. A fall is no event:
 * it is the purpose of learning.
 *
 * Two detectors watch. Page-Hinkley sees the single errors, for sudden changes; ADWIN sees means of blocks, for smaller
 * ones that last. Errors are measured by their **level**, the mean of ADWIN's window, so that one setting works for hPa
 * and for °C: errors times 2 give the same events. One error counts as MAX_LEVELS at most, so that a wild reading is
 * no event.
 *
 * Neighbouring errors may be alike, and then their sums wander further than chance would take them. The variance
 * between blocks tells how far: ADWIN's bound is made of it, and Page-Hinkley's threshold grows with it.
 *
 * Constants are chosen by measurement: `npm run bench:drift`.
 */
import { Adwin, type AdwinState } from './adwin.js';
import { PageHinkley } from './page-hinkley.js';

export type DriftKind = 'page-hinkley' | 'adwin';

/** Plain data, of the same shape from the start on. */
export interface DriftState extends AdwinState {
  /** Level, threshold, mean of all errors and their count, quiet steps left, block's sum and steps, Page-Hinkley's sum. */
  readonly sums: readonly number[];
}

/** Most levels that one error counts as: some ten errors in a row make an event, a single one never. */
const MAX_LEVELS = 8;
/** Steps in a block, and before there is a level. */
const BLOCK = 32;
/**
 * Steps without an event after the start and after each event: the error settles in the first half, the level is
 * measured again in the second. A rise meanwhile belongs to the change before it.
 */
export const REFRACTORY_STEPS = 512;
/** Least and most threshold of Page-Hinkley. The least finds a doubling in about 120 steps. */
const THRESHOLDS = [60, 600] as const;
/**
 * Threshold for a long-run variance of 1 level^2. A sum that drifts by -ALLOWANCE and has variance v a step goes above a
 * threshold s with a chance of about e^(-2 * ALLOWANCE * s / v) (Siegmund 1985): e^-24 for s = 24 v.
 */
const CAUTION = 24;
/** A window of this many blocks is uncertain enough to double the threshold. */
const SHORT = 32;
/** An error below this share of the mean of all counts as that share: an error of next to nothing may double. */
const FLOOR = 1e-3;
/** Squares of more would overflow. */
const LARGEST = 1e140;

export class DriftDetector {
  private level = 0;
  private threshold: number = THRESHOLDS[0];
  /** Mean of all errors, and how many they were. */
  private overall = 0;
  private count = 0;
  /** Steps until an event can be raised. */
  private quiet = REFRACTORY_STEPS;
  /** Sum of the block so far, and its steps. */
  private block = 0;
  private filled = 0;
  private readonly pageHinkley = new PageHinkley();
  private readonly adwin = new Adwin();

  /**
   * Takes the error of one step, >= 0 in any unit, and gives which detector has raised an event, null where none did.
   * Errors that are not finite are passed over.
   *
   * @example
   * const drift = new DriftDetector();
   * for (const error of errors) if (drift.observe(error)) console.log('the series has changed');
   */
  observe(error: number): DriftKind | null {
    if (!Number.isFinite(error)) return null;
    const raised = this.detect(Math.min(Math.abs(error), LARGEST));
    // the error settles in the first half, which is no measure for the errors to come
    if (this.quiet > 0 && --this.quiet === REFRACTORY_STEPS / 2) this.forget();
    if (raised === null) return null;
    const settled = this.quiet === 0;
    // a rise that goes on while it is quiet belongs to the same change: start over, and stay quiet for longer
    this.forget();
    this.quiet = REFRACTORY_STEPS;
    return settled ? raised : null;
  }

  private detect(error: number): DriftKind | null {
    this.overall += (error - this.overall) / ++this.count;
    let clamped = Math.max(error, FLOOR * this.overall);
    if (this.adwin.width > 0) {
      const { level } = this;
      const multiple = level > 0 ? Math.min(clamped / level, MAX_LEVELS) : clamped > 0 ? MAX_LEVELS : 0;
      clamped = Math.min(clamped, MAX_LEVELS * level);
      if (this.pageHinkley.observe(multiple, this.threshold)) return 'page-hinkley';
    }
    this.block += clamped;
    if (++this.filled < BLOCK) return null;
    const change = this.adwin.observe(this.block / BLOCK);
    this.block = 0;
    this.filled = 0;
    if (change > 0) return 'adwin';
    // a level that follows a rise which is being weighed would hide it
    if (change < 0 || this.pageHinkley.sum < this.threshold / 4) this.measure();
    return null;
  }

  /** Takes level and threshold from ADWIN's window. */
  private measure(): void {
    const { mean, variance, width } = this.adwin;
    this.level = mean;
    const longRun = mean > 0 ? (BLOCK * variance) / mean / mean : 0; // mean^2 may be 0
    this.threshold = Math.max(
      THRESHOLDS[0],
      Math.min(THRESHOLDS[1], CAUTION * (1 + SHORT / width) * longRun),
    );
  }

  /** Forgets the error's level. */
  private forget(): void {
    this.level = 0;
    this.threshold = THRESHOLDS[0];
    this.block = 0;
    this.filled = 0;
    this.pageHinkley.clear();
    this.adwin.clear();
  }

  clear(): void {
    this.forget();
    this.quiet = REFRACTORY_STEPS;
    this.overall = 0;
    this.count = 0;
  }

  state(): DriftState {
    const { level, threshold, overall, count, quiet, block, filled } = this;
    const { sum } = this.pageHinkley.state();
    return { sums: [level, threshold, overall, count, quiet, block, filled, sum], ...this.adwin.state() };
  }

  restore({ sums, ...window }: DriftState): void {
    const [level = 0, threshold = 0, overall = 0, count = 0, quiet = 0, block = 0, filled = 0, sum = 0] =
      sums;
    Object.assign(this, { level, threshold, overall, count, quiet, block, filled });
    this.pageHinkley.restore({ sum });
    this.adwin.restore(window);
  }
}
