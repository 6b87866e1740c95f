import type { Subscriber } from 'rxjs';
import type { ServerMessageOf } from '../../src/protocol/messages.js';
import type { ViewOptions } from './api.js';

/** How the server is to send results. */
export type Wish = Required<Pick<ViewOptions, 'every' | 'delivery'>>;

/** Where in the past to begin. */
export type Since = Pick<ViewOptions, 'last' | 'from'>;

export interface Item {
  readonly skipped: number;
  readonly seq?: number;
  readonly t?: number | null | undefined;
  readonly update?: number;
  readonly event?: string;
  /** Of an event. */
  readonly number?: number | undefined;
  readonly epoch?: string;
}

/** A subscriber's position: it has seen everything up to this step. */
export interface Place {
  readonly epoch: string;
  readonly seq: number;
  /** Number of the last event it has seen, if they have numbers. */
  readonly event?: number;
}

type Begin = Pick<ServerMessageOf<'subscribed'>, 'epoch' | 'seq' | 'recovered' | 'begins' | 'event'>;

/** One local subscriber of a view: its wishes, its place, and what it has yet to see. */
export class Follower<T extends Item> {
  /** The past that it still waits for; it receives nothing before. */
  since: Since | null;
  /** Is it part of what the server was asked for? */
  isAsked = false;
  place: Place | null = null;
  /** Number of the last step of its past. */
  pastEnd = Number.NEGATIVE_INFINITY;
  /** Number of the last step whose results it has, for views with one result per step. */
  private lastSeq: number | null = null;
  private lastUpdate = -1;
  /** The events at its place, which come again when their step does. */
  private seenEvents: string[] = [];
  /** May results come that it has seen, or that are before what it asked for? */
  private isAhead = false;
  private fromTime = Number.NEGATIVE_INFINITY;

  constructor(
    readonly subscriber: Subscriber<readonly T[]>,
    readonly wish: Wish,
    since: Since | null,
    private readonly isPerStep: boolean,
  ) {
    this.since = since;
  }

  /** Steps after `seq` count as missed if not delivered. */
  expectFrom(seq: number): void {
    if (this.isPerStep && !this.since) this.lastSeq ??= seq;
  }

  /** The server sends results: from `begins` on, from the places that it was told if it recovered them, or from after step `seq`. */
  begin({ epoch, seq, recovered = false, begins, event }: Begin): void {
    if (this.since) {
      if (this.isAsked) this.beginPast(this.since, epoch, seq, begins ?? seq + 1);
      return;
    }
    this.isAhead = recovered || begins !== undefined;
    if (recovered && this.place) return;
    // the latest result comes first in place of those that are lost: until it is here, it is yet to be seen
    const isDue = this.isPerStep && this.place !== null && begins === undefined && seq >= 0;
    this.place = { epoch, seq: isDue ? seq - 1 : seq, ...(event !== undefined && { event }) };
    this.lastUpdate = -1;
    this.seenEvents = [];
    // the steps in between are counted when the next result comes
    if (this.isPerStep) this.lastSeq = Math.min(this.lastSeq ?? seq, seq);
  }

  /** @param end number of the last step these results cover, if known */
  deliver(all: readonly T[], end: number | undefined): void {
    if (this.since) return;
    const items = all.filter((item) => (this.isAhead ? this.isNew(item) : !this.isSeen(item)));
    const [first, ...others] = items;
    if (!first && (this.isAhead || all.length > 0)) return;
    this.isAhead = false;
    this.fromTime = Number.NEGATIVE_INFINITY;
    if (this.place && end !== undefined) this.goTo(end);
    if (!first) return;
    this.remember(items);
    const missed = this.missedBefore(first);
    const told = missed > 0 ? [{ ...first, skipped: first.skipped + missed }, ...others] : items;
    if (this.isPerStep) this.lastSeq = items.at(-1)?.seq ?? null;
    this.subscriber.next(told);
  }

  private beginPast({ last, from }: Since, epoch: string, seq: number, begins: number): void {
    this.since = null;
    const start = last === undefined ? begins : Math.max(begins, seq - last + 1);
    this.fromTime = from ?? Number.NEGATIVE_INFINITY;
    this.place = { epoch, seq: start - 1 };
    this.lastSeq = this.isPerStep && from === undefined ? start - 1 : null;
    this.pastEnd = seq;
    this.isAhead = true;
  }

  /** Is it an event that came before? */
  private isSeen({ number }: T): boolean {
    return number !== undefined && number <= (this.place?.event ?? -1);
  }

  private isNew(item: T): boolean {
    const { seq, update, event, t, ...rest } = item;
    if (this.isSeen(item)) return false;
    if (update !== undefined) return update > this.lastUpdate;
    if (t !== null && t !== undefined && t < this.fromTime) return false;
    if (rest.number !== undefined && this.place?.event !== undefined) return true;
    if (seq === undefined || !this.place || seq > this.place.seq) return true;
    if (event === undefined || seq < this.place.seq) return false;
    return this.seenEvents.length > 0 && !this.seenEvents.includes(identityOf(event, rest));
  }

  private goTo(seq: number): void {
    if (seq !== this.place!.seq) this.seenEvents = [];
    this.place = { ...this.place!, seq };
  }

  private remember(items: readonly T[]): void {
    this.lastUpdate = items.at(-1)!.update ?? this.lastUpdate;
    for (const { seq, event, t, ...rest } of items)
      if (event !== undefined && seq === this.place?.seq) this.seenEvents.push(identityOf(event, rest));
    this.seenEvents.splice(0, this.seenEvents.length - MOST_EVENTS);
    const last = items.findLast(({ number }) => number !== undefined);
    if (last && this.place)
      this.place = { ...this.place, epoch: last.epoch ?? this.place.epoch, event: last.number! };
  }

  /** Steps between the last result and this one that were not reported as skipped. */
  private missedBefore({ seq, skipped }: T): number {
    if (!this.isPerStep || seq === undefined || this.lastSeq === null) return 0;
    return Math.max(0, seq - this.lastSeq - 1 - skipped);
  }
}

/** The most events at one place that are told from each other. */
const MOST_EVENTS = 64;

const identityOf = (event: string, rest: object): string => {
  const { epoch, detail } = rest as { epoch?: string; detail?: unknown };
  return JSON.stringify([event, epoch, detail]);
};
