/**
 * The views of one sequence, whoever watches it in this client. It compares what is wanted with what the server was
 * asked for, once in each turn of the event loop, and asks for the difference.
 */
import { finalize, type Observable, ReplaySubject, type SchedulerLike } from 'rxjs';
import { EddyError } from '../../src/errors.js';
import type { ServerMessageOf } from '../../src/protocol/messages.js';
import {
  endOf,
  itemsOf,
  kindOf,
  VIEWS,
  type View,
  type ViewMessage,
} from '../../src/protocol/views/index.js';
import type { Joined, Results, ViewOptions } from './api.js';
import type { CodedError } from './coded-error.js';
import type { Since, Wish } from './follower.js';
import type { Requests } from './requests.js';
import type { Retry } from './retry.js';
import { describedIn } from './shape.js';
import { Feed } from './view-feed.js';

export interface ViewsParts {
  readonly sequence: string;
  readonly requests: Requests;
  readonly retry: Retry;
  readonly scheduler: SchedulerLike;
  /** Do predictions come with their ranges? */
  readonly ranges: boolean;
  /** May the server be asked now? */
  readonly isReady: () => boolean;
  readonly onChannel: (channel: number) => void;
  readonly onError: (error: CodedError) => void;
  /** Nobody watches any more. */
  readonly onIdle: () => void;
}

/** The longest `every`, in milliseconds. */
const MAX_EVERY = 60_000;
/** The most steps that `last` asks for. */
const MAX_LAST = 2 ** 32 - 1;
/** SequenceViews whose latest message stands for all before it. */
const STANDS_ALONE: ReadonlySet<View> = new Set(['metrics', 'weights']);

type Feeds = { readonly [K in View]: Feed<Results[K]> };

export class SequenceViews {
  private readonly feeds: Feeds;
  private readonly joins = new ReplaySubject<Joined>(1);
  private channel: number | null = null;
  private isScheduled = false;

  constructor(private readonly parts: ViewsParts) {
    const feedOf = (kind: View) => new Feed(kindOf(kind).isPerStep, parts.scheduler, () => this.sync());
    this.feeds = Object.fromEntries(VIEWS.map((kind) => [kind, feedOf(kind)])) as unknown as Feeds;
  }

  get isIdle(): boolean {
    return !this.joins.observed && VIEWS.every((kind) => this.feeds[kind].isIdle);
  }

  /** What the server said to each subscribe. Asks for no view. */
  get joined$(): Observable<Joined> {
    return this.joins.pipe(finalize(() => this.sync()));
  }

  observe<K extends View>(kind: K, wish: Wish, since: Since | null): Observable<Results[K]> {
    return this.feeds[kind].observe(wish, since);
  }

  /** Asks the server for what is wanted now, without waiting for a retry. */
  begin(): void {
    this.parts.retry.cancel();
    this.sync();
  }

  /** The producer of this client goes on after step `seq`. */
  expectFrom(seq: number): void {
    for (const kind of VIEWS) this.feeds[kind].expectFrom(seq);
  }

  receive(message: ViewMessage): void {
    (this.feeds[message.type] as Feed<Results[View]>).deliver(itemsOf(message), endOf(message));
  }

  interrupt(): void {
    this.channel = null;
    for (const kind of VIEWS) this.feeds[kind].interrupt();
  }

  end(error: CodedError | null): void {
    this.parts.retry.cancel();
    for (const kind of VIEWS) this.feeds[kind].end(error);
    if (error) this.joins.error(error);
    else this.joins.complete();
  }

  /** Compares at the end of this turn of the event loop. */
  private sync(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    queueMicrotask(() => {
      this.isScheduled = false;
      if (this.parts.isReady()) for (const kind of VIEWS) this.reconcile(kind);
      if (!this.isIdle) return;
      this.parts.retry.cancel();
      this.parts.onIdle();
    });
  }

  private reconcile(kind: View): void {
    const { asked, wish, since, isPending } = this.feeds[kind];
    const isSame = asked?.every === wish?.every && asked?.delivery === wish?.delivery && !since;
    if (isSame || isPending) return;
    if (!wish) this.unsubscribe(kind);
    else if (!this.parts.retry.isWaiting) this.subscribe(kind, wish);
  }

  private subscribe(kind: View, wish: Wish): void {
    const { sequence, requests, retry, ranges, onChannel } = this.parts;
    const feed = this.feeds[kind];
    const after = !STANDS_ALONE.has(kind) && wish.delivery === 'every' ? feed.after : undefined;
    const { since } = feed;
    feed.ask(wish);
    const more = { ...since, ...(after && { after }), ...(ranges && kind === 'predictions' && { ranges }) };
    requests.ask(
      { type: 'subscribe', sequence, view: kind, ...wish, ...more },
      (subscribed) => {
        const { channel } = subscribed;
        this.channel = channel;
        retry.succeed();
        onChannel(channel);
        feed.begin(subscribed);
        this.joins.next(joinedOf(subscribed));
        this.sync();
      },
      (error) => this.refused(kind, error),
    );
  }

  private unsubscribe(kind: View): void {
    const { requests, onError } = this.parts;
    this.feeds[kind].asked = null;
    if (this.channel === null) return;
    requests.ask({ type: 'unsubscribe', channel: this.channel, view: kind }, () => this.sync(), onError);
  }

  private refused(kind: View, error: CodedError): void {
    const { retry } = this.parts;
    const feed = this.feeds[kind];
    feed.asked = null;
    feed.isPending = false;
    if (error.code === 'connection-lost') return;
    if (!error.temporary) feed.end(error);
    else if (!retry.isWaiting) retry.later(() => this.sync());
  }
}

function joinedOf(subscribed: ServerMessageOf<'subscribed'>): Joined {
  const { sequence, view, epoch, seq, recovered = false, begins = seq + 1 } = subscribed;
  return { sequence, view, epoch, seq, recovered, begins, ...describedIn(subscribed) };
}

/** Where in the past a view begins; null for one that begins now. @throws EddyError `setting-invalid` */
export function sinceOf({ last, from }: ViewOptions): Since | null {
  if (last !== undefined && from !== undefined)
    throw new EddyError('setting-invalid', 'last and from are given; a view begins at one of them');
  if (last !== undefined) {
    if (Number.isInteger(last) && last >= 0 && last <= MAX_LAST) return { last };
    throw new EddyError('setting-invalid', `last is ${last}, no integer from 0 to ${MAX_LAST}`);
  }
  if (from === undefined) return null;
  if (Number.isFinite(from)) return { from };
  throw new EddyError('setting-invalid', `from is ${from}, no time in milliseconds since 1970`);
}

/** @throws EddyError `setting-invalid` */
export function wishOf({ every = 0, delivery = 'every' }: ViewOptions): Wish {
  if (Number.isInteger(every) && every >= 0 && every <= MAX_EVERY) return { every, delivery };
  throw new EddyError('setting-invalid', `every is ${every}, no integer from 0 to ${MAX_EVERY}`);
}
