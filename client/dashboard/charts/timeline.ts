/** Which steps the charts of a page show: they share it, as they share the cursor. */
import { BehaviorSubject } from 'rxjs';

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
}

/** The fewest steps that zooming in leaves. */
const MIN_SPAN = 10;

export class Timeline {
  readonly state$: BehaviorSubject<TimelineState>;
  private kept: Range = { from: 0, to: 0 };
  /** Where it stands still; null while it follows. */
  private held: Range | null = null;

  /**
   * @param steps shown while it follows; Infinity shows all that are kept
   * @param cursor$ the step under the pointer, in whichever chart: timelines of one page share it
   */
  constructor(
    private steps = 1000,
    readonly cursor$ = new BehaviorSubject<number | null>(null),
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
    return { kept, shown: held ?? live, isLive: held === null };
  }
}
