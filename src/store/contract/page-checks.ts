/** The checks of a store's pages and summaries. */
import { deepStrictEqual as equal } from 'node:assert/strict';
import type { PageHead, PageStore, SequenceStore } from '../store.js';
import { check, type StoreCheck } from './contract-check.js';
import { checkpointAt, created, recordsOf, step, steps } from './contract-samples.js';

const page = (first: number, count = 10) => ({ first, count, savedAt: 1000 + first });
const bytesOf = (first: number, size = 5) => new Uint8Array(size).fill(first + 1);
const write = (pages: PageStore, ...firsts: number[]) => {
  for (const first of firsts) pages.write(page(first), bytesOf(first));
};
const headsOf = (pages: PageStore): PageHead[] => pages.heads.map((head) => ({ ...head }));
const contentsOf = (pages: PageStore) => pages.heads.map((head) => pages.read(head));
const firstsOf = (pages: PageStore) => pages.heads.map(({ first }) => first);
/** Two arrays of bytes that are equal whatever class they have. */
const plain = (contents: readonly (Uint8Array | null)[]) => contents.map((bytes) => bytes && [...bytes]);

export const pageChecks: readonly StoreCheck[] = [
  check('[STO31] gives pages back, in order and by kind, durable or not', async (bench) => {
    const sequence = bench.open();
    sequence.append(created());
    write(sequence.pages.steps, 20, 0, 10);
    write(sequence.pages.states, 5);
    const same = ({ pages }: SequenceStore) => {
      equal(
        headsOf(pages.steps),
        [0, 10, 20].map((first) => ({ ...page(first), bytes: 5 })),
      );
      equal(plain(contentsOf(pages.steps)), plain([bytesOf(0), bytesOf(10), bytesOf(20)]));
      equal(firstsOf(pages.states), [5]);
      equal(bench.store.pageBytes, 20);
    };
    same(sequence);
    await bench.store.flushed();
    same(sequence);
    sequence.close();
    const again = bench.open();
    same(again);
    if (!bench.isLasting) return;
    again.close();
    await bench.reopen();
    same(bench.open());
  }),

  check('[STO31] puts a page in place of the one with its first step', async (bench) => {
    const sequence = bench.open();
    sequence.append(created());
    const { steps: pages } = sequence.pages;
    write(pages, 0, 10);
    const [, before] = headsOf(pages);
    await bench.store.flushed();
    pages.write(page(10, 15), bytesOf(10, 9));
    const same = (pages: PageStore) => {
      equal(headsOf(pages)[1], { ...page(10, 15), bytes: 9 });
      equal([firstsOf(pages), bench.store.pageBytes], [[0, 10], 14]);
    };
    same(pages);
    equal(before?.count, 10);
    sequence.close();
    await bench.store.flushed();
    await bench.reopen();
    if (bench.isLasting) same(bench.open().pages.steps);
  }),

  check('[STO32] deletes the pages before a step, and those from a step on', async (bench) => {
    const sequence = bench.open();
    sequence.append(created());
    const { steps: pages } = sequence.pages;
    const firsts = Array.from({ length: 200 }, (_, i) => 10 * i);
    write(pages, ...firsts);
    const [head] = headsOf(pages);
    await bench.store.flushed();
    pages.dropBefore(995);
    pages.dropFrom(1015);
    // what is written again is not what was deleted
    write(pages, 1020, 1025);
    const same = (pages: PageStore) => equal(firstsOf(pages), [1000, 1010, 1020, 1025]);
    same(pages);
    await bench.settled(() => bench.store.pageBytes === 20);
    equal([pages.read(head!), bench.store.pageBytes], [null, 20]);
    sequence.close();
    await bench.reopen();
    if (!bench.isLasting) return;
    same(bench.open().pages.steps);
    equal(bench.store.pageBytes, 20);
  }),

  check('[STO32] forgets the pages and the summary of a sequence that is removed', async (bench) => {
    for (const name of ['s', 'other']) {
      const sequence = bench.open(name);
      sequence.append(created());
      write(sequence.pages.steps, 0, 10);
      write(sequence.pages.states, 0);
      sequence.setSummary(checkpointAt(1));
      sequence.close();
    }
    await bench.store.remove('s');
    await bench.settled(() => bench.store.pageBytes === 15);
    const again = bench.open();
    equal([firstsOf(again.pages.steps), firstsOf(again.pages.states)], [[], []]);
    equal([bench.store.pageBytes, bench.store.summary('s')], [15, null]);
    again.append(created());
    equal(bench.store.summary('s'), { summary: null, last: null });
    again.close();
    await bench.reopen();
    if (bench.isLasting) equal(bench.store.pageBytes, 15);
  }),

  check('[STO33] tells of a sequence without opening it', async (bench) => {
    const { store } = bench;
    equal(store.summary('s'), null);
    const sequence = bench.open();
    sequence.append(created());
    equal(store.summary('s'), { summary: null, last: null });
    sequence.append(step(0));
    equal(store.summary('s'), { summary: null, last: step(0) });
    sequence.setSummary(checkpointAt(1));
    sequence.setSummary(checkpointAt(2));
    const same = () => equal(bench.store.summary('s'), { summary: checkpointAt(2), last: null });
    same();
    sequence.append({ kind: 'configured', learning: false, learningRate: null });
    same();
    for (const record of steps(1, 400)) sequence.append(record);
    sequence.append({ kind: 'reset', what: 'state', epoch: 'e2' });
    const goneOn = () => equal(bench.store.summary('s'), { summary: checkpointAt(2), last: step(399) });
    goneOn();
    await store.flushed();
    goneOn();
    sequence.close();
    goneOn();
    await bench.reopen();
    if (!bench.isLasting) return;
    goneOn();
    equal(recordsOf(bench.open(), 2).length, 401);
  }),

  check('[STO33] tells nothing of what was given up', async ({ store, open }) => {
    const sequence = open();
    for (const record of steps(0, 5)) sequence.append(record);
    sequence.setSummary(checkpointAt(5));
    sequence.abandon(3);
    equal(store.summary('s'), { summary: null, last: step(2) });
  }),
];
