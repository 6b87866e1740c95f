import { EddyError } from '../errors.js';
import type { Plain } from '../formats/typed-json.js';
import type { StepKey } from '../store/store.js';
import { Checksum } from './checksum.js';

/** Keys that are remembered. */
export const REMEMBERED_KEYS = 10_000;

interface Kept {
  readonly seq: number;
  readonly checksum: number;
}

/** The keys of the last appends, and the steps that they became: an append with one of them has no effect. */
export class AppendKeys {
  /** Oldest first. */
  private readonly kept = new Map<string, Kept>();

  /** Remembers the keys of steps, the first numbered `first`; the oldest ones are forgotten. */
  add(keys: readonly StepKey[], first: number): void {
    const { kept } = this;
    for (const [key, checksum, step] of keys) {
      kept.delete(key);
      kept.set(key, { seq: first + step, checksum });
    }
    for (const key of kept.keys()) {
      if (kept.size <= REMEMBERED_KEYS) return;
      kept.delete(key);
    }
  }

  /**
   * Gives the step that an append with a key became, or null if the key is new.
   *
   * @throws EddyError `key-conflict` where other numbers came with it
   */
  find(key: string, checksum: number): number | null {
    const kept = this.kept.get(key);
    if (!kept) return null;
    if (kept.checksum === checksum) return kept.seq;
    throw new EddyError(
      'key-conflict',
      `the key ${JSON.stringify(key)} came before with other numbers, which are step ${kept.seq}; use a key for one reading only`,
    );
  }

  state(): Plain | null {
    const { kept } = this;
    if (kept.size === 0) return null;
    const values = [...kept.values()];
    return {
      keys: [...kept.keys()],
      seqs: Float64Array.from(values, ({ seq }) => seq),
      checksums: Float64Array.from(values, ({ checksum }) => checksum),
    };
  }

  restore(state: unknown): void {
    const {
      keys = [],
      seqs = [],
      checksums = [],
    } = (state ?? {}) as {
      keys?: readonly string[];
      seqs?: ArrayLike<number>;
      checksums?: ArrayLike<number>;
    };
    this.kept.clear();
    for (const [i, key] of keys.entries())
      this.kept.set(key, { seq: seqs[i] ?? -1, checksum: checksums[i] ?? 0 });
  }
}

/** Gives a checksum of what is appended with a key: its numbers, and its time if it came with one. */
export const checksumOf = (x: Float64Array, targets: Float64Array | null, t: number | null): number =>
  new Checksum()
    .add(x)
    .add([targets?.length ?? 0])
    .add(targets ?? [])
    .add(t === null ? [] : [t])
    .take();
