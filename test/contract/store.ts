/** The contract that every store passes, whether what it holds outlives the process or not. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SequenceStore, Store } from '../../src/store/store.js';
import { checkpointAt, created, Ear, recordsOf, step, steps } from '../support/store-data.js';

/** A store under test. */
export interface StoreUnderTest {
  readonly store: Store;
  /** Closes the store and opens it anew on what is durable; missing where nothing is. */
  readonly reopen?: () => Promise<Store>;
  /** Takes the bench down. */
  end(): Promise<void>;
}

export function storeContract(name: string, createOne: () => Promise<StoreUnderTest>): void {
  describe(`the store ${name}`, () => {
    let bench: StoreUnderTest;
    let store: Store;
    beforeEach(async () => {
      bench = await createOne();
      store = bench.store;
    });
    afterEach(() => bench.end());

    const fill = (sequence: SequenceStore, from: number, to: number) => {
      for (const record of steps(from, to)) sequence.append(record);
    };
    /** Opens the store anew, where it can be. */
    const reopen = async () => {
      if (bench.reopen) store = await bench.reopen();
    };
    const open = (sequence = 's', ear = new Ear()) => store.open(sequence, ear);

    it('[STO1] counts positions from 0 and gives each record at its own, from any position on', async () => {
      const records = [created(), ...steps(0, 5)];
      const sequence = open();
      expect(sequence.end).toBe(0);
      expect(records.map((record) => sequence.append(record))).toEqual([0, 1, 2, 3, 4, 5]);
      expect(sequence.end).toBe(6);
      for (let from = 0; from <= 6; from++) expect(recordsOf(sequence, from)).toEqual(records.slice(from));
      await store.flushed();
      for (let from = 0; from <= 6; from++) expect(recordsOf(sequence, from)).toEqual(records.slice(from));
      expect(sequence.append(step(5))).toBe(6);
      expect(recordsOf(sequence, 4)).toEqual(steps(3, 6));
    });

    it('[STO1] gives records of every kind', async () => {
      const targets = new Float32Array([1, -0]);
      const records = [
        created(),
        { kind: 'steps', first: 2 ** 53 - 1, x: new Float32Array([1, 2]), targets },
        { kind: 'steps', first: 0, x: new Float32Array(0), targets: null },
        { kind: 'targets', first: 7, targets },
        { kind: 'configured', learning: false, learningRate: 0.1 },
        { kind: 'reset', what: 'weights', epoch: 'e2' },
        { kind: 'reset', what: 'state', epoch: 'e3' },
      ] as const;
      const sequence = open();
      for (const record of records) sequence.append(record);
      expect(recordsOf(sequence)).toEqual(records);
      sequence.close();
      await store.flushed();
      await reopen();
      if (bench.reopen) expect(recordsOf(open())).toEqual(records);
    });

    it('[STO2] copies what it takes', async () => {
      const x = new Float32Array([1, 2]);
      const weights = new Float32Array([3]);
      const sequence = open();
      sequence.append({ kind: 'steps', first: 0, x, targets: null });
      sequence.checkpoint({ position: 1, savedAt: 0, state: { weights } });
      x.fill(9);
      weights.fill(9);
      await store.flushed();
      expect(recordsOf(sequence)).toMatchObject([{ x: new Float32Array([1, 2]) }]);
      expect([...sequence.checkpoints()][0]?.read().state).toEqual({ weights: new Float32Array([3]) });
    });

    it('[STO3] tells how far all is durable, never backwards, and that no longer once it is closed', async () => {
      const ear = new Ear();
      const sequence = open('s', ear);
      fill(sequence, 0, 10);
      await store.flushed();
      fill(sequence, 10, 20);
      await store.flushed();
      expect(ear.ends.at(-1)).toBe(20);
      expect(sequence.durableEnd).toBe(20);
      expect(ear.ends).toEqual([...ear.ends].sort((a, b) => a - b));
      sequence.close();
      const told = ear.ends.length;
      const again = open();
      fill(again, 20, 21);
      await store.flushed();
      expect([again.durableEnd, ear.ends.length]).toEqual([21, told]);
    });

    it('[STO4] keeps the last two checkpoints, newest first, and the log after the older', async () => {
      const ear = new Ear();
      const sequence = open('s', ear);
      for (const position of [10, 20, 30]) {
        fill(sequence, position - 10, position);
        // a checkpoint need not be of the last record
        sequence.checkpoint(checkpointAt(position - 3));
        await store.flushed();
      }
      fill(sequence, 30, 35);
      await until(() => ear.checkpoints.length === 3, store);
      expect(ear.checkpoints).toEqual([7, 17, 27]);
      const kept = [...sequence.checkpoints()];
      expect(kept.map(({ position }) => position)).toEqual([27, 17]);
      expect(kept.map((checkpoint) => checkpoint.read())).toEqual([checkpointAt(27), checkpointAt(17)]);
      for (const { bytes } of kept) expect(bytes).toBeGreaterThan(12);
      expect(sequence.oldest).toBeGreaterThan(0);
      expect(sequence.oldest).toBeLessThanOrEqual(17);
      expect(recordsOf(sequence, 17)).toEqual(steps(17, 35));
      expect(() => recordsOf(sequence, 0)).toThrow(/records 0 to \d+ of the sequence s are missing/);
    });

    it('[STO4] gives a checkpoint at once', () => {
      const sequence = open();
      fill(sequence, 0, 3);
      sequence.checkpoint(checkpointAt(3));
      expect([...sequence.checkpoints()].map((checkpoint) => checkpoint.read())).toEqual([checkpointAt(3)]);
    });

    it('[STO5] gives a sequence that was closed, and opened again at once, all that it had', async () => {
      const first = open();
      fill(first, 0, 4);
      first.checkpoint(checkpointAt(4));
      first.close();
      const ear = new Ear();
      const again = open('s', ear);
      expect(again.end).toBe(4);
      fill(again, 4, 6);
      expect(recordsOf(again)).toEqual(steps(0, 6));
      expect([...again.checkpoints()].map(({ position }) => position)).toEqual([4]);
      await store.flushed();
      expect(again.durableEnd).toBe(6);
      again.close();
      await store.flushed();
      expect(recordsOf(open())).toEqual(steps(0, 6));
    });

    it('[STO6] knows a sequence from its first record on, and gives the names in order', async () => {
      const names = ['b', 'a/2', 'a', 'a/10', 'Z', 'a-b', 'a.b', 'a:b', 'a_b', '0'];
      open('empty').close();
      expect([store.size, store.has('empty'), [...store.names()]]).toEqual([0, false, []]);
      for (const name of names) open(name).append(created());
      const check = () => {
        expect(store.size).toBe(names.length);
        expect([...store.names()]).toEqual([...names].sort());
        expect([...store.names('a.b')]).toEqual(
          [...names].sort().slice([...names].sort().indexOf('a.b') + 1),
        );
        expect([...store.names('a/0')]).toEqual([...store.names('a.b')]);
        expect(names.every((name) => store.has(name))).toBe(true);
        expect(store.has('a/')).toBe(false);
      };
      check();
      await store.flushed();
      check();
      if (bench.reopen) {
        await reopen();
        check();
      }
    });

    it('[STO7] forgets a sequence that is removed, and one made again sees nothing of it', async () => {
      for (const name of ['s', 'other']) {
        const sequence = open(name);
        fill(sequence, 0, 300);
        sequence.checkpoint(checkpointAt(300));
        sequence.close();
      }
      const removed = store.remove('s');
      expect([store.size, store.has('s'), [...store.names()]]).toEqual([1, false, ['other']]);
      await removed;
      const again = open();
      expect([again.end, recordsOf(again), [...again.checkpoints()]]).toEqual([0, [], []]);
      fill(again, 0, 2);
      again.close();
      await store.flushed();
      await reopen();
      expect(store.size).toBe(bench.reopen ? 2 : store.size);
      if (bench.reopen || store.has('s')) expect(recordsOf(open())).toEqual(steps(0, 2));
      await expect(store.remove('unknown')).resolves.toBeUndefined();
    });

    it('[STO8] gives up records and checkpoints from a position on, and goes on from there', async () => {
      const sequence = open();
      fill(sequence, 0, 4);
      sequence.checkpoint(checkpointAt(4));
      await store.flushed();
      fill(sequence, 4, 10);
      sequence.checkpoint(checkpointAt(10));
      sequence.abandon(6);
      const check = (opened: SequenceStore) => {
        expect(opened.end).toBe(8);
        expect(recordsOf(opened, 4)).toEqual([...steps(4, 6), step(100), step(101)]);
        expect([...opened.checkpoints()].map(({ position }) => position)).toEqual([4]);
      };
      expect(sequence.append(step(100))).toBe(6);
      expect(sequence.append(step(101))).toBe(7);
      check(sequence);
      await store.flushed();
      check(sequence);
      expect(sequence.durableEnd).toBe(8);
      if (!bench.reopen) return;
      sequence.close();
      await reopen();
      check(open());
    });

    it('[STO9] refuses to open a sequence twice, and to remove one that is open', async () => {
      const sequence = open();
      sequence.append(created());
      expect(() => open()).toThrow(/s is open/);
      await expect(store.remove('s')).rejects.toThrow(/s is open/);
      sequence.close();
      open().close();
    });
  });
}

/** Waits for what the store does by and by. */
async function until(isSo: () => boolean, store: Store): Promise<void> {
  for (let turn = 0; turn < 1000 && !isSo(); turn++) {
    await store.flushed();
    await new Promise((resolve) => setImmediate(resolve));
  }
}
