/**
 * All that is told of each step, in one stream: for who judges the steps of a sequence in this process. It begins after a
 * position in the past, out of the pages, and goes on with the live steps; only those have ranges.
 */
import { map, Subject } from 'rxjs';
import type { SequenceEvent } from '../../protocol/views/index.js';
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

  /** Takes a run. @param events its events, in order */
  run(
    { seq, count, change: { record }, y, model }: SequenceRun,
    epoch: string,
    events: readonly SequenceEvent[],
  ): void {
    if (!this.isHeard) return;
    if (count === 0 || record?.kind !== 'steps') {
      for (const event of events) this.event(event);
      return;
    }
    const { anomalies, ranges } = this;
    const { batch, features } = model.spec;
    const { first, t, x } = record;
    const [from, to, size] = [seq - first, seq - first + count, batch * features];
    const steps: ToldSteps = {
      kind: 'steps',
      seq,
      count,
      epoch,
      t: t ? t.slice(from, to) : new Float64Array(count).fill(Number.NaN),
      x: x.slice(from * size, to * size),
      y: y && new Float32Array(y),
      range: ranges && new Float32Array(ranges),
      anomaly: anomalies ? new Float32Array(anomalies) : new Float32Array(count).fill(Number.NaN),
    };
    for (const told of inOrder(steps, events)) this.told.next(told);
  }

  event(event: SequenceEvent): void {
    if (this.isHeard) this.told.next({ kind: 'event', event });
  }

  complete(): void {
    this.told.complete();
  }
}

/** Puts each event after the step that it is about, whatever steps come together. */
function inOrder(steps: ToldSteps, events: readonly SequenceEvent[]): Told[] {
  const told: Told[] = [];
  let from = 0;
  const stepsUpTo = (to: number) => {
    if (to > from) told.push(from === 0 && to === steps.count ? steps : partOf(steps, from, to));
    from = Math.max(from, to);
  };
  for (const event of events) {
    stepsUpTo(Math.min(steps.count, event.seq - steps.seq + 1));
    told.push({ kind: 'event', event });
  }
  stepsUpTo(steps.count);
  return told;
}

function partOf(steps: ToldSteps, from: number, to: number): ToldSteps {
  const { count, seq, epoch, t, x, y, range, anomaly } = steps;
  const rows = <A extends ArrayLike<number> | null>(all: A) => {
    const size = (all?.length ?? 0) / count;
    return all && Array.prototype.slice.call(all, from * size, to * size);
  };
  const rest = { y: rows(y), range: rows(range), anomaly: rows(anomaly)! };
  return { kind: 'steps', seq: seq + from, count: to - from, epoch, t: rows(t)!, x: rows(x)!, ...rest };
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
  for (const { first, entries, leftOut: _, ...page } of past.read(Math.max(0, after.seq))) {
    const events = entries.flatMap((entry) => {
      if (entry.kind !== 'event' || entry.seq < after.seq) return [];
      const isSeen = entry.seq === after.seq && (entry.number ?? 0) <= after.event;
      return isSeen ? [] : [entry as unknown as SequenceEvent];
    });
    const steps: ToldSteps = { ...page, kind: 'steps', seq: first, range: null };
    const skipped = Math.min(page.count, Math.max(0, after.seq + 1 - first));
    yield inOrder(skipped > 0 ? partOf(steps, skipped, page.count) : steps, events);
  }
}
