import { of, Subject, Subscriber, type TeardownLogic } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { untilClosed } from '../../src/operators/until-closed.js';

/** A subscriber that shows what it would tear down. */
class OpenSubscriber extends Subscriber<unknown> {
  readonly held = new Set<TeardownLogic>();

  override add(teardown: TeardownLogic): void {
    this.held.add(teardown);
    super.add(teardown);
  }

  override remove(teardown: Exclude<TeardownLogic, void>): void {
    this.held.delete(teardown);
    super.remove(teardown);
  }
}

describe('untilClosed', () => {
  it('[OPR29] leaves nothing with the subscriber when the source ends first', () => {
    const subscriber = new OpenSubscriber();
    const source = new Subject<number>();
    source.pipe(untilClosed(subscriber)).subscribe();
    expect(subscriber.held.size).toBe(1);
    source.complete();
    of(1).pipe(untilClosed(subscriber)).subscribe();

    expect(subscriber.held.size).toBe(0);
  });

  it('[OPR5] ends the source when the subscriber is torn down', () => {
    const subscriber = new OpenSubscriber();
    const source = new Subject<number>();
    source.pipe(untilClosed(subscriber)).subscribe();
    subscriber.unsubscribe();

    expect(source.observed).toBe(false);
  });

  it('[OPR5] does not begin for a subscriber that is torn down already', () => {
    const subscriber = new OpenSubscriber();
    subscriber.unsubscribe();
    const next = vi.fn();
    of(1).pipe(untilClosed(subscriber)).subscribe(next);

    expect(next).not.toHaveBeenCalled();
  });
});
