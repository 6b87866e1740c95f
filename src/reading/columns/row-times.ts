/** The times of rows: read in their form and zone, and watched for going back. */
import type { ReadingReport, SensorRecord } from '../reading.js';
import type { TimeForm } from '../time/time-forms.js';
import { TimeZone } from '../time/time-zone.js';
import type { WallClock } from '../time/timestamp.js';
import { Counter } from './tallies.js';
import type { TimeChoice } from './time-choice.js';

/** Producers whose last times are kept, at most. */
const MAX_LAST = 100_000;

export class RowTimes {
  readonly tallies = {
    untimed: new Counter(),
    backwards: new Counter(),
    overlaps: new Counter(),
    skippedTimes: new Counter(),
  };
  private readonly form: TimeForm;
  private readonly zone: TimeZone | null;
  /** The last time of each producer. */
  private readonly last = new Map<string, number>();
  private line = 0;
  private by = '';

  constructor(
    private readonly choice: TimeChoice,
    zone: string | undefined,
  ) {
    this.form = choice.form;
    this.zone = zone === undefined || /^(utc|gmt|etc\/utc)$/i.test(zone) ? null : new TimeZone(zone);
  }

  /** Gives the time as written. */
  textOf({ cells }: SensorRecord): string {
    const [first, second] = this.choice.indices;
    const text = String(cells[first!] ?? '').trim();
    return second === undefined ? text : `${text} ${String(cells[second] ?? '').trim()}`.trim();
  }

  /** Gives the time in milliseconds since 1970, or null if the cell is no time. */
  timeOf({ cells, line }: SensorRecord, text: string, by: string | null): number | null {
    this.line = line;
    this.by = by ?? '';
    return this.form.parse(
      this.choice.indices.length > 1 ? text : cells[this.choice.indices[0]!],
      this.zone ? this.zoned : plain,
    );
  }

  /** Takes the time of a row that is given. */
  passed(t: number, line: number): void {
    const before = this.last.get(this.by);
    if (before !== undefined && t < before) this.tallies.backwards.add(line);
    if (this.last.size >= MAX_LAST && before === undefined) this.last.clear();
    this.last.set(this.by, t);
  }

  /** Clocks show an hour twice in autumn: the first is meant, unless the rows have passed it. */
  private readonly zoned: WallClock = (local) => {
    const { first, second, count } = this.zone!.momentsOf(local);
    const before = this.last.get(this.by) ?? Number.NEGATIVE_INFINITY;
    if (count === 2) this.tallies.overlaps.add(this.line);
    if (count === 0) this.tallies.skippedTimes.add(this.line);
    return count === 2 && first < before && second >= before ? second : first;
  };

  read(): Pick<ReadingReport, 'untimed' | 'backwards' | 'overlaps' | 'skippedTimes'> {
    const { untimed, backwards, overlaps, skippedTimes } = this.tallies;
    return {
      untimed: untimed.read(),
      backwards: backwards.read(),
      overlaps: overlaps.read(),
      skippedTimes: skippedTimes.read(),
    };
  }
}

const plain: WallClock = (local) => local;
