import { mergeMap, Observable, type SchedulerLike, type Subscriber } from 'rxjs';
import type { ViewOptions } from './api.js';
import { newest } from './newest.js';

export type Wish = Required<ViewOptions>;

type Item = { readonly skipped: number; readonly seq?: number; readonly update?: number };

/** The subscribers' position: they have seen everything up to this step. */
interface Place {
  readonly epoch: string;
  readonly seq: number;
}

/** One view of one sequence and its local subscribers: their combined wishes, and the results for each of them. */
export class Feed<T extends Item> {
  /** The options requested from the server on this socket. */
  asked: Wish | null = null;
  /** Is a subscribe waiting for its answer? */
  isPending = false;
  private readonly subscribers = new Map<Subscriber<readonly T[]>, Wish>();
  /** Number of the last step whose results the subscribers have, for views with one result per step. */
  private lastSeq: number | null = null;
  /** Where the last message ended, and the number of the last update in it. */
  private place: Place | null = null;
  private lastUpdate = -1;
  /** Updates up to this number were seen before, and come again only because their step does. */
  private seenUpdate = -1;

  constructor(
    /** Does each step have exactly one result, so that step numbers reveal how many were missed? */
    private readonly isPerStep: boolean,
    private readonly scheduler: SchedulerLike,
    private readonly onChange: () => void,
  ) {}

  get isIdle(): boolean {
    return this.subscribers.size === 0 && this.asked === null;
  }

  /** The options that serve all subscribers: every result if one wants that, and the smallest interval; null without any. */
  get wish(): Wish | null {
    const wishes = [...this.subscribers.values()];
    if (wishes.length === 0) return null;
    return {
      every: Math.min(...wishes.map(({ every }) => every)),
      delivery: wishes.some(({ delivery }) => delivery === 'every') ? 'every' : 'latest',
    };
  }

  observe(wish: Wish): Observable<T> {
    const batches$ = new Observable<readonly T[]>((subscriber) => {
      this.subscribers.set(subscriber, wish);
      this.onChange();
      return () => {
        this.subscribers.delete(subscriber);
        if (this.subscribers.size === 0) this.forget();
        this.onChange();
      };
    });
    return batches$.pipe(
      wish.delivery === 'latest' ? newest(wish.every, this.scheduler) : mergeMap((items) => items),
    );
  }

  /** Steps after `seq` count as missed if not delivered, even before a subscription is answered. */
  expectFrom(seq: number): void {
    if (this.isPerStep && this.subscribers.size > 0) this.lastSeq ??= seq;
  }

  /** The position to resume from, if the subscribers have seen anything. */
  get after(): Place | undefined {
    return this.subscribers.size > 0 ? (this.place ?? undefined) : undefined;
  }

  /** The server sends results: from the subscribers' position if it recovered that, or from after step `seq`. */
  begin({ epoch, seq, recovered = false }: Place & { readonly recovered?: boolean | undefined }): void {
    this.isPending = false;
    if (recovered) {
      this.seenUpdate = this.lastUpdate;
      return;
    }
    this.place = { epoch, seq };
    this.lastUpdate = -1;
    // the steps in between are counted when the next result comes
    if (this.isPerStep) this.lastSeq = Math.min(this.lastSeq ?? seq, seq);
  }

  /** @param seq number of the last step these results cover, if known */
  deliver(all: readonly T[], seq: number | undefined): void {
    const { seenUpdate } = this;
    const items = seenUpdate < 0 ? all : all.filter(({ update = 0 }) => update > seenUpdate);
    if (items.length > 0) this.seenUpdate = -1;
    if (this.place && seq !== undefined) this.place = { ...this.place, seq };
    this.lastUpdate = items.at(-1)?.update ?? this.lastUpdate;
    const [first, ...others] = items;
    if (!first) return;
    const missed = this.missedBefore(first);
    const told = missed > 0 ? [{ ...first, skipped: first.skipped + missed }, ...others] : items;
    if (this.isPerStep) this.lastSeq = items.at(-1)?.seq ?? null;
    for (const subscriber of [...this.subscribers.keys()]) subscriber.next(told);
  }

  interrupt(): void {
    this.asked = null;
    this.isPending = false;
  }

  /** Ends all subscribers: with an error, or by completion. */
  end(error: Error | null): void {
    for (const subscriber of [...this.subscribers.keys()])
      if (error) subscriber.error(error);
      else subscriber.complete();
  }

  /** Steps between the last result and this one that were not reported as skipped. */
  private missedBefore({ seq, skipped }: T): number {
    if (!this.isPerStep || seq === undefined || this.lastSeq === null) return 0;
    return Math.max(0, seq - this.lastSeq - 1 - skipped);
  }

  private forget(): void {
    this.lastSeq = null;
    this.place = null;
    this.lastUpdate = -1;
  }
}
