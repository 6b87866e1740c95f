import { z } from 'zod';
import { EddyError } from '../errors.js';
import { type Aggregate, addReading, resultOf, type Tally } from './aggregates.js';
import { openBins, parseResampling, type Resampling, type ResamplingInput } from './resampling.js';

/** Empty bins that become steps, at most, between two bins with readings. */
export const MAX_EMPTY = 256;
/** Numbers of all open bins together. */
const MAX_OPEN_NUMBERS = 262_144;
/** The largest time of a Date, in milliseconds since 1970. */
const MAX_TIME = 8.64e15;

/** The step of one bin. */
export interface ResampledStep {
  /** The start of the bin, in milliseconds since 1970 UTC. */
  readonly t: number;
  /** The fields' numbers [F]; NaN for a field without a reading. */
  readonly x: Float64Array;
  /** The readings in the bin; 0 for an empty one. */
  readonly readings: number;
  /** The empty bins just before this one that had no step, because they were too many; mostly 0. */
  readonly skipped: number;
}

interface Bin {
  readings: number;
  readonly tallies: Tally[];
}

const count = z.int().min(0);
const time = z
  .int()
  .min(-MAX_TIME * 1.01)
  .max(MAX_TIME * 1.01);
const state = z.strictObject({
  newest: z.number().min(-MAX_TIME).max(MAX_TIME).nullable(),
  closedTo: time.nullable(),
  filled: time.nullable(),
  bins: z.array(
    z.strictObject({
      start: time,
      readings: count.min(1),
      tallies: z.array(z.strictObject({ count, numbers: z.array(z.number()) })),
    }),
  ),
});
/** What a resampler knows, as plain JSON. */
export type ResamplerState = z.output<typeof state>;

/**
 * Makes steps at equal distances from readings at any times: one step for each bin [k every, (k+1) every) of event time,
 * counted from 1970 UTC. A bin stays open for readings in any order until one comes that is newer than its end by at
 * least the lateness. No clock is involved: the same readings give the same steps.
 *
 * @example
 * const resampler = new Resampler({ every: '10s', of: { flow: 'sum' } }, ['pressure', 'flow'])
 * resampler.take(1000, [990, 5]) // []
 * resampler.take(2000, [NaN, 6]) // []
 * resampler.take(10_000, [991, NaN]) // [{ t: 0, x: [990, 11], readings: 2, skipped: 0 }]
 */
export class Resampler {
  readonly settings: Resampling;
  private readonly aggregates: readonly Aggregate[];
  private readonly bins = new Map<number, Bin>();
  /** The highest time of a reading. */
  private newest: number | null = null;
  /** Bins that begin before this are closed. */
  private closedTo: number | null = null;
  /** The start of the last closed bin with readings. */
  private filled: number | null = null;

  /**
   * @param fields the names of the numbers of a reading, in their order
   * @throws EddyError `setting-invalid`
   */
  constructor(
    settings: ResamplingInput,
    private readonly fields: readonly string[],
  ) {
    this.settings = parseResampling(settings);
    const numbers = openBins(this.settings) * fields.length;
    if (numbers > MAX_OPEN_NUMBERS)
      throw new EddyError(
        'setting-invalid',
        `resampling would keep ${numbers} numbers in open bins; the limit is ${MAX_OPEN_NUMBERS}: choose a smaller lateness or fewer fields`,
      );
    this.aggregates = aggregatesOf(this.settings, fields);
  }

  /**
   * Takes the reading at time `t`, in milliseconds since 1970 UTC, and gives the steps of the bins that it closes, in the
   * order of their times.
   *
   * @param x [F]; NaN or null is a field that the reading does not have
   * @throws EddyError `step-late` for a reading of a closed bin, `step-shape`, `step-non-finite`, `input-invalid` for a
   *   time out of range; nothing has changed then
   */
  take(t: number, x: ArrayLike<number | null>): ResampledStep[] {
    const start = this.binOf(t);
    this.check(t, x);
    if (!this.isOpen(start)) throw this.late(t);
    const bin = this.bins.get(start) ?? this.open(start);
    bin.readings++;
    this.aggregates.forEach((aggregate, f) => {
      const value = x[f];
      if (isThere(value)) addReading(aggregate, bin.tallies[f]!, t, value);
    });
    if (this.newest === null || t > this.newest) this.newest = t;
    return this.closeTo(this.startOf(this.newest - this.settings.lateness));
  }

  /** Closes all open bins, as at the end of a file, and gives their steps. */
  flush(): ResampledStep[] {
    return this.newest === null ? [] : this.closeTo(this.startOf(this.newest) + this.settings.every);
  }

  /**
   * Gives the start of the bin that a reading at time `t` belongs to, which is the time of its step.
   *
   * @throws EddyError `input-invalid` for a time out of range
   */
  binOf(t: number): number {
    if (!(Math.abs(t) <= MAX_TIME))
      throw new EddyError(
        'input-invalid',
        `the time ${t} is not in [-${MAX_TIME}, ${MAX_TIME}] milliseconds since 1970`,
      );
    return this.startOf(t);
  }

