import { mergeMap, Observable, type SchedulerLike, type Subscriber } from 'rxjs';
import type { ViewOptions } from './api.js';
import { newest } from './newest.js';

export type Wish = Required<ViewOptions>;

type Item = { readonly skipped: number; readonly seq?: number };

/** One view of one sequence and its local subscribers: what they want together, and the results for each of them. */
export class Feed<T extends Item> {
  /** What the server was asked for on this socket. */
  asked: Wish | null = null;
  /** Is an answer to a subscribe under way? */
  isPending = false;
  private readonly subscribers = new Map<Subscriber<readonly T[]>, Wish>();
  /** Number of the last result, where each step has one. */
  private lastSeq: number | null = null;
  /** Results that came between two subscriptions to the server, until the subscribers are told. */
  private missed = 0;

  constructor(
    /** Has each step just one result, so that their numbers tell how many were missed? */
    private readonly isPerStep: boolean,
    private readonly scheduler: SchedulerLike,
    private readonly onChange: () => void,
  ) {}

  get isIdle(): boolean {
    return this.subscribers.size === 0 && this.asked === null;
  }

  /** What serves all subscribers: every result if one wants that, and the smallest interval; null without any. */
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

  /** Steps after `seq` are missed if they are not delivered, though no subscription has been answered yet. */
  expectFrom(seq: number): void {
    if (this.isPerStep && this.subscribers.size > 0) this.lastSeq ??= seq;
  }

  /** The server sends results from after step `seq` on. */
  begin(seq: number): void {
    this.isPending = false;
    if (this.lastSeq !== null) this.missed += Math.max(0, seq - this.lastSeq);
    this.lastSeq = this.isPerStep ? seq : null;
  }

  deliver(items: readonly T[]): void {
    const [first, ...others] = items;
    if (!first) return;
    const told = this.missed > 0 ? [{ ...first, skipped: first.skipped + this.missed }, ...others] : items;
    this.missed = 0;
    if (this.isPerStep) this.lastSeq = items.at(-1)?.seq ?? null;
    for (const subscriber of [...this.subscribers.keys()]) subscriber.next(told);
  }

  /** The socket broke. */
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

  private forget(): void {
    this.lastSeq = null;
    this.missed = 0;
  }
}
