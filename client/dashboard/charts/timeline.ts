/** Which steps the charts of a page show, and where along their axis: they share it, as they share the cursor. */
import { BehaviorSubject } from 'rxjs';
import { formatStep } from './numbers.js';
import type { AxisKind, StepClock } from './step-clock.js';
import { formatTime } from './time-words.js';

/** Steps from .. to, both shown. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

export interface TimelineState {
  readonly kept: Range;
  readonly shown: Range;
  /** Does what is shown follow the newest step? */
  readonly isLive: boolean;
  /** What the x axis counts. */
  readonly axis: AxisKind;
}

/** The fewest steps that zooming in leaves. */
const MIN_SPAN = 10;

export class Timeline {
  readonly state$: BehaviorSubject<TimelineState>;
  private kept: Range = { from: 0, to: 0 };
  /** Where it stands still; null while it follows. */
  private held: Range | null = null;
  /** What the x axis was asked to count; null where what shows more is taken. */
  private asked: AxisKind | null = null;

  /**
   * @param steps shown while it follows; Infinity shows all that are kept
   * @param cursor$ the step under the pointer, in whichever chart: timelines of one page share it
   * @param clock tells the times of steps; without one the axis counts steps
   */
  constructor(
    private steps = 1000,
    readonly cursor$ = new BehaviorSubject<number | null>(null),
    readonly clock: StepClock | null = null,
  ) {
    this.state$ = new BehaviorSubject(this.look());
  }

  /** Steps shown while it follows. */
  get span(): number {
    return this.steps;
  }

  get shown(): Range {
    return this.state$.value.shown;
  }

  get axis(): AxisKind {
    return this.state$.value.axis;
  }

  /** Where what is shown begins and ends along the axis: steps, or milliseconds since 1970. */
  get bounds(): Range {
    const { shown, axis, clock } = this;
    if (axis === 'step' || !clock) return shown;
    const from = known(clock.timeOf(shown.from), clock.firstTime);
    const to = known(clock.timeOf(shown.to), clock.lastTime);
    return { from, to: Math.max(to, from + 1) };
  }

  /** Milliseconds between two steps, where they come at equal distances and the axis counts time; null otherwise. */
  get every(): number | null {
    return this.axis === 'time' ? (this.clock?.every ?? null) : null;
  }

  /** Gives where a step lies along the axis; NaN where its time is not known. */
  placeOf(step: number): number {
    return this.axis === 'time' && this.clock ? this.clock.timeOf(step) : step;
  }

  /** Gives where ascending steps lie along the axis. */
  placesOf(steps: Float64Array): Float64Array {
    return this.axis === 'time' && this.clock ? this.clock.timesOf(steps) : steps;
  }

  /** Gives the step nearest to a place along the axis. */
  stepAt(place: number): number {
    return this.axis === 'time' && this.clock ? this.clock.stepAt(place) : Math.round(place);
  }

  /** Gives the first step at or after a place along the axis. */
  firstStepAt(place: number): number {
    return this.axis === 'time' && this.clock ? this.clock.firstStepAt(place) : Math.ceil(place);
  }

  /** Sets what the axis counts; null takes what shows more. Without times it counts steps. */
  setAxis(axis: AxisKind | null): void {
    this.asked = axis;
    this.hold(this.held);
  }

  /** There are new numbers, and these steps are kept now. The view that stands still stays where it is. */
  keep(from: number, to: number): void {
    this.kept = { from, to };
    this.state$.next(this.look());
  }

  /** Stops the view, not the stream. */
  pause(): void {
    this.hold(this.shown);
  }

  follow(): void {
    this.hold(null);
  }

  /** Sets how many steps are shown. A view that stands still keeps its end. */
  setSpan(span: number): void {
    this.steps = Math.max(MIN_SPAN, Math.round(span));
    this.hold(this.held && { from: this.held.to - this.steps, to: this.held.to });
  }

  scrubTo(to: number): void {
    const { from, to: end } = this.shown;
    const length = end - from;
    const last = Math.min(Math.max(to, this.kept.from + length), this.kept.to);
    this.hold({ from: last - length, to: last });
  }

  zoomTo(from: number, to: number): void {
    const middle = (from + to) / 2;
    const half = Math.max(to - from, MIN_SPAN) / 2;
    this.hold({ from: Math.floor(middle - half), to: Math.ceil(middle + half) });
  }

  private hold(held: Range | null): void {
    this.held = held;
    this.state$.next(this.look());
  }

  private look(): TimelineState {
    const { kept, held, steps } = this;
    const from = Math.max(kept.from, kept.to - steps);
    const live = { from, to: Math.max(kept.to, from + MIN_SPAN) };
    const axis = this.clock?.canTell ? (this.asked ?? this.clock.suggested) : 'step';
    return { kept, shown: held ?? live, isLive: held === null, axis };
  }
}

/** Says which step it is, and when it was where that is known: `step 1,234, 2026-11-27 14:03:05`. */
export function stepWords({ clock }: Timeline, step: number): string {
  const t = clock?.timeOf(step) ?? Number.NaN;
  return `step ${formatStep(step)}${Number.isNaN(t) ? '' : `, ${formatTime(t)}`}`;
}

/** Gives what tells the times of steps, for an export; nothing where there are no times. */
export const timeOfSteps = ({ clock }: Timeline) =>
  clock ? (step: number) => clock.timeOf(step) : undefined;

const known = (place: number, otherwise: number) => (Number.isNaN(place) ? otherwise : place);
