/**
 * What a person should know of a model: does it forecast better than its baseline, no better, or has it diverged?
 *
 * It gets, for each target, the absolute errors of the forecast that was served, of the baseline, and of the network's
 * own forecast, which a gate may hold back. Each error counts in units of a running mean of the baseline's errors of that
 * output, so that all outputs count alike, and as MOST of them at most, so that a wild value changes nothing that lasts.
 * Exponential means of these are compared. A verdict counts once it has held for HOLD targets, and the bounds of going and
 * coming back lie apart, so that the state does not flap.
 */

import { type ColumnStore, type Columns, looseColumns } from '../../kernels/columns.js';
import { healthObserve, healthSpread, MOST_UNITS, HEALTH_WIDTH as WIDTH } from '../../kernels/scores.js';

/** What the model itself can be. */
export type ModelState = 'warming-up' | 'learning' | 'no-better-than-baseline' | 'diverged';

/** By what it is judged. */
export interface Judgement {
  readonly state: ModelState;
  /** Steps scored. */
  readonly scored: number;
  /** Recent error of what was served, and of the network itself, in parts of the baseline's. */
  readonly served: number;
  readonly network: number;
  /** Updates left out in a row because a weight would have become non-finite. */
  readonly skipped: number;
}

/** Plain data, of the same shape from the start on. */
export interface HealthState {
  /** Scales of the baseline's errors and of the yardstick, mean of the targets, and their count, for each output. */
  readonly columns: Float64Array;
  /** Steps scored; means of the served error, the baseline's, the network's and the yardstick; states, and counts. */
  readonly sums: readonly number[];
}

export const MODEL_STATES = ['warming-up', 'learning', 'no-better-than-baseline', 'diverged'] as const;
const [WARMING, LEARNING, NO_BETTER, DIVERGED] = [0, 1, 2, 3];

/** Steps that the served forecast is judged by, and the network; before it is judged at all. */
export const JUDGED = 500;
export const JUDGED_NETWORK = 64;
export const LEAST_JUDGED = 100;
/** Steps for which a verdict has to hold. */
const HOLD = 64;
/** The served error at which the model counts as learning, and as no better any more, in parts of the baseline's. */
const [BETTER, AS_GOOD] = [0.98, 0.995];
/** The network's error at which it counts as diverged, and as back, in parts of the baseline's. */
const [LOST, BACK] = [5, 2.5];
/** Updates left out in a row at which it counts as diverged. */
const MOST_SKIPPED = 8;
/** Units that one error counts as at most. */
export const MOST = MOST_UNITS;

export class HealthMonitor {
  /** Units of each output, and the sums over the targets of the step under way [4], and their count. */
  private readonly columns: Columns;
  private scored = 0;
  private readonly means = new Float64Array(4);
  private at = WARMING;
  /** The verdict that differs from the state, and for how many steps it has. */
  private candidate = WARMING;
  private held = 0;
  /** The state before the change that was not told yet; the present one where none is left to tell. */
  private told = WARMING;
  /** Updates applied and left out so far, and those left out since the last applied one. */
  private applied = 0;
  private leftOut = 0;
  private skipped = 0;

  constructor(
    private readonly outputs: number,
    store: ColumnStore = looseColumns,
  ) {
    this.columns = store.allocateColumns(outputs * WIDTH + 5);
  }

  /** Where the units lie in the columns, and the sums of the step. */
  get places(): { units: number; step: number } {
    const { base } = this.columns;
    return { units: base, step: base + this.outputs * WIDTH };
  }

  get now(): ModelState {
    return MODEL_STATES[this.at]!;
  }

  /** The state before a change that was not told yet; null where none is left to tell. */
  get changedFrom(): ModelState | null {
    return this.told === this.at ? null : MODEL_STATES[this.told]!;
  }

  read(): Judgement {
    const [served = 0, naive = 0] = this.means;
    const { now: state, scored, skipped } = this;
    return { state, scored, served: ratioOf(served, naive), network: this.networkRatio, skipped };
  }

  /** The change has been told. */
  clearChange(): void {
    this.told = this.at;
  }

  /**
   * Takes the absolute errors of a target of output j: of the forecast that was served, of the baseline, and of the
   * network itself, which is measured by `yardstick`, the error that a network without skill would make.
   */
  observe(j: number, served: number, naive: number, network: number, yardstick = naive): void {
    healthObserve(this.columns.array, j * WIDTH, this.outputs * WIDTH, served, naive, network, yardstick);
  }

  /** Gives how far a target of output j is from the mean of those before it, which it then joins. */
  spread(j: number, target: number): number {
    return healthSpread(this.columns.array, j * WIDTH, target);
  }

  /** Takes how many updates were applied, and left out, since the weights were drawn. */
  noteUpdates(applied: number, leftOut: number): void {
    if (applied !== this.applied) this.skipped = 0;
    else this.skipped += leftOut - this.leftOut;
    this.applied = applied;
    this.leftOut = leftOut;
  }

  /** Judges by what was observed since the last call. */
  end(): void {
    const { means } = this;
    const c = this.columns.array;
    const step = this.outputs * WIDTH;
    const count = c[step + 4]!;
    if (count === 0) return;
    const n = ++this.scored;
    for (let i = 0; i < 4; i++) {
      const window = Math.min(n, i < 2 ? JUDGED : JUDGED_NETWORK);
      means[i]! += (c[step + i]! / count - means[i]!) / window;
      c[step + i] = 0;
    }
    c[step + 4] = 0;
    const verdict = this.verdict();
    this.held = verdict === this.candidate ? this.held + 1 : 1;
    this.candidate = verdict;
    // where the time to warm up is over, there is no state that could go on
    const isOver = this.at === WARMING && n >= JUDGED;
    if (verdict !== this.at && (isOver || this.held >= HOLD)) this.at = verdict;
  }

  /** The network's error by the yardstick's, or by its long mean, so that a quiet hour makes nothing large of it. */
  private get networkRatio(): number {
    return this.means[2]! / Math.max(this.means[3]!, 1);
  }

  private verdict(): number {
    const { at, scored, skipped, means } = this;
    if (skipped >= MOST_SKIPPED) return DIVERGED;
    if (scored >= JUDGED_NETWORK && this.networkRatio > (at === DIVERGED ? BACK : LOST)) return DIVERGED;
    if (scored < LEAST_JUDGED) return WARMING;
    const error = ratioOf(means[0]!, means[1]!);
    if (error < (at === LEARNING ? AS_GOOD : BETTER)) return LEARNING;
    return at === WARMING && scored < JUDGED ? WARMING : NO_BETTER;
  }

  /** The weights start over: so does what is known of them. */
  clear(): void {
    this.restore({ columns: new Float64Array(this.outputs * WIDTH), sums: [] });
  }

  state(): HealthState {
    const { columns, means, scored, at, candidate, held, told, applied, leftOut, skipped } = this;
    return {
      columns: columns.array.slice(0, this.outputs * WIDTH),
      sums: [...means, scored, at, candidate, held, told, applied, leftOut, skipped],
    };
  }

  restore({ columns, sums }: HealthState): void {
    this.columns.array.set(columns);
    for (let i = 0; i < 4; i++) this.means[i] = sums[i] ?? 0;
    const [scored = 0, at = 0, candidate = 0, held = 0, told = 0, applied = 0, leftOut = 0, skipped = 0] =
      sums.slice(4);
    Object.assign(this, { scored, at, candidate, held, told, applied, leftOut, skipped });
  }
}

const ratioOf = (error: number, baseline: number): number =>
  baseline > 0 ? error / baseline : error > 0 ? Number.POSITIVE_INFINITY : 1;
