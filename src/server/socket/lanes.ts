import { finalize, type Observable, Subject, Subscription } from 'rxjs';
import { EddyError } from '../../errors.js';
import { boundedBuffer } from '../../operators/bounded-buffer.js';

/** Messages that may wait for one answer of a sequence's owner. */
const CAPACITY = 256;

type Work = () => Observable<unknown>;

interface Lane {
  readonly works: Subject<Work>;
  readonly subscription: Subscription;
  /** Work that is not done, the running one included. */
  waiting: number;
}

/**
 * Keeps the order of what one socket asks about one sequence, where its owner takes time to answer: what comes after it
 * waits, up to a bound, and nothing else does. What is answered in the same call passes without waiting.
 */
export class Lanes<K> {
  private readonly lanes = new Map<K, Lane>();
  private readonly running = new Subscription();

  /**
   * Does work once all that was added before it for the same key is done. Its stream must not error.
   *
   * @throws EddyError `buffer-overflow` where too much waits
   */
  add(key: K, work: () => Observable<unknown>): void {
    const lane = this.lanes.get(key) ?? this.open(key);
    if (lane.waiting > CAPACITY)
      throw new EddyError('buffer-overflow', `${CAPACITY} requests about this sequence wait already`);
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
