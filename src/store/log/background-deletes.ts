/**
 * Deletes that can wait: each write takes some keys along, so that no write becomes slow. It takes twice as many as it adds, so that
 * what many sequences leave behind cannot grow faster than it goes.
 */
import type { GroupCommit } from './group-commit.js';

/** How many keys one write deletes at least, if so many wait, and for each that it adds. */
export const SWEEP_KEYS = 64;
const FOR_EACH = 2;

export interface Sweep {
  /** Gives the first keys, up to `limit`, that are still to be deleted. */
  keys(limit: number): string[];
  /** Called when all of them are deleted durably. */
  done(): void;
}

export class Sweeps {
  private waiting: Sweep[] = [];

  add(sweep: Sweep, commit: GroupCommit): void {
    this.waiting.push(sweep);
    commit.wake();
  }

  /** Puts the next deletes into the write that is being filled. */
  fill(commit: GroupCommit): void {
    let room = Math.max(SWEEP_KEYS, FOR_EACH * commit.gathered);
    for (;;) {
      const [sweep] = this.waiting;
      if (!sweep || room === 0) break;
      const keys = sweep.keys(room);
      for (const key of keys) commit.set(key, null);
      if (keys.length < room) {
        this.waiting.shift();
        commit.whenDurable(() => sweep.done());
      }
      room -= keys.length;
    }
    if (this.waiting.length > 0) commit.whenDurable(() => commit.wake());
  }
}
