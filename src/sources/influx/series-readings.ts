/** The readings of one sequence in one body: one for each time, in the order of their times. */

/** What the lines of one time tell of one sequence. */
export interface LineReading {
  /** Milliseconds since 1970; NaN without a time. */
  readonly t: number;
  readonly values: Record<string, number | boolean>;
  /** Number of its first line, from 1. */
  readonly line: number;
}

export class SeriesReadings {
  private readonly list: LineReading[] = [];
  private last: LineReading | null = null;
  private latest = Number.NEGATIVE_INFINITY;
  private isOrdered = true;
  /** By their times, made when a time comes that is not the latest: agents group lines by time, as a rule. */
  private byTime: Map<number, LineReading> | null = null;

  /** Adds values to the reading of their time. Those without a time are readings of their own. */
  add(t: number, values: LineReading['values'], line: number): void {
    const known = this.last?.t === t ? this.last : t <= this.latest ? this.find(t) : undefined;
    if (known) {
      Object.assign(known.values, values);
      return;
    }
    const reading = { t, values, line };
    this.list.push(reading);
    this.byTime?.set(t, reading);
    // untimed ones are last
    const isBehind = Number.isNaN(t) || (t > this.latest && !Number.isNaN(this.last?.t ?? t));
    if (!isBehind) this.isOrdered = false;
    if (t > this.latest) this.latest = t;
    this.last = reading;
  }

  /** Gives them in the order of their times, and then those without. */
  inOrder(): LineReading[] {
    if (this.isOrdered) return this.list;
    const placeOf = ({ t }: LineReading) => (Number.isNaN(t) ? Number.MAX_VALUE : t);
    return this.list.sort((a, b) => placeOf(a) - placeOf(b));
  }

  private find(t: number): LineReading | undefined {
    this.byTime ??= new Map(this.list.map((reading) => [reading.t, reading]));
    return this.byTime.get(t);
  }
}
