/**
 * The contract that every store must keep, as checks without a test runner: run your own store through them with
 * whatever runner your project has.
 */
import { deepStrictEqual as equal, ok, rejects, throws } from 'node:assert/strict';
import type { SequenceStore } from '../store.js';
import { check, type StoreCheck } from './contract-check.js';
import { checkpointAt, created, Ear, recordsOf, step, steps } from './contract-samples.js';
import { pageChecks } from './page-checks.js';

export type { StoreCheck, StoreUnderTest } from './contract-check.js';

const fill = (sequence: SequenceStore, from: number, to: number) => {
  for (const record of steps(from, to)) sequence.append(record);
};
const positionsOf = (sequence: SequenceStore) =>
  Array.from(sequence.checkpoints(), ({ position }) => position);
const readAll = (sequence: SequenceStore) =>
  Array.from(sequence.checkpoints(), (checkpoint) => checkpoint.read());
const isOpen = { code: 'store-locked', message: /\bs\b/ };

/**
 * The checks, in the order of what they build on.
 *
 * @example
 * import { storeContract } from 'eddy/store';
 * import test from 'node:test';
 *
 * for (const { name, run } of storeContract)
 *   test(name, () => run(async () => ({ store: createMyStore(), end: async () => {} })));
 */
export const storeContract: readonly StoreCheck[] = [
  check(
    '[STO1] counts positions from 0 and gives each record at its own, from any position on',
    async ({ store, open }) => {
      const records = [created(), ...steps(0, 5)];
      const sequence = open();
      const same = () => {
        for (let from = 0; from <= 6; from++) equal(recordsOf(sequence, from), records.slice(from));
      };
      equal(sequence.end, 0);
      for (const [i, record] of records.entries()) equal(sequence.append(record), i);
      equal(sequence.end, 6);
      same();
      await store.flushed();
      same();
      equal(sequence.append(step(5)), 6);
      equal(recordsOf(sequence, 4), steps(3, 6));
    },
  ),

  check('[STO1] gives records of every kind', async (bench) => {
    const targets = new Float64Array([1, -0]);
    const t = Float64Array.of(1.5, Number.NaN);
    const records = [
      created(),
      { kind: 'steps', first: 2 ** 53 - 1, t, x: new Float64Array([0.1, 2]), targets, keys: [['k', 7, 0]] },
      { kind: 'steps', first: 0, t: null, x: new Float64Array(0), targets: null },
      { kind: 'targets', first: 7, targets },
      { kind: 'configured', learning: false, learningRate: 0.1 },
      { kind: 'reset', what: 'weights', epoch: 'e2' },
      { kind: 'reset', what: 'state', epoch: 'e3' },
    ] as const;
    const sequence = bench.open();
    for (const record of records) sequence.append(record);
    equal(recordsOf(sequence), records);
    sequence.close();
    await bench.store.flushed();
    await bench.reopen();
    if (bench.isLasting) equal(recordsOf(bench.open()), records);
  }),

  check('[STO2] copies what it takes', async ({ store, open }) => {
    const x = new Float64Array([1, 2]);
    const weights = new Float32Array([3]);
    const sequence = open();
    sequence.append({ kind: 'steps', first: 0, t: null, x, targets: null });
    sequence.checkpoint({ position: 1, savedAt: 0, state: { weights } });
    x.fill(9);
    weights.fill(9);
    await store.flushed();
    equal(recordsOf(sequence), [
      { kind: 'steps', first: 0, t: null, x: new Float64Array([1, 2]), targets: null },
    ]);
    equal([...sequence.checkpoints()][0]?.read().state, { weights: new Float32Array([3]) });
  }),

  check(
    '[STO3] tells how far all is durable, never backwards, and nothing once the sequence is closed',
    async ({ store, open }) => {
      const ear = new Ear();
      const sequence = open('s', ear);
      fill(sequence, 0, 10);
      await store.flushed();
      fill(sequence, 10, 20);
      await store.flushed();
      equal(ear.ends.at(-1), 20);
      equal(sequence.durableEnd, 20);
      ok(ear.ends.every((end, i) => i === 0 || end >= ear.ends[i - 1]!));
      sequence.close();
      const told = ear.ends.length;
      const again = open();
      fill(again, 20, 21);
      await store.flushed();
      equal([again.durableEnd, ear.ends.length], [21, told]);
    },
  ),

  check(
    '[STO4] keeps the last two checkpoints, newest first, and the log after the older',
    async ({ store, open, settled }) => {
      const ear = new Ear();
      const sequence = open('s', ear);
      for (const position of [10, 20, 30]) {
        fill(sequence, position - 10, position);
        // a checkpoint need not be of the last record
        sequence.checkpoint(checkpointAt(position - 3));
        await store.flushed();
      }
      fill(sequence, 30, 35);
      await settled(() => ear.checkpoints.length === 3);
      equal(ear.checkpoints, [7, 17, 27]);
      equal(readAll(sequence), [checkpointAt(27), checkpointAt(17)]);
      equal(positionsOf(sequence), [27, 17]);
      for (const { bytes } of sequence.checkpoints()) ok(bytes > 12);
      ok(sequence.oldest > 0 && sequence.oldest <= 17);
      equal(recordsOf(sequence, 17), steps(17, 35));
      throws(() => recordsOf(sequence, 0), {
        code: 'store-damaged',
        message: /0 to \d+ of the sequence s\b/,
      });
    },
  ),

  check('[STO4] gives a checkpoint at once', async ({ open }) => {
    const sequence = open();
    fill(sequence, 0, 3);
    sequence.checkpoint(checkpointAt(3));
    equal(readAll(sequence), [checkpointAt(3)]);
  }),

  check('[STO55] keeps the log and the checkpoints that are held', async ({ store, open }) => {
    const sequence = open();
    const keep = async (position: number) => {
      fill(sequence, sequence.end, position);
      sequence.checkpoint(checkpointAt(position));
      await store.flushed();
      await store.flushed();
    };
    for (const position of [3, 6]) await keep(position);
    const release = sequence.hold();
    const { oldest } = sequence;
    for (const position of [9, 12]) await keep(position);
    equal(sequence.oldest, oldest);
    equal(positionsOf(sequence), [12, 9, 6, 3]);
    release();
    await keep(15);
    ok(sequence.oldest > oldest);
    equal(positionsOf(sequence), [15, 12]);
  }),

  check(
    '[STO5] gives a sequence that was closed, and opened again at once, all that it had',
    async ({ store, open }) => {
      const first = open();
      fill(first, 0, 4);
      first.checkpoint(checkpointAt(4));
      first.close();
      const again = open();
      equal(again.end, 4);
      fill(again, 4, 6);
      equal(recordsOf(again), steps(0, 6));
      equal(positionsOf(again), [4]);
      await store.flushed();
      equal(again.durableEnd, 6);
      again.close();
      await store.flushed();
      equal(recordsOf(open()), steps(0, 6));
    },
  ),

  check('[STO6] knows a sequence from its first record on, and gives the names in order', async (bench) => {
    const names = ['b', 'a/2', 'a', 'a/10', 'Z', 'a-b', 'a.b', 'a:b', 'a_b', '0'];
    const sorted = [...names].sort();
    bench.open('empty').close();
    equal([bench.store.size, bench.store.has('empty'), [...bench.store.names()]], [0, false, []]);
    for (const name of names) bench.open(name).append(created());
    const known = () => {
      const { store } = bench;
      equal(store.size, names.length);
      equal([...store.names()], sorted);
      equal([...store.names('a.b')], sorted.slice(sorted.indexOf('a.b') + 1));
      equal([...store.names('a/0')], [...store.names('a.b')]);
      ok(names.every((name) => store.has(name)));
      ok(!store.has('a/'));
    };
    known();
    await bench.store.flushed();
    known();
    if (!bench.isLasting) return;
    await bench.reopen();
    known();
  }),

  check('[STO7] forgets a sequence that is removed, and one made again sees nothing of it', async (bench) => {
    for (const name of ['s', 'other']) {
      const sequence = bench.open(name);
      fill(sequence, 0, 300);
      sequence.checkpoint(checkpointAt(300));
      sequence.close();
    }
    const { store } = bench;
    const removed = store.remove('s');
    equal([store.size, store.has('s'), [...store.names()]], [1, false, ['other']]);
    await removed;
    const again = bench.open();
    equal([again.end, recordsOf(again), [...again.checkpoints()]], [0, [], []]);
    fill(again, 0, 2);
    again.close();
    await store.flushed();
    await bench.reopen();
    if (bench.isLasting) equal(bench.store.size, 2);
    if (bench.isLasting || bench.store.has('s')) equal(recordsOf(bench.open()), steps(0, 2));
    equal(await bench.store.remove('unknown'), undefined);
  }),

  check(
    '[STO8] gives up records and checkpoints from a position on, and goes on from there',
    async (bench) => {
      const sequence = bench.open();
      fill(sequence, 0, 4);
      sequence.checkpoint(checkpointAt(4));
      await bench.store.flushed();
      fill(sequence, 4, 10);
      sequence.checkpoint(checkpointAt(10));
      sequence.abandon(6);
      const goesOn = (opened: SequenceStore) => {
        equal(opened.end, 8);
        equal(recordsOf(opened, 4), [...steps(4, 6), step(100), step(101)]);
        equal(positionsOf(opened), [4]);
      };
      equal([sequence.append(step(100)), sequence.append(step(101))], [6, 7]);
      goesOn(sequence);
      await bench.store.flushed();
      goesOn(sequence);
      equal(sequence.durableEnd, 8);
      if (!bench.isLasting) return;
      sequence.close();
      await bench.reopen();
      goesOn(bench.open());
    },
  ),

  check(
    '[STO9] refuses to open a sequence twice, and to remove one that is open',
    async ({ store, open }) => {
      const sequence = open();
      sequence.append(created());
      throws(() => open(), isOpen);
      await rejects(store.remove('s'), isOpen);
      sequence.close();
      open().close();
    },
  ),

  ...pageChecks,
];
