/** What the report's charts are drawn from, gathered row by row in constant memory. */
import type { Output, Pass, PassRow } from '../scoring-pass.js';
import { Buckets, type Channel, type Columnar, Tail } from './buckets.js';
import type { Points, Series, View } from './report-data.js';

/** Points in a chart of the whole file, at most, and rows in that of its end. */
export const MAX_POINTS = 2000;
const TAIL_ROWS = 1000;
/** Outputs and hidden units that are charted. */
const MAX_OUTPUTS = 16;
const MAX_UNITS = 128;

const BASE = ['first', 'first', 'max', 'max'] as const;
const PER_TARGET = ['mean', 'min', 'max'] as const;
const PER_OUTPUT = ['mean', 'mean', 'mean', 'last', 'last', 'last'] as const;

export class ReportSeries {
  private readonly targets: readonly string[];
  private readonly outputs: readonly Output[];
  /** Where each output that is charted lies in y. */
  private readonly places: readonly number[];
  private readonly units: number;
  private readonly buckets: Buckets;
  private readonly tail: Tail;
  private readonly line: Float64Array;
  /** Do times go up, so that they can be an axis? */
  private hasTimes = true;
  private time = Number.NEGATIVE_INFINITY;

  constructor(private readonly pass: Pass) {
    const horizons = pass.outputs.length / pass.targets.length;
    this.targets = pass.targets.slice(0, Math.max(1, Math.floor(MAX_OUTPUTS / horizons)));
    this.places = pass.outputs.flatMap(({ k }, m) => (k < this.targets.length ? [m] : []));
    this.outputs = this.places.map((m) => pass.outputs[m]!);
    this.units = Math.min(MAX_UNITS, pass.model.spec.units);
    const channels: Channel[] = [
      ...BASE,
      ...this.targets.flatMap(() => PER_TARGET),
      ...this.outputs.flatMap(() => PER_OUTPUT),
      ...Array.from({ length: this.units }, () => 'mean' as const),
    ];
    this.line = new Float64Array(channels.length);
    this.buckets = new Buckets(channels, MAX_POINTS);
    this.tail = new Tail(channels.length, TAIL_ROWS);
  }

  add({ row, time, truth, made, ranges, result, isScored }: PassRow): void {
    this.hasTimes &&= time !== null && time >= this.time;
    this.time = time ?? this.time;
    const { line } = this;
    let i = 0;
    const put = (value: number | null | undefined) => {
      line[i++] = value ?? Number.NaN;
    };
    put(row);
    put(time);
    put(result.anomaly);
    put(result.updates.at(-1)?.gradientNorm);
    for (let k = 0; k < this.targets.length; k++) for (const _ of PER_TARGET) put(truth[k]);
    const scores = isScored ? this.pass.scores() : [];
    for (const m of this.places) {
      const [forecast, range] = [made[m] ?? Number.NaN, ranges[m] ?? Number.NaN];
      put(forecast);
      put(forecast - range);
      put(forecast + range);
      put(scores[m]?.recentMae);
      put(scores[m]?.recentNaiveMae);
      put(scores[m]?.recentSeasonalMae);
    }
    for (let unit = 0; unit < this.units; unit++) put(result.h[unit]);
    this.buckets.add(line);
    this.tail.add(line);
  }

  read(): Series {
    const { targets, outputs, units } = this;
    const whole = this.buckets.read();
    return {
      targets,
      outputs,
      units,
      whole: this.viewOf(whole),
      tail: whole.width > 1 ? this.viewOf(this.tail.read()) : null,
    };
  }

  private viewOf({ width, length, columns }: Columnar): View {
    let i = 0;
    const next = () => pointsOf(columns[i++]!);
    const row = next();
    const time = next();
    return {
      width,
      row,
      time: this.hasTimes ? time : null,
      anomaly: next(),
      gradient: next(),
      targets: this.targets.map(() => ({ mean: next(), min: next(), max: next() })),
      outputs: this.outputs.map(() => ({
        forecast: next(),
        low: next(),
        high: next(),
        mae: next(),
        naive: next(),
        season: next(),
      })),
      states: statesOf(columns.slice(i), length),
    };
  }
}

/** Digits that a chart can show; times and row numbers have more. */
const DIGITS = 6;

const pointsOf = (column: Float64Array): Points =>
  Array.from(column, (value) =>
    Number.isNaN(value) ? null : Number.isInteger(value) ? value : Number(value.toPrecision(DIGITS)),
  );

function statesOf(columns: readonly Float64Array[], length: number): string {
  const bytes = new Int8Array(columns.length * length);
  columns.forEach((column, unit) => {
    column.forEach((h, t) => {
      bytes[unit * length + t] = Math.round(127 * h);
    });
  });
  return Buffer.from(bytes.buffer).toString('base64');
}
