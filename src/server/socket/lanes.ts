import { finalize, type Observable, Subject, Subscription } from 'rxjs';
import { EddyError } from '../../errors.js';
import { boundedBuffer } from '../../operators/bounded-buffer.js';

/** The most messages that may wait for one answer of a sequence's owner. */
const CAPACITY = 256;

type Work = () => Observable<unknown>;

interface Lane {
  readonly works: Subject<Work>;
  readonly subscription: Subscription;
  /** Unfinished work, including the running one. */
  waiting: number;
}

/**
 * Keeps the order of one socket's requests about one sequence if its owner takes time to answer: later ones wait, up to
 * a bound, and requests about other sequences do not. An answer in the same call passes without waiting.
 */
export class Lanes<K> {
  private readonly lanes = new Map<K, Lane>();
  private readonly running = new Subscription();

  /**
   * Runs work once all earlier work with the same key is done. Its stream must not error.
   *
   * @throws EddyError `buffer-overflow` if too much is waiting
   */
  add(key: K, work: () => Observable<unknown>): void {
    const lane = this.lanes.get(key) ?? this.open(key);
    if (lane.waiting > CAPACITY)
      throw new EddyError('buffer-overflow', `${CAPACITY} requests about this sequence are already waiting`);
    lane.waiting++;
    lane.works.next(() => work().pipe(finalize(() => this.leave(key, lane))));
  }

  end(): void {
    this.running.unsubscribe();
    this.lanes.clear();
  }

  private open(key: K): Lane {
    const works = new Subject<Work>();
    const options = { capacity: CAPACITY, overflow: 'fail' } as const;
    const subscription = works.pipe(boundedBuffer((work) => work(), options)).subscribe();
    const lane: Lane = { works, subscription, waiting: 0 };
    this.running.add(subscription);
    this.lanes.set(key, lane);
    return lane;
  }

  private leave(key: K, lane: Lane): void {
    if (--lane.waiting > 0) return;
    this.lanes.delete(key);
    this.running.remove(lane.subscription);
    lane.works.complete();
  }
}
