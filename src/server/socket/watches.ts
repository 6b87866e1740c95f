import type { Subscription } from 'rxjs';
import { EddyError } from '../../errors.js';
import type { View } from '../../protocol/views/index.js';

/** The active views of one socket. */
export class Watches {
  private readonly watched = new Map<string, Subscription>();

  constructor(private readonly most: number) {}

  get size(): number {
    return this.watched.size;
  }

  has(channel: number, view: View): boolean {
    return this.watched.has(keyOf(channel, view));
  }

  /** @throws EddyError `view-limit` */
  checkRoom(): void {
    if (this.watched.size >= this.most)
      throw new EddyError('view-limit', `this socket already has ${this.most} views`);
  }

  /** Ends an active view, so that another can replace it. */
  drop(channel: number, view: View): void {
    const key = keyOf(channel, view);
    this.watched.get(key)?.unsubscribe();
    this.watched.delete(key);
  }

  enter(channel: number, view: View, subscription: Subscription): void {
    this.watched.set(keyOf(channel, view), subscription);
  }

  end(): void {
    for (const subscription of this.watched.values()) subscription.unsubscribe();
    this.watched.clear();
  }
}

const keyOf = (channel: number, view: View) => `${channel}/${view}`;
