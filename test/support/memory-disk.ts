/** A disk in memory that can hold back its flushes, fail, and lose its power. */
import type { Changes, Disk, KeyRange } from '../../src/store/log/disk.js';

export class MemoryDisk implements Disk {
  /** All writes that became durable, in order. */
  readonly writes: Changes[] = [];
  /** How many writes were begun. */
  begun = 0;
  /** Writes wait for `flush`. */
  isManual = false;
  /** Why writes fail, or null. */
  failure: Error | null = null;
  isClosed = false;
  /** A disk that lies: writes are there at once and reported durable, and are so only after the next `flush`. */
  isHasty = false;
  private sorted: string[] | null = null;
  private waiting: { changes: Changes; resolve: () => void; reject: (error: Error) => void } | null = null;

  /** What a loss of power leaves. */
  private durable: Map<string, Uint8Array>;

  constructor(private readonly entries = new Map<string, Uint8Array>()) {
    this.durable = new Map(entries);
  }

  get isWriting(): boolean {
    return this.waiting !== null;
  }

  get(key: string): Uint8Array | undefined {
    return this.entries.get(key);
  }

  keys({ from, to, limit, last = false }: KeyRange): string[] {
    this.sorted ??= [...this.entries.keys()].sort();
    const [begin, end] = [from, to].map((key) => this.sorted!.findLastIndex((known) => known < key) + 1);
    const keys = this.sorted.slice(begin, end);
    if (last) keys.reverse();
    return keys.slice(0, limit);
  }

  write(changes: Changes): Promise<void> {
    if (this.waiting) throw new Error('two writes at a time');
    if (this.isClosed) throw new Error('the disk is closed');
    this.begun++;
    if (this.isHasty) {
      this.apply(changes);
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      this.waiting = { changes, resolve, reject };
      if (!this.isManual) this.flush();
    });
  }

  /** Ends the write that waits. */
  flush(): void {
    const { waiting } = this;
    this.waiting = null;
    if (this.isHasty) this.durable = new Map(this.entries);
    if (!waiting) return;
    if (this.failure) {
      waiting.reject(this.failure);
      return;
    }
    this.apply(waiting.changes);
    apply(this.durable, waiting.changes);
    waiting.resolve();
  }

  /** Gives the disk as it is after a loss of power: what was flushed, and of the write under way all or nothing. */
  afterPowerLoss(withLast: boolean): MemoryDisk {
    const entries = new Map(this.durable);
    if (withLast && this.waiting) apply(entries, this.waiting.changes);
    return new MemoryDisk(entries);
  }

  /** Writes over what lies under a key. */
  damage(key: string, change: (bytes: Uint8Array) => Uint8Array): void {
    const changes = new Map([[key, change(this.entries.get(key)!.slice())]]);
    apply(this.entries, changes);
    apply(this.durable, changes);
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }

  private apply(changes: Changes): void {
    apply(this.entries, changes);
    this.sorted = null;
    this.writes.push(changes);
  }
}

function apply(entries: Map<string, Uint8Array>, changes: Changes): void {
  for (const [key, value] of changes) value ? entries.set(key, value.slice()) : entries.delete(key);
}
