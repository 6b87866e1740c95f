/** A store in memory that says that something is durable when the test says so. */

import type { EddyError } from '../../src/errors.js';
import { createMemoryStore } from '../../src/store/memory.js';
import type { SequenceStore, Store, StoredSummary, StoreListener } from '../../src/store/store.js';

export class SlowStore implements Store {
  failure: EddyError | null = null;
  private readonly memory = createMemoryStore();
  private durableEnd = 0;
  private listener: StoreListener | null = null;

  get size(): number {
    return this.memory.size;
  }

  readonly fileBytes = 0;

  get pageBytes(): number {
    return this.memory.pageBytes;
  }

  summary(name: string): StoredSummary | null {
    return this.memory.summary(name);
  }

  has(name: string): boolean {
    return this.memory.has(name);
  }

  names(after?: string): Iterable<string> {
    return this.memory.names(after);
  }

  open(name: string, listener: StoreListener): SequenceStore {
    this.listener = listener;
    const log = this.memory.open(name, { ...listener, onDurable: () => undefined });
    const durableEnd = () => this.durableEnd;
    return new Proxy(log, {
      get(target, key) {
        if (key === 'durableEnd') return durableEnd();
        const value = Reflect.get(target, key, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }

  /** The records before `end` are durable now. */
  makeDurable(end: number): void {
    this.durableEnd = end;
    this.listener?.onDurable(end);
  }

  remove(name: string): Promise<void> {
    return this.memory.remove(name);
  }

  flushed(): Promise<void> {
    return this.memory.flushed();
  }

  close(): Promise<void> {
    return this.memory.close();
  }
}
