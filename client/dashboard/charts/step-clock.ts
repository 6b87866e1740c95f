/** When the steps of a sequence were, so that numbers that are kept by step are drawn by time. */
import { Ring } from './ring.js';

/** What the x axis of charts counts. */
export type AxisKind = 'time' | 'step';

/** Steps for which a distance holds after the last one that came regularly: arrivals that jitter are regular on and off. */
const HOLDS = 32;

export class StepClock {
  /** Milliseconds between two steps where they come regularly, or null. */
  interval: number | null = null;
  private regularAt = Number.NEGATIVE_INFINITY;
  private readonly ring: Ring<'step' | 't'>;
  /** Steps whose time is later than that of the one before; all of those taken; and those without a time. */
  private later = 0;
  private taken = 0;
  private unknown = 0;
  private goesBack = false;

  /**
   * @param capacity steps whose times are kept
   * @param every milliseconds between two steps of a sequence that is resampled, but for silences; null of others
   */
  constructor(
    capacity: number,
    readonly every: number | null = null,
  ) {
    this.ring = new Ring(['step', 't'], capacity);
  }

  /** Takes the time of a step, in milliseconds since 1970 or null; of one that is no newer than the last, nothing. */
  take(step: number, t: number | null): void {
    if (step <= this.lastStep) return;
    const { lastTime } = this;
    this.taken++;
    if (t === null) {
      this.unknown++;
      return;
    }
    if (t < lastTime) this.goesBack = true;
    if (!(t <= lastTime)) this.later++;
    this.ring.append(step, t);
  }

  /** Takes how far apart steps come, in milliseconds, by what was told at a step; null where they do not come regularly. */
  pace(step: number, interval: number | null): void {
    if (interval !== null) this.regularAt = step;
    if (interval !== null || step - this.regularAt > HOLDS) this.interval = interval;
  }

  /** Is there a time of every step, and does none go back? */
  get canTell(): boolean {
    return this.ring.total > 0 && this.unknown === 0 && !this.goesBack;
  }

  /** Gives the axis that shows more: by steps where most steps share the time of the one before, as in a block. */
  get suggested(): AxisKind {
    return this.canTell && 2 * this.later >= this.taken ? 'time' : 'step';
  }

  /** NaN before the first. */
  get lastTime(): number {
    return this.ring.get('t', this.ring.total - 1);
  }

  get firstTime(): number {
    return this.ring.get('t', this.ring.first);
  }

  /**
   * Gives when a step was, or will be where the steps come regularly: milliseconds since 1970, NaN where that is not known.
   * A step that is missing lies between its neighbours.
   */
  timeOf(step: number): number {
    return this.timeFrom(step, this.ring.firstAt('step', step));
  }

  /** Gives the times of ascending steps. */
  timesOf(steps: Float64Array): Float64Array {
    const { ring } = this;
    const times = new Float64Array(steps.length);
    const begin = steps.length > 0 ? ring.firstAt('step', steps[0] as number) : 0;
    const [known, at] = [ring.view('step', begin), ring.view('t', begin)];
    let row = 0;
    for (let i = 0; i < steps.length; i++) {
      const step = steps[i] as number;
      while ((known[row] as number) < step) row++;
      times[i] = known[row] === step ? (at[row] as number) : this.timeFrom(step, begin + row);
    }
    return times;
  }

  /** Gives the first step at or after a time. */
  firstStepAt(t: number): number {
    const { ring, interval, lastStep, lastTime } = this;
    const row = ring.firstAt('t', t);
    if (row < ring.total) return ring.get('step', row);
    return interval ? lastStep + Math.max(1, Math.ceil((t - lastTime) / interval)) : lastStep + 1;
  }

  /** Gives the step nearest to a time. */
  stepAt(t: number): number {
    const { ring, interval, lastStep, lastTime } = this;
    if (t > lastTime) return interval ? lastStep + Math.round((t - lastTime) / interval) : lastStep;
    const row = ring.firstAt('t', t);
    const isBefore = row > ring.first && t - ring.get('t', row - 1) < ring.get('t', row) - t;
    return ring.get('step', isBefore ? row - 1 : row);
  }

  private get lastStep(): number {
    return this.ring.get('step', this.ring.total - 1);
  }

  /** @param row the first that is not before the step */
  private timeFrom(step: number, row: number): number {
    const { ring, interval, lastStep, lastTime } = this;
    if (ring.total === 0) return Number.NaN;
    if (row >= ring.total) return interval ? lastTime + (step - lastStep) * interval : Number.NaN;
    const [at, t] = [ring.get('step', row), ring.get('t', row)];
    if (at === step) return t;
    if (row === ring.first) return Number.NaN;
    const [before, then] = [ring.get('step', row - 1), ring.get('t', row - 1)];
    return then + ((step - before) / (at - before)) * (t - then);
  }
}
