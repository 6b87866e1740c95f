/** What a check of the contract is, and the store it works with. */
import type { SequenceStore, Store } from '../store.js';
import { Ear } from './contract-samples.js';

/** An empty store under test. */
export interface StoreUnderTest {
  readonly store: Store;
  /** Closes the store and reopens it with its durable contents; omitted if the contents end with the process. */
  readonly reopen?: () => Promise<Store>;
  /** Closes the store, and removes its data. */
  end(): Promise<void>;
}

export interface StoreCheck {
  /** The rule that the check enforces. */
  readonly name: string;
  /** Runs the check on a fresh store. Rejects with an AssertionError, or with the store's error. */
  run(create: () => Promise<StoreUnderTest>): Promise<void>;
}

/** The tools of a check. */
export interface Bench {
  readonly store: Store;
  /** Does the store outlive its process? */
  readonly isLasting: boolean;
  open(name?: string, ear?: Ear): SequenceStore;
  /** Reopens the store, if it can be. */
  reopen(): Promise<void>;
  /** Waits for what the store does in the background. */
  settled(isSo: () => boolean): Promise<void>;
}

export const check = (name: string, body: (bench: Bench) => Promise<void>): StoreCheck => ({
  name,
  async run(create) {
    const { store, reopen, end } = await create();
    const bench = {
      store,
      isLasting: reopen !== undefined,
      open: (sequence = 's', ear = new Ear()) => bench.store.open(sequence, ear),
      async reopen() {
        if (reopen) bench.store = await reopen();
      },
      async settled(isSo: () => boolean) {
        for (let turn = 0; turn < 1000 && !isSo(); turn++) {
          await bench.store.flushed();
          await new Promise((resolve) => setImmediate(resolve));
        }
      },
    };
    try {
      await body(bench);
    } finally {
      await end();
    }
  },
});
