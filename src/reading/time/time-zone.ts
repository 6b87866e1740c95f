/** A time zone, by the tables of the runtime: what its clocks show, and when that was. */
import { EddyError } from '../../errors.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** What a wall clock shows: the first moment at which it does, and the second if it shows that twice. */
export interface Moments {
  readonly first: number;
  readonly second: number;
  /** How often the clock shows it. */
  readonly count: 0 | 1 | 2;
}

export class TimeZone {
  private readonly format: Intl.DateTimeFormat;
  /** Offsets by day, or by quarter of an hour on days with two. */
  private readonly offsets = new Map<number, number>();

  /** @throws EddyError `input-invalid` if the runtime knows no such zone */
  constructor(readonly name: string) {
    try {
      this.format = new Intl.DateTimeFormat('en-US', {
        timeZone: name,
        hourCycle: 'h23',
        ...{ year: 'numeric', month: 'numeric', day: 'numeric' },
        ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
      });
    } catch (error) {
      throw new EddyError(
        'input-invalid',
        `no time zone is named ${JSON.stringify(name)}; give one as Europe/Berlin`,
        { cause: error },
      );
    }
  }

  /** Gives the moments at which clocks show `local`, in milliseconds since 1970 as if it were UTC. */
  momentsOf(local: number): Moments {
    const before = local - this.offsetAt(local - DAY);
    const after = local - this.offsetAt(local + DAY);
    if (before === after) return { first: before, second: before, count: 1 };
    const isBefore = before + this.offsetAt(before) === local;
    const isAfter = after + this.offsetAt(after) === local;
    if (isBefore && isAfter)
      return { first: Math.min(before, after), second: Math.max(before, after), count: 2 };
    // a time that clocks pass over is as long after the change as it says
    const only = isAfter ? after : before;
    return { first: only, second: only, count: isBefore || isAfter ? 1 : 0 };
  }

  private offsetAt(moment: number): number {
    const day = Math.floor(moment / DAY) * DAY;
    let offset = this.offsets.get(day);
    if (offset === undefined) {
      const [begin, end] = [this.measure(day), this.measure(day + DAY)];
      offset = begin === end ? begin : Number.NaN;
      this.keep(day, offset);
    }
    if (!Number.isNaN(offset)) return offset;
    // not a multiple of a day, so it names a quarter and no day
    const quarter = Math.floor(moment / (HOUR / 4)) * (HOUR / 4) + 1;
    offset = this.offsets.get(quarter);
    if (offset === undefined) {
      offset = this.measure(quarter - 1);
      this.keep(quarter, offset);
    }
    return offset;
  }

  private keep(key: number, offset: number): void {
    if (this.offsets.size > 10_000) this.offsets.clear();
    this.offsets.set(key, offset);
  }

  private measure(moment: number): number {
    const parts = Object.fromEntries(
      this.format.formatToParts(moment).map(({ type, value }) => [type, Number(value)]),
    );
    const { year, month, day, hour, minute, second } = parts;
    return Date.UTC(year!, month! - 1, day, hour, minute, second) - moment;
  }
}
