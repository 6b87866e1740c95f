/** Features of a step's time: its place in the calendar, and the seconds since the step before. */
import { CALENDAR_KINDS, type CalendarKind, calendarFeatures, calendarNames } from './calendar.js';

/** The calendar's kinds, and `elapsed`: seconds since the step before, 0 at the first; for irregular sensors. */
export const TIME_KINDS = [...CALENDAR_KINDS, 'elapsed'] as const;
export type TimeKind = (typeof TIME_KINDS)[number];

export class TimeFeatures {
  /** A name for each feature: `hour_sin`, `hour_cos`, `weekend`, `elapsed`. */
  readonly names: readonly string[];
  private last: number | null = null;

  /** @param kinds which features, in this order */
  constructor(private readonly kinds: readonly TimeKind[]) {
    this.names = kinds.flatMap((kind) => (kind === 'elapsed' ? [kind] : calendarNames([kind])));
  }

  /**
   * Appends the features of a step at `time`, in milliseconds since 1970 UTC, to `out`.
   *
   * @example
   * const time = new TimeFeatures(['hour', 'elapsed'])
   * handle.push(time.of(Date.now(), [temperature]))
   */
  of(time: number, out: number[] = []): number[] {
    const { last } = this;
    this.last = time;
    for (const kind of this.kinds)
      if (kind === 'elapsed') out.push(last === null ? 0 : (time - last) / 1000);
      else calendarFeatures([kind satisfies CalendarKind], time, out);
    return out;
  }
}
