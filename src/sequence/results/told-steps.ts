/**
 * All that is told of each step, in one stream: for who judges the steps of a sequence in this process. It begins after a
 * position in the past, out of the pages, and goes on with the live steps; only those have ranges.
 */
import { map, Subject } from 'rxjs';
import type { SequenceEvent } from '../../protocol/views/index.js';
import type { LogRecord } from '../../store/store.js';
import type { SequenceRun } from '../change.js';
import type { Past } from '../past/past.js';
import { type PastWay, thenLive } from './past-results.js';

export interface ToldSteps {
  readonly kind: 'steps';
  /** Number of the first. */
  readonly seq: number;
  readonly count: number;
  readonly epoch: string;
  /** [T], milliseconds since 1970; NaN if unknown. */
  readonly t: ArrayLike<number>;
  /** x [T,B,F]; NaN is a gap. */
  readonly x: ArrayLike<number>;
  /** y [T,B,M], NaN if unknown; and the half-widths of its ranges, null where they are not known. */
  readonly y: ArrayLike<number> | null;
  readonly range: ArrayLike<number> | null;
  /** [T], NaN if unknown. */
  readonly anomaly: ArrayLike<number>;
}

export type Told = ToldSteps | { readonly kind: 'event'; readonly event: SequenceEvent };

/** A position: the last step and the number of the last event that were told. */
export interface ToldUpTo {
  readonly seq: number;
  readonly event: number;
}

/** Takes live runs, with what was written into their rooms. */
export class StepTeller {
  private readonly told = new Subject<Told>();
  private rangeRoom = new Float32Array(0);
  private anomalies: ArrayLike<number> | null = null;
  private ranges: ArrayLike<number> | null = null;

  get isHeard(): boolean {
    return this.told.observed;
  }

  /** Gives the live steps and events. */
  get live$() {
    return this.told.asObservable();
  }

  /** Notes the room for scores of the next run. */
  notedAnomalies<A extends ArrayLike<number> | null>(room: A): A {
    this.anomalies = room;
    return room;
  }

  /** Notes the room for ranges of the next run, and gives one if nobody else has. */
  notedRanges(room: Float32Array | null, length: number): Float32Array | null {
    if (!room && this.isHeard) {
      if (this.rangeRoom.length < length) this.rangeRoom = new Float32Array(length);
      this.ranges = this.rangeRoom.subarray(0, length);
      return this.ranges as Float32Array;
    }
    this.ranges = room;
    return room;
  }

  run({ seq, count, change: { record }, y, model }: SequenceRun, epoch: string): void {
    if (count === 0 || record?.kind !== 'steps' || !this.isHeard) return;
    const { t, x } = rowsAt(record, seq, count, model.spec.batch * model.spec.features);
    const { anomalies, ranges } = this;
    this.told.next({
      kind: 'steps',
      seq,
      count,
      epoch,
      t: t ?? new Float64Array(count).fill(Number.NaN),
      x,
      y: y && Float32Array.from(y),
      range: ranges && Float32Array.from(ranges),
      anomaly: anomalies
        ? Float32Array.from({ length: count }, (_, i) => anomalies[i] ?? Number.NaN)
        : new Float32Array(count).fill(Number.NaN),
    });
  }

  event(event: SequenceEvent): void {
    if (this.isHeard) this.told.next({ kind: 'event', event });
  }

  complete(): void {
    this.told.complete();
  }
}

function rowsAt(
  { first, t, x }: Extract<LogRecord, { kind: 'steps' }>,
  seq: number,
  count: number,
  size: number,
) {
  const [from, to] = [seq - first, seq - first + count];
  return { t: t?.slice(from, to) ?? null, x: x.slice(from * size, to * size) };
}

/** Gives what was told after a position, a page in each turn, and then the live steps. */
export const toldAfter = (past: Past, teller: StepTeller, after: ToldUpTo, way: PastWay) =>
  thenLive(
    batched(pastTold(past, after)),
    teller.live$.pipe(map((told) => [told])),
    way,
    (told) => told.length,
  );

function* batched(pages: Iterable<Told[]>): Generator<Told[][]> {
  for (const page of pages) yield [page];
}

function* pastTold(past: Past, after: ToldUpTo): Generator<Told[]> {
  // what happened right after a step has its number
  for (const { first, count, epoch, t, x, y, anomaly, entries } of past.read(Math.max(0, after.seq))) {
    const told: Told[] = [];
    const skipped = Math.max(0, after.seq + 1 - first);
    const size = count > 0 ? x.length / count : 0;
    const outputs = count > 0 ? y.length / count : 0;
    if (skipped < count)
      told.push({
        kind: 'steps',
        seq: first + skipped,
        count: count - skipped,
        epoch,
        t: t.slice(skipped),
        x: x.slice(skipped * size),
        y: outputs > 0 ? y.slice(skipped * outputs) : null,
        range: null,
        anomaly: anomaly.slice(skipped),
      });
    for (const entry of entries) {
      if (entry.kind !== 'event') continue;
      const isSeen = entry.seq < after.seq || (entry.seq === after.seq && (entry.number ?? 0) <= after.event);
      if (!isSeen) told.push({ kind: 'event', event: { ...entry } as unknown as SequenceEvent });
    }
    yield told;
  }
}
