/** The readings of a resampled sequence: they wait for their bin to close, and become steps. */
import { EddyError } from '../errors.js';
import { type ResampledStep, Resampler } from '../features/resampler.js';
import { isTime } from '../features/time-features.js';
import type { Schema } from '../fields/sequence-schema.js';
import type { StepKey } from '../store/store.js';
import type { Appended, Appender, Asker, Change, Refused } from './change.js';
import type { Course } from './course.js';
import { checkLeap, noTime } from './step-times.js';

/** A reading that waits, with all who appended it: the same key may come again meanwhile. */
interface Waiting {
  readonly keys: readonly StepKey[] | null;
  readonly askers: Appender[];
}

export class ResampledReadings {
  private readonly resampler: Resampler;
  private readonly every: number;
  /** The readings in each open bin, by its start. */
  private readonly bins = new Map<number, Waiting[]>();
  private readonly byKey = new Map<string, Waiting>();
  private isBegun = false;
  /** Who wait for the change that the command under way became. */
  private underWay: AllAskers | null = null;
  /** Readings that have not become a step yet. */
  pending = 0;

  constructor(
    { fields, resample }: Schema,
    private readonly most: number,
  ) {
    const names = fields.map(({ name }) => name);
    this.resampler = new Resampler(resample!, names);
    this.every = this.resampler.settings.every;
  }

  /**
   * Takes a reading, and gives the steps of the bins that it closes, if it closes any.
   *
   * @throws EddyError `step-late`, `step-time`, `key-conflict`, `credit-exceeded`; then it is not taken
   */
  take(
    { x, t, asker }: Appended & { readonly asker: Appender },
    keys: readonly StepKey[] | null,
    course: Course,
    arrival: () => number,
  ): Change | null {
    this.begin(course);
    if (this.pending >= this.most)
      throw new EddyError(
        'credit-exceeded',
        `${this.pending} readings wait for their step already; the limit is ${this.most}`,
      );
    const same = this.sameOf(keys);
    if (same) {
      same.askers.push(asker);
      this.pending++;
      return null;
    }
    const { resampler, bins } = this;
    const time = t ?? arrival();
    if (!isTime(time)) throw noTime(time, 'the reading');
    checkLeap(time, course.times.last, arrival);
    const bin = resampler.binOf(time);
    const steps = resampler.take(time, x);
    const waiting = { keys, askers: [asker] };
    const others = bins.get(bin);
    if (others) others.push(waiting);
    else bins.set(bin, [waiting]);
    for (const [key] of keys ?? []) this.byKey.set(key, waiting);
    this.pending++;
    return steps.length === 0 ? null : this.changeOf(steps, course, null);
  }

  /** Closes all open bins. Null if there is none. */
  flush(course: Course, asker: Asker): Change | null {
    this.begin(course);
    const steps = this.resampler.flush();
    return steps.length === 0 ? null : this.changeOf(steps, course, asker);
  }

  /** The change of the last command took effect. */
  settle(): void {
    this.underWay = null;
  }

  /** Refuses all that wait, also for a change under way. */
  refuse(error: EddyError): void {
    this.underWay?.refused([{ error, seq: null, count: null }]);
    this.underWay = null;
    const waiting = [...this.bins.values()].flat();
    this.bins.clear();
    this.byKey.clear();
    this.pending = 0;
    for (const { askers } of waiting)
      for (const asker of askers) asker.refused([{ error, seq: null, count: null }]);
  }

  /** After a restart, what became a step before is closed. */
  private begin({ times: { last }, filled }: Course): void {
    if (this.isBegun) return;
    this.isBegun = true;
    if (Number.isNaN(last)) return;
    const bin = this.resampler.binOf(last);
    this.resampler.restore({
      newest: last,
      closedTo: bin + this.every,
      filled: Number.isNaN(filled) ? bin : filled,
      bins: [],
    });
  }

  /** @throws EddyError `key-conflict` */
  private sameOf(keys: readonly StepKey[] | null): Waiting | null {
    for (const [key, checksum] of keys ?? []) {
      const waiting = this.byKey.get(key);
      if (!waiting) continue;
      if (waiting.keys?.some(([kept, sum]) => kept === key && sum === checksum)) return waiting;
      throw new EddyError(
        'key-conflict',
        `the key ${JSON.stringify(key)} came a moment ago with other numbers`,
      );
    }
    return null;
  }

  private changeOf(steps: readonly ResampledStep[], course: Course, asker: Asker | null): Change {
    const first = course.seq + 1;
    const F = steps[0]!.x.length;
    const x = new Float64Array(steps.length * F);
    const t = Float64Array.from(steps, (step) => step.t);
    const keys: StepKey[] = [];
    const askers: Appender[] = [];
    for (const [i, step] of steps.entries()) {
      x.set(step.x, i * F);
      const waiting = this.bins.get(step.t) ?? [];
      this.bins.delete(step.t);
      for (const [key, checksum] of waiting.flatMap((one) => one.keys ?? [])) {
        keys.push([key, checksum, i]);
        this.byKey.delete(key);
      }
      for (const appender of waiting.flatMap((one) => one.askers)) {
        appender.seq = first + i;
        askers.push(appender);
      }
    }
    this.pending -= askers.length;
    this.underWay = new AllAskers(asker === null ? askers : [...askers, asker]);
    return {
      record: { kind: 'steps', first, t, x, targets: null, keys },
      last: first + steps.length - 1,
      asker: this.underWay,
    };
  }
}

/** Tells all who wait for a change. */
class AllAskers implements Asker {
  readonly isRequest = true;

  constructor(private readonly askers: readonly Asker[]) {}

  durable(seq: number): void {
    for (const asker of this.askers) asker.durable(seq);
  }

  refused(refused: readonly Refused[]): void {
    for (const asker of this.askers) asker.refused(refused);
  }
}
