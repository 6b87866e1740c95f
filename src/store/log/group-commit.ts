/**
 * Group commit: what is set gathers, and goes to the disk in one atomic write at a time. Reads see at once what was set.
 *
 * The first that is set while nothing is under way starts a write at the end of the turn. What comes while a write is
 * under way gathers for the next one, which starts when that has ended and the first of it has waited for `groupMs`.
 * A write that fails is kept and tried again, the same and before all others, until it succeeds.
 */
import type { Subscription } from 'rxjs';
import { type Clock, systemClock } from '../../clock.js';
import { EddyError } from '../../errors.js';
import type { StoreCounters } from '../store-counters.js';
import type { Disk, KeyRange } from './disk.js';

export interface GroupCommitParts {
  /** The clocks of this machine if left out. */
  readonly clock?: Pick<Clock, 'monotonic' | 'scheduler'>;
  /** Runs work after the present turn of the event loop. */
  readonly atTurnEnd?: (work: () => void) => void;
  /** How long what is gathered may wait for more, in milliseconds. */
  readonly groupMs?: number;
  readonly counters?: StoreCounters;
  /** How long after a failed write it is tried again, in milliseconds. */
  readonly retryMs?: number;
}

/** Changes that become durable together, and who waits for it. */
class Batch {
  readonly changes = new Map<string, Uint8Array | null>();
  readonly done: (() => void)[] = [];
  waiters: { resolve: () => void; reject: (error: EddyError) => void }[] = [];
}

export class GroupCommit {
  private failed: EddyError | null = null;
  private gathering = new Batch();
  /** When the first of what is gathered came; null where nothing is. */
  private since: number | null = null;
  private writing: Batch | null = null;
  /** Settles when the present attempt to write has. */
  private attempt: Promise<void> = Promise.resolve();
  private isStarting = false;
  private timer: Subscription | null = null;
  private isClosed = false;

  private readonly clock: Pick<Clock, 'monotonic' | 'scheduler'>;
  private readonly atTurnEnd: (work: () => void) => void;
  private readonly groupMs: number;
  private readonly retryMs: number;
  readonly counters: StoreCounters;

  /** @param fill called before each write, to set what was held back for it */
  constructor(
    private readonly disk: Disk,
    private readonly fill: () => void,
    parts: GroupCommitParts,
  ) {
    const { clock = systemClock, atTurnEnd = setImmediate, groupMs = 5, retryMs = 1000 } = parts;
    this.counters = parts.counters ?? uncounted();
    this.clock = clock;
    this.atTurnEnd = atTurnEnd;
    this.groupMs = groupMs;
    this.retryMs = retryMs;
  }

  /** Why the last write failed, until one succeeds: `store-unavailable`. */
  get failure(): EddyError | null {
    return this.failed;
  }

  /** Gives what was set under a key, or undefined. */
  get(key: string): Uint8Array | undefined {
    for (const batch of [this.gathering, this.writing]) {
      const value = batch?.changes.get(key);
      if (value !== undefined) return value ?? undefined;
    }
    return this.disk.get(key);
  }

  has(key: string): boolean {
    return this.keys({ from: key, to: `${key}\u0001`, limit: 1 }).length > 0;
  }

  /** Gives keys as the disk does. */
  keys(range: KeyRange): string[] {
    const { from, to, limit, last = false } = range;
    const changed = new Map<string, boolean>();
    for (const batch of [this.writing, this.gathering])
      for (const [key, value] of batch?.changes ?? [])
        if (key >= from && key < to) changed.set(key, value !== null);
    if (changed.size === 0) return this.disk.keys(range);
    // so many keys of the disk may be hidden by changes, and no more
    const known = this.disk.keys({ ...range, limit: limit + changed.size });
    const keys = known.filter((key) => !changed.has(key));
    for (const [key, isThere] of changed) if (isThere) keys.push(key);
    keys.sort();
    if (last) keys.reverse();
    return keys.slice(0, limit);
  }

  /** Sets a key's value, or deletes it. The bytes must not change any more. */
  set(key: string, value: Uint8Array | null): void {
    this.gathering.changes.set(key, value);
    this.wake();
  }

  /** Calls `done` once all that was set so far is durable. */
  whenDurable(done: () => void): void {
    this.gathering.done.push(done);
    this.wake();
  }

  /** Says that there is something to write. */
  wake(): void {
    if (this.since !== null) return;
    this.since = this.clock.monotonic();
    if (!this.writing) this.startAtTurnEnd();
  }

  /** Resolves when all that came so far is durable, or rejects with `failure`. */
  flushed(): Promise<void> {
    if (this.failed) return Promise.reject(this.failed);
    const batch = this.since === null ? this.writing : this.gathering;
    if (!batch) return Promise.resolve();
    return new Promise((resolve, reject) => batch.waiters.push({ resolve, reject }));
  }

  /** Makes all durable that came, then closes the disk; rejects with `failure` where that cannot be. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    try {
      if (this.failed) await this.retryNow();
      await this.flushed();
    } finally {
      this.isClosed = true;
      this.timer?.unsubscribe();
      await this.attempt;
      await this.disk.close();
    }
  }

  private startAtTurnEnd(): void {
    if (this.isStarting) return;
    this.isStarting = true;
    this.atTurnEnd(() => {
      this.isStarting = false;
      if (!this.isClosed) this.start();
    });
  }

  private start(): void {
    this.fill();
    this.writing = this.gathering;
    this.gathering = new Batch();
    this.since = null;
    this.attempt = this.write(this.writing);
  }

  private async write(batch: Batch): Promise<void> {
    const began = this.clock.monotonic();
    try {
      if (batch.changes.size > 0) await this.disk.write(batch.changes);
    } catch (cause) {
      this.counters.failures++;
      this.fail(cause);
      return;
    }
    this.counters.flushSeconds.observe((this.clock.monotonic() - began) / 1000);
    for (const value of batch.changes.values()) this.counters.bytes += value?.length ?? 0;
    this.failed = null;
    this.writing = null;
    this.planNext();
    for (const done of batch.done) done();
    for (const { resolve } of batch.waiters) resolve();
  }

  /** Keeps what could not be written, and tries it again later. */
  private fail(cause: unknown): void {
    const why = cause instanceof Error ? cause.message : String(cause);
    const failure = new EddyError('store-unavailable', `the store cannot write: ${why}`, { cause });
    this.failed = failure;
    for (const batch of [this.writing, this.gathering]) {
      const waiters = batch?.waiters ?? [];
      if (batch) batch.waiters = [];
      for (const { reject } of waiters) reject(failure);
    }
    if (!this.isClosed) this.timer = this.clock.scheduler.schedule(() => void this.retryNow(), this.retryMs);
  }

  private retryNow(): Promise<void> {
    this.timer?.unsubscribe();
    if (this.writing)
      this.attempt = this.attempt.then(() => (this.writing ? this.write(this.writing) : undefined));
    return this.attempt;
  }

  private planNext(): void {
    if (this.since === null || this.isClosed) return;
    const wait = this.since + this.groupMs - this.clock.monotonic();
    if (wait > 0) this.timer = this.clock.scheduler.schedule(() => this.start(), wait);
    else this.startAtTurnEnd();
  }
}

const uncounted = (): StoreCounters => ({
  records: 0,
  bytes: 0,
  failures: 0,
  checkpoints: 0,
  checkpointBytes: 0,
  flushSeconds: { observe: () => undefined },
});
