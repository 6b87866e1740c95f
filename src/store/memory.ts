/** A store that lasts as long as its process: it keeps the last steps of each sequence, and all it has is "durable". */
import type { LoggedStep, StepLog, Store } from './store.js';

/**
 * Creates a store in memory.
 *
 * @param keep steps that each log keeps: as many as a producer may have to resend
 * @param keepBytes bytes of them, at most
 */
export function createMemoryStore(keep: number, keepBytes = 1024 * 1024): Store {
  return {
    openLog: (_sequence, stepBytes, onDurable) =>
      new MemoryLog(Math.max(1, Math.min(keep, Math.floor(keepBytes / stepBytes))), onDurable),
  };
}

class MemoryLog implements StepLog {
  private readonly ring: LoggedStep[] = [];

  constructor(
    private readonly keep: number,
    private readonly onDurable: (seq: number) => void,
  ) {}

  append(step: LoggedStep): void {
    this.ring[step.seq % this.keep] = step;
    this.onDurable(step.seq);
  }

  read(seq: number): LoggedStep | null {
    const step = this.ring[seq % this.keep];
    return step?.seq === seq ? step : null;
  }

  close(): void {
    this.ring.length = 0;
  }
}
