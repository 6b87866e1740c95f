import { defer, mergeMap, Observable, type SchedulerLike } from 'rxjs';
import type { ServerMessageOf } from '../../src/protocol/messages.js';
import { Follower, type Item, type Place, type Since, type Wish } from './follower.js';
import { newest } from './newest.js';

const isBefore = (one: Place, other: Place): boolean =>
  one.seq < other.seq || (one.seq === other.seq && (one.event ?? -1) < (other.event ?? -1));

/** One view of one sequence and its local subscribers: their combined wishes, and the results for each of them. */
export class Feed<T extends Item> {
  /** The options requested from the server on this socket. */
  asked: Wish | null = null;
  /** Is a subscribe waiting for its answer? */
  isPending = false;
  private readonly followers = new Set<Follower<T>>();

  constructor(
    /** Does each step have exactly one result, so that step numbers reveal how many were missed? */
    private readonly isPerStep: boolean,
    private readonly scheduler: SchedulerLike,
    private readonly onChange: () => void,
  ) {}

  get isIdle(): boolean {
    return this.followers.size === 0 && this.asked === null;
  }

  /** The options that serve all subscribers: every result if one wants that, and the smallest interval; null without any. */
  get wish(): Wish | null {
    const wishes = [...this.followers].map(({ wish }) => wish);
    if (wishes.length === 0) return null;
    return {
      every: Math.min(...wishes.map(({ every }) => every)),
      delivery: wishes.some(({ delivery }) => delivery === 'every') ? 'every' : 'latest',
    };
  }

  /** How much of the past serves all who wait for theirs; null if nobody does. */
  get since(): Since | null {
    const asked = [...this.followers].flatMap(({ since }) => since ?? []);
    if (asked.length === 0) return null;
    const lasts = asked.flatMap(({ last }) => last ?? []);
    const froms = asked.flatMap(({ from }) => from ?? []);
    return {
      ...(lasts.length > 0 && { last: Math.max(...lasts) }),
      ...(froms.length > 0 && { from: Math.min(...froms) }),
    };
  }

  /** The position to resume from: that of the subscriber that has seen least, of those that have seen anything. */
  get after(): Place | undefined {
    const places = [...this.followers].flatMap(({ place }) => place ?? []);
    return places.length > 0 ? places.reduce((a, b) => (isBefore(b, a) ? b : a)) : undefined;
  }

  observe(wish: Wish, since: Since | null): Observable<T> {
    return defer(() => {
      let follower: Follower<T> | null = null;
      const batches$ = new Observable<readonly T[]>((subscriber) => {
        const joined = new Follower(subscriber, wish, since, this.isPerStep);
        follower = joined;
        this.followers.add(joined);
        this.onChange();
        return () => {
          this.followers.delete(joined);
          this.onChange();
        };
      });
      if (wish.delivery === 'every') return batches$.pipe(mergeMap((items) => items));
      return batches$.pipe(
        newest(wish.every, this.scheduler, ({ seq }) => seq !== undefined && seq <= follower!.pastEnd),
      );
    });
  }

  /** The server is asked for what all subscribers want now. */
  ask(wish: Wish): void {
    this.asked = wish;
    this.isPending = true;
    for (const follower of this.followers) follower.isAsked = true;
  }

  /** Steps after `seq` count as missed if not delivered, even before a subscription is answered. */
  expectFrom(seq: number): void {
    for (const follower of this.followers) follower.expectFrom(seq);
  }

  /** The server takes the subscription. */
  begin(subscribed: ServerMessageOf<'subscribed'>): void {
    this.isPending = false;
    for (const follower of this.followers) follower.begin(subscribed);
  }

  /** @param seq number of the last step these results cover, if known */
  deliver(items: readonly T[], seq: number | undefined): void {
    for (const follower of [...this.followers]) follower.deliver(items, seq);
  }

  interrupt(): void {
    this.asked = null;
    this.isPending = false;
    for (const follower of this.followers) follower.isAsked = false;
  }

  /** Ends all subscribers: with an error, or by completion. */
  end(error: Error | null): void {
    for (const { subscriber } of [...this.followers])
      if (error) subscriber.error(error);
      else subscriber.complete();
  }
}
