/** What a sequence was, as the messages of a view: out of the pages of its past, and then the live results. */
import { Observable, type SchedulerLike, Subscription } from 'rxjs';
import type { OutputLabel } from '../../fields/output-labels.js';
import type { ViewMessage } from '../../protocol/views/index.js';
import type { PastEntry } from '../past/entry.js';
import type { Past, PastSteps } from '../past/past.js';
import { StepTimes } from '../step-times.js';
import type { FairTurns } from '../work/fair-turns.js';
import { named } from './latest-result.js';
import type { ResultView } from './result-view.js';

export interface PastResultsParts {
  readonly past: Past;
  readonly channel: number;
  readonly labels: readonly OutputLabel[];
  /** Numbers in the x, the y and the h of a step. */
  readonly sizes: { readonly x: number; readonly y: number; readonly h: number };
  /** The most results in one message. */
  readonly capacity: number;
  /** Milliseconds between steps where they come regularly, as far as the times read do not tell. */
  readonly interval: number | null;
}

/** Gives the messages of a view from a step on, those of a page at a time. */
export function* pastResults(
  view: ResultView,
  start: number,
  parts: PastResultsParts,
): Generator<ViewMessage[]> {
  const { past, channel, capacity, sizes } = parts;
  if (view === 'states') {
    for (const { h, ...rows } of past.readStates(start))
      yield inParts(rows, capacity, (head, from, to) => ({
        type: 'states',
        channel,
        ...head,
        h: h.slice(from * sizes.h, to * sizes.h) as Float32Array<ArrayBuffer>,
      }));
    return;
  }
  const times = new StepTimes();
  for (const page of past.read(start)) {
    if (view === 'inputs')
      yield inParts(page, capacity, (head, from, to) => ({
        type: 'inputs',
        channel,
        ...head,
        x: page.x.slice(from * sizes.x, to * sizes.x) as Float64Array<ArrayBuffer>,
      }));
    else if (view === 'predictions') {
      times.take(page.t);
      const interval = times.interval ?? parts.interval;
      yield inParts(servedOf(page, sizes.y), capacity, (head, from, to) => ({
        type: 'predictions',
        channel,
        ...head,
        interval,
        y: page.y.slice(
          (head.seq - page.first) * sizes.y,
          (head.seq - page.first + to - from) * sizes.y,
        ) as Float32Array<ArrayBuffer>,
      }));
    } else if (view === 'events') yield eventsOf(page, channel, capacity);
    else yield page.entries.flatMap((entry) => (entry.kind === 'metrics' ? [metricsOf(entry, parts)] : []));
  }
}

/** Who reads the past. */
export interface Reader {
  /** Who shares the processor with others. */
  readonly owner: object;
  /** Can it take more? It is asked again after a while. */
  hasRoom(): boolean;
  /** Told how many steps it was given. */
  read?(steps: number): void;
}

export interface PastWay {
  readonly turns: FairTurns;
  readonly scheduler: SchedulerLike;
  readonly reader: Reader;
}

/** Milliseconds until a reader without room is asked again. */
const LOOK_MS = 10;
/** What it costs to read a page, nearly. */
const PAGE_WORK = 2 ** 22;

/** Gives past results, a page in each turn, while there is room for them, and then the live ones. */
export const thenLive = <M>(
  pages: Iterator<M[]>,
  live$: Observable<M>,
  { turns, scheduler, reader }: PastWay,
  weigh: (message: M) => number,
) =>
  new Observable<M>((subscriber) => {
    const open = new Subscription();
    let page: M[] = [];
    let at = 0;
    let next = Subscription.EMPTY;
    /** Sends what there is room for; null when it goes on otherwise than in the next turn. */
    const piece = (): number | null => {
      if (at === page.length) {
        const read = pages.next();
        if (read.done) {
          open.add(live$.subscribe(subscriber));
          return null;
        }
        page = read.value;
        at = 0;
      }
      while (at < page.length && reader.hasRoom() && !subscriber.closed) {
        const message = page[at++]!;
        reader.read?.(weigh(message));
        subscriber.next(message);
      }
      if (subscriber.closed) return null;
      if (at === page.length) return PAGE_WORK;
      next = scheduler.schedule(goOn, LOOK_MS);
      return null;
    };
    const goOn = () => {
      try {
        next = turns.add({
          kind: 'beside',
          owner: reader.owner,
          piece: () => {
            try {
              return piece();
            } catch (error) {
              subscriber.error(error);
              return null;
            }
          },
        });
      } catch (error) {
        subscriber.error(error);
      }
    };
    goOn();
    open.add(() => next.unsubscribe());
    return open;
  });

type Rows = Pick<PastSteps, 'first' | 'count' | 't'>;
interface Head {
  readonly seq: number;
  readonly count: number;
  readonly skipped: 0;
  readonly t: Float64Array<ArrayBuffer>;
}

/** Cuts the rows of a page into messages. */
function inParts(
  { first, count, t }: Rows,
  capacity: number,
  make: (head: Head, from: number, to: number) => ViewMessage,
): ViewMessage[] {
  const messages: ViewMessage[] = [];
  for (let from = 0; from < count; from += capacity) {
    const to = Math.min(count, from + capacity);
    const times = t.slice(from, to) as Float64Array<ArrayBuffer>;
    messages.push(make({ seq: first + from, count: to - from, skipped: 0, t: times }, from, to));
  }
  return messages;
}

/** The steps of a page from the first one with a prediction on: those of a log of version 0.1 have none. */
function servedOf({ first, count, t, y }: PastSteps, size: number): Rows {
  let unknown = 0;
  while (unknown < count && Number.isNaN(y[unknown * size]!)) unknown++;
  return { first: first + unknown, count: count - unknown, t: t.subarray(unknown) };
}

/** The events of a page; those that it does not keep count as skipped. */
function eventsOf({ entries, leftOut }: PastSteps, channel: number, capacity: number): ViewMessage[] {
  const events = entries.flatMap((entry) => (entry.kind === 'event' ? [told(entry)] : []));
  let skipped = Object.values(leftOut).reduce((sum, count) => sum + count, 0);
  const messages: ViewMessage[] = [];
  for (let from = 0; from < events.length; from += capacity) {
    const part = events.slice(from, from + capacity);
    messages.push({ type: 'events', channel, skipped, events: part } as ViewMessage);
    skipped = 0;
  }
  return messages;
}

const told = ({ event, seq, t, epoch, detail, number }: Extract<PastEntry, { kind: 'event' }>) => ({
  event,
  seq,
  t,
  epoch,
  detail,
  ...(number !== undefined && { number }),
});

function metricsOf(
  { seq, t, metrics: kept }: Extract<PastEntry, { kind: 'metrics' }>,
  { channel, labels }: PastResultsParts,
): ViewMessage {
  const metrics = kept as { outputs: { output: number }[] };
  const outputs = named(metrics.outputs, labels);
  return { type: 'metrics', channel, seq, t, skipped: 0, ...metrics, outputs } as ViewMessage;
}
