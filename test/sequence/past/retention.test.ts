import { describe, expect, it } from 'vitest';
import { createDurableStore } from '../../../src/store/log/durable.js';
import { createMemoryStore } from '../../../src/store/memory.js';
import { MemoryDisk } from '../../support/memory-disk.js';
import { PastBench, range } from '../../support/past.js';

/** Steps in a page of two features and two outputs: 36 bytes each. */
const PAGE = Math.floor(65_536 / 36);
const DAY = 24 * 3_600_000;

const fill = (bench: PastBench, from: number, to: number) => {
  for (let seq = from; seq < to; seq += 100) bench.take(seq, Math.min(100, to - seq));
};
const bytesOf = ({ log }: PastBench) => log.pages.steps.heads.reduce((sum, { bytes }) => sum + bytes, 0);

describe('how far back the past reaches', () => {
  it('is at least the steps that are promised, and at most a page more', () => {
    const bench = new PastBench(createMemoryStore(), { steps: 5000 });
    fill(bench, 0, 20_000);
    bench.nap();
    const held = bench.seqs();
    expect(held).toEqual(range(held[0]!, 20_000));
    expect(held.length).toBeGreaterThanOrEqual(5000);
    expect(held.length).toBeLessThan(5000 + 2 * PAGE);
  });

  it('is at least the time that is promised, counted from when a page was written', () => {
    const bench = new PastBench(createMemoryStore(), { ms: 30 * DAY });
    for (let day = 0; day < 100; day++) {
      bench.now = day * DAY;
      fill(bench, 500 * day, 500 * day + 500);
      bench.past.keep();
    }
    const [oldest = 0] = bench.seqs();
    expect(oldest).toBeLessThanOrEqual(500 * (99 - 30));
    expect(oldest).toBeGreaterThan(500 * (99 - 30) - 2 * PAGE);
  });

  it('keeps the newest page, however old it is', () => {
    const bench = new PastBench(createMemoryStore(), { ms: DAY, bytes: 1 });
    bench.take(0, 10);
    bench.nap();
    bench.now = 100 * DAY;
    bench.take(10, 10);
    bench.nap();
    expect(bench.seqs()).toEqual(range(0, 20));
  });

  it('is bounded by bytes', () => {
    const bench = new PastBench(createMemoryStore(), { bytes: 40_000 });
    fill(bench, 0, 30_000);
    bench.nap();
    expect(bytesOf(bench)).toBeLessThan(40_000);
    expect(bytesOf(bench)).toBeGreaterThan(20_000);
  });

  it('is shorter for hidden states, which have a budget of their own', () => {
    const bench = new PastBench(createMemoryStore(), { stateBytes: 16_000 });
    fill(bench, 0, 10_000);
    bench.nap();
    const held = bench.stateSeqs();
    expect(held).toEqual(range(held[0]!, 10_000));
    // a state of three units and its time take 20 bytes
    expect(held.length).toBeGreaterThanOrEqual(600);
    expect(20 * held.length).toBeLessThan(16_000);
    expect(bench.seqs()).toEqual(range(0, 10_000));
  });

  it('is the newest page once the store has more pages than it is to hold, until there is room', async () => {
    const disk = new MemoryDisk();
    for (const store of [
      createMemoryStore({ pageBytes: 60_000 }),
      createDurableStore(disk, { pageBytes: 60_000 }),
    ]) {
      const bench = new PastBench(store);
      for (let seq = 0; seq < 40_000; seq += 100) {
        bench.take(seq, 100);
        await store.flushed();
        expect(store.pageBytes).toBeLessThan(60_000 + 40_000);
      }
      const [oldest = 0] = bench.seqs();
      expect(oldest).toBeGreaterThan(10_000);
      expect(bench.seqs()).toEqual(range(oldest, 40_000));
    }
  });
});