  /** Tells whether the bin that begins at `start` still takes readings. */
  isOpen(start: number): boolean {
    return this.closedTo === null || start >= this.closedTo;
  }

  /** Gives what it knows, as plain JSON, for {@link restore}. */
  state(): ResamplerState {
    const { newest, closedTo, filled } = this;
    const bins = Array.from(this.bins, ([start, bin]) => ({ start, ...structuredClone(bin) }));
    return { newest, closedTo, filled, bins };
  }

  /**
   * Continues from a state of a resampler with the same settings and fields.
   *
   * @throws EddyError `snapshot-invalid`; nothing has changed then
   */
  restore(from: ResamplerState): void {
    const { success, data } = state.safeParse(from);
    if (!success || data.bins.some(({ tallies }) => tallies.length !== this.fields.length))
      throw new EddyError(
        'snapshot-invalid',
        `this is no state of a resampler of the fields ${this.fields.join(', ')}`,
      );
    this.newest = data.newest;
    this.closedTo = data.closedTo;
    this.filled = data.filled;
    this.bins.clear();
    for (const { start, ...bin } of data.bins) this.bins.set(start, bin);
  }

  private check(t: number, x: ArrayLike<number | null>): void {
    const { fields } = this;
    if (x.length !== fields.length)
      throw new EddyError(
        'step-shape',
        `the reading at ${said(t)} has ${x.length} numbers; there are ${fields.length} fields`,
      );
    const wrong = fields.findIndex((_, f) => isThere(x[f]) && !Number.isFinite(x[f]));
    if (wrong >= 0)
      throw new EddyError(
        'step-non-finite',
        `${fields[wrong]} is ${x[wrong]} at ${said(t)}; a reading is a finite number, or null where it is missing`,
      );
  }

  private late(t: number): EddyError {
    const { every, lateness } = this.settings;
    return new EddyError(
      'step-late',
      `the reading at ${said(t)} is late: its bin of ${every} ms is closed, and the newest reading is ${this.newest! - t} ms newer; ` +
        `a lateness above ${lateness} ms keeps bins open for longer`,
    );
  }

  private open(start: number): Bin {
    const bin: Bin = { readings: 0, tallies: this.fields.map(() => ({ count: 0, numbers: [] })) };
    this.bins.set(start, bin);
    return bin;
  }

  /** Closes the bins that begin before `boundary`. */
  private closeTo(boundary: number): ResampledStep[] {
    const steps: ResampledStep[] = [];
    if (this.closedTo !== null && boundary <= this.closedTo) return steps;
    const { every } = this.settings;
    const due = Array.from(this.bins.keys()).filter((start) => start < boundary);
    for (const start of due.sort((a, b) => a - b)) {
      this.closeEmpty(start, steps);
      steps.push(this.stepOf(start, this.bins.get(start)!));
      this.bins.delete(start);
      this.filled = start;
      this.closedTo = start + every;
    }
    this.closeEmpty(boundary, steps);
    this.closedTo = boundary;
    return steps;
  }

  /** Makes steps of the empty bins before `boundary`, up to MAX_EMPTY after the last one with readings. */
  private closeEmpty(boundary: number, steps: ResampledStep[]): void {
    if (this.filled === null) return; // before the first reading there is nothing
    const { every } = this.settings;
    const end = Math.min(boundary, this.filled + (MAX_EMPTY + 1) * every);
    for (let t = this.closedTo!; t < end; t += every)
      steps.push({ t, x: new Float64Array(this.fields.length).fill(Number.NaN), readings: 0, skipped: 0 });
  }

  private stepOf(start: number, { readings, tallies }: Bin): ResampledStep {
    const empty = this.filled === null ? 0 : (start - this.filled) / this.settings.every - 1;
    const x = Float64Array.from(this.aggregates, (aggregate, f) => resultOf(aggregate, tallies[f]!));
    return { t: start, x, readings, skipped: Math.max(0, empty - MAX_EMPTY) };
  }

  private startOf(t: number): number {
    const { every } = this.settings;
    const start = Math.floor(t / every) * every;
    // the quotient may be rounded up to a whole number
    return (start > t ? start - every : start) + 0; // no -0
  }
}

const isThere = (value: number | null | undefined): value is number =>
  value !== null && value !== undefined && !Number.isNaN(value);

const said = (t: number): string => new Date(t).toISOString();

function aggregatesOf({ of }: Resampling, fields: readonly string[]): Aggregate[] {
  if (new Set(fields).size < fields.length)
    throw new EddyError('setting-invalid', `the fields ${fields.join(', ')} need a name of their own each`);
  if (typeof of === 'string') return fields.map(() => of);
  const unknown = Object.keys(of).filter((name) => !fields.includes(name));
  if (unknown.length > 0)
    throw new EddyError(
      'setting-invalid',
      `resampling.of names ${unknown.join(', ')}; the fields are ${fields.join(', ')}`,
    );
  return fields.map((name) => (Object.hasOwn(of, name) ? of[name]! : 'last'));
}
