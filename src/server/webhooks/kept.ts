/** What the webhooks keep: the notices that wait for each receiver, which receivers are off, and where the rules stand. */
import type { Journal } from './journal.js';

/** @param S where the rules of one sequence stand */
export type Entry<S> =
  | {
      readonly do: 'add';
      readonly to: string;
      readonly id: string;
      readonly body: string;
      readonly at: number;
    }
  | { readonly do: 'end'; readonly to: string; readonly id: string }
  | { readonly do: 'off'; readonly to: string }
  | { readonly do: 'on'; readonly to: string }
  | { readonly do: 'stand'; readonly sequence: string; readonly stand: S | null };

type Added<S> = Extract<Entry<S>, { do: 'add' }>;

/** A journal is rewritten when it exceeds so many bytes, and so many times those after the last rewriting. */
const [LEAST_BYTES, TIMES] = [1024 * 1024, 4];
const REWRITTEN_TOGETHER = 100;

export class Kept<S> {
  readonly stands = new Map<string, S>();
  private readonly off = new Set<string>();
  /** By receiver and id, in the order in which they were queued. */
  private readonly waiting = new Map<string, Map<string, Added<S>>>();
  /** The bytes after the last rewriting. */
  private base: number;
  private isIncomplete = false;
  private rewriting: Promise<void> | null = null;

  /** @param onFault told why entries could not be made durable; they are kept in memory, and written with the next ones */
  constructor(
    private readonly journal: Journal<Entry<S>>,
    private readonly onFault: (error: unknown) => void,
  ) {
    for (const entry of journal.read()) this.take(entry);
    this.base = journal.bytes;
  }

  isOff(to: string): boolean {
    return this.off.has(to);
  }

  waitingFor(to: string): Iterable<Added<S>> {
    return this.waiting.get(to)?.values() ?? [];
  }

  /** Names the receivers for which anything is kept. */
  get receivers(): Iterable<string> {
    return new Set([...this.waiting.keys(), ...this.off]);
  }

  /** Takes entries; resolves when they are durable, or cannot be. */
  async add(entries: readonly Entry<S>[]): Promise<void> {
    for (const entry of entries) this.take(entry);
    try {
      const isLong = this.journal.bytes > LEAST_BYTES + TIMES * this.base;
      // what comes during a rewriting follows in the new file; to take an entry twice changes nothing
      if (!this.rewriting && (this.isIncomplete || isLong)) await this.rewrite();
      else await this.journal.append(entries);
    } catch (error) {
      this.isIncomplete = true;
      this.onFault(error);
    }
  }

  close(): Promise<void> {
    return this.journal.close();
  }

  private rewrite(): Promise<void> {
    this.rewriting ??= this.journal
      .rewrite(together(this.all()))
      .then(() => {
        this.base = this.journal.bytes;
        this.isIncomplete = false;
      })
      .finally(() => {
        this.rewriting = null;
      });
    return this.rewriting;
  }

  private *all(): Generator<Entry<S>> {
    for (const to of this.off) yield { do: 'off', to };
    for (const added of this.waiting.values()) yield* added.values();
    for (const [sequence, stand] of this.stands) yield { do: 'stand', sequence, stand };
  }

  private take(entry: Entry<S>): void {
    if (entry.do === 'stand') {
      if (entry.stand === null) this.stands.delete(entry.sequence);
      else this.stands.set(entry.sequence, entry.stand);
    } else if (entry.do === 'off') this.off.add(entry.to);
    else if (entry.do === 'on') this.off.delete(entry.to);
    else if (entry.do === 'end') {
      const added = this.waiting.get(entry.to);
      added?.delete(entry.id);
      if (added?.size === 0) this.waiting.delete(entry.to);
    } else {
      const added = this.waiting.get(entry.to) ?? new Map<string, Added<S>>();
      this.waiting.set(entry.to, added.set(entry.id, entry));
    }
  }
}

function* together<E>(entries: Iterable<E>): Generator<E[]> {
  let batch: E[] = [];
  for (const entry of entries) {
    batch.push(entry);
    if (batch.length < REWRITTEN_TOGETHER) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
