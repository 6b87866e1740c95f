/** What a sequence was, as the messages of a view: out of the pages of its past, and then the live results. */
import { Observable, Subscription } from 'rxjs';
import type { OutputLabel } from '../../fields/output-labels.js';
import type { ViewMessage } from '../../protocol/views/index.js';
import type { PastEntry } from '../past/entry.js';
import type { Past, PastSteps } from '../past/past.js';
import type { Turns } from '../turns.js';
import { named } from './latest-result.js';
import type { ResultView } from './results.js';

export interface PastResultsParts {
  readonly past: Past;
  readonly channel: number;
  readonly labels: readonly OutputLabel[];
  /** Numbers in the x, the y and the h of a step. */
  readonly sizes: { readonly x: number; readonly y: number; readonly h: number };
  /** The most steps in one message. */
  readonly capacity: number;
  readonly interval: number | null;
}

/** Gives the messages of a view from a step on, those of a page at a time. */
export function* pastResults(
  view: ResultView,
  start: number,
  parts: PastResultsParts,
): Generator<ViewMessage[]> {
  const { past, channel, capacity, sizes, interval } = parts;
  if (view === 'states')
    for (const { h, ...rows } of past.readStates(start))
      yield inParts(rows, capacity, (head, from, to) => ({
        type: 'states',
        channel,
        ...head,
        h: h.slice(from * sizes.h, to * sizes.h) as Float32Array<ArrayBuffer>,
      }));
  else
    for (const page of past.read(start)) {
      if (view === 'inputs')
        yield inParts(page, capacity, (head, from, to) => ({
          type: 'inputs',
          channel,
          ...head,
          x: page.x.slice(from * sizes.x, to * sizes.x) as Float64Array<ArrayBuffer>,
        }));
      else if (view === 'predictions')
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
      else yield page.entries.flatMap((entry) => entryMessage(view, entry, parts));
    }
}

/** Gives past results, a page in each turn, and then the live ones. */
export const thenLive = (pages: Iterator<ViewMessage[]>, live$: Observable<ViewMessage>, turns: Turns) =>
  new Observable<ViewMessage>((subscriber) => {
    const open = new Subscription();
    open.add(
      turns.add(() => {
        try {
          const page = pages.next();
          if (page.done) open.add(live$.subscribe(subscriber));
          else for (const message of page.value) subscriber.next(message);
          return page.done || subscriber.closed;
        } catch (error) {
          subscriber.error(error);
          return true;
        }
      }),
    );
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

function entryMessage(
  view: ResultView,
  entry: PastEntry,
  { channel, labels }: PastResultsParts,
): ViewMessage[] {
  const { seq, t, epoch } = entry;
  if (view === 'events' && entry.kind === 'event') {
    const { event, detail } = entry;
    return [
      { type: 'events', channel, skipped: 0, events: [{ event, seq, t, epoch, detail }] } as ViewMessage,
    ];
  }
  if (view !== 'metrics' || entry.kind !== 'metrics') return [];
  const metrics = entry.metrics as { outputs: { output: number }[] };
  return [
    {
      type: 'metrics',
      channel,
      seq,
      t,
      skipped: 0,
      ...metrics,
      outputs: named(metrics.outputs, labels),
    } as ViewMessage,
  ];
}
