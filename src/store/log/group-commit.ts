/**
 * Group commit: changes gather and go to the disk in one atomic write at a time. Reads see changes at once.
 *
 * The first change while no write is under way starts one at the end of the turn. Changes during a write gather for the
 * next one, which starts when the current one has ended and the first change has waited for `groupMs`.
 * A failed write is retried unchanged, before all others, until it succeeds. A disk that can tell without being written
 * to whether it is fit is asked every half second, so that a failure, and its end, is known while nothing is written.
 */
import type { Subscription } from 'rxjs';
import { type Clock, systemClock } from '../../clock.js';
import { EddyError } from '../../errors.js';
import type { StoreCounters } from '../store-counters.js';
import type { Disk, KeyRange } from './disk.js';

export interface GroupCommitParts {
  /** By default the clocks of this machine. */
  readonly clock?: Pick<Clock, 'monotonic' | 'scheduler' | 'background'>;
  /** Runs work after the present turn of the event loop. */
  readonly atTurnEnd?: (work: () => void) => void;
  /** How long gathered changes may wait for more, in milliseconds. */
  readonly groupMs?: number;
  readonly counters?: StoreCounters;
  /** The wait before a failed write is retried, in milliseconds. */
  readonly retryMs?: number;
}

/** Milliseconds between two questions whether the disk is fit. */
export const LOOK_MS = 500;

/** Changes that become durable together, and the callbacks that wait for it. */
class Batch {
  readonly changes = new Map<string, Uint8Array | null>();
  readonly done: (() => void)[] = [];
  waiters: { resolve: () => void; reject: (error: EddyError) => void }[] = [];
}

export class GroupCommit {
  private failed: EddyError | null = null;
  private gathering = new Batch();
  /** When the first gathered change came; null without any. */
  private since: number | null = null;
  private writing: Batch | null = null;
  /** Settles with the current attempt to write. */
  private attempt: Promise<void> = Promise.resolve();
  private isStarting = false;
  private timer: Subscription | null = null;
  /** Waits to write again what has failed. */
  private retry: Subscription | null = null;
  private watch: Subscription | null = null;
  private isClosed = false;
  /** Did the disk say last that it is not fit? */
  private isUnfit = false;

  private readonly clock: Pick<Clock, 'monotonic' | 'scheduler' | 'background'>;
  private readonly atTurnEnd: (work: () => void) => void;
  private readonly groupMs: number;
  private readonly retryMs: number;
  readonly counters: StoreCounters;

  /** @param fill called before each write, to add changes that were held back for it */
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
    if (disk.fault) this.watch = this.lookLater();
  }

  /** Why the disk cannot be written at present: `store-unavailable`; null if it can, as far as is known. */
  get failure(): EddyError | null {
    return this.failed;
  }

  /** The number of keys that the next write changes, so far. */
  get gathered(): number {
    return this.gathering.changes.size;
  }

  /** Gives the value of a key, or undefined. */
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

  /** Gives keys like the disk does. */
  keys(range: KeyRange): string[] {
    const { from, to, limit, last = false } = range;
    const changed = new Map<string, boolean>();
    for (const batch of [this.writing, this.gathering])
      for (const [key, value] of batch?.changes ?? [])
        if (key >= from && key < to) changed.set(key, value !== null);
    if (changed.size === 0) return this.disk.keys(range);
    // changes may hide at most this many keys of the disk
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

  /** Calls `done` once all changes so far are durable. */
  whenDurable(done: () => void): void {
    this.gathering.done.push(done);
    this.wake();
  }

  /** Schedules a write. */
  wake(): void {
    if (this.since !== null) return;
    this.since = this.clock.monotonic();
    if (!this.writing) this.startAtTurnEnd();
  }

  /** Resolves when all changes so far are durable, or rejects with `failure`. */
  flushed(): Promise<void> {
    if (this.failed) return Promise.reject(this.failed);
    const batch = this.since === null ? this.writing : this.gathering;
    if (!batch) return Promise.resolve();
    return new Promise((resolve, reject) => batch.waiters.push({ resolve, reject }));
  }

  /** Makes all changes durable, then closes the disk; rejects with `failure` if it cannot. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    try {
      if (this.failed) await this.retryNow();
      await this.flushed();
    } finally {
      this.isClosed = true;
      for (const timer of [this.timer, this.retry, this.watch]) timer?.unsubscribe();
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

  /** Keeps the changes of a failed write, and retries them later. */
  private fail(cause: unknown): void {
    this.setFailed(cause);
    if (!this.isClosed) this.retry = this.clock.scheduler.schedule(() => void this.retryNow(), this.retryMs);
  }

  private setFailed(cause: unknown): void {
    const why = cause instanceof Error ? cause.message : String(cause);
    const failure = new EddyError('store-unavailable', `the store cannot write: ${why}`, { cause });
    this.failed = failure;
    for (const batch of [this.writing, this.gathering]) {
      const waiters = batch?.waiters ?? [];
      if (batch) batch.waiters = [];
      for (const { reject } of waiters) reject(failure);
    }
  }

  private retryNow(): Promise<void> {
    this.retry?.unsubscribe();
    this.retry = null;
    if (this.writing)
      this.attempt = this.attempt.then(() => (this.writing ? this.write(this.writing) : undefined));
    return this.attempt;
  }

  private lookLater(): Subscription {
    return this.clock.background.schedule(() => {
      this.look();
      this.watch = this.lookLater();
    }, LOOK_MS);
  }

  /** Asks the disk whether it is fit. */
  private look(): void {
    const fault = this.disk.fault?.() ?? null;
    if (fault !== null) {
      this.isUnfit = true;
      if (this.failed?.cause !== fault) this.setFailed(fault);
      return;
    }
    if (!this.isUnfit) return;
    this.isUnfit = false;
    // what waits to be written says whether all is well; without it, the disk's word is all there is
    if (this.retry) void this.retryNow();
    else if (!this.writing) this.failed = null;
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
