import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDurableStore } from '../../../src/store/log/durable.js';
import { createMemoryStore } from '../../../src/store/memory.js';
import { MemoryDisk } from '../../support/memory-disk.js';
import { PastBench, range, timeOf } from '../../support/past.js';

const heads = ({ log }: PastBench) => log.pages.steps.heads;
/** Steps in a page of two features and two outputs: 36 bytes each. */
const PAGE = Math.floor(65_536 / 36);

describe('the past of a sequence', () => {
  it('gives every number back, out of memory and out of the store', () => {
    const bench = new PastBench(createMemoryStore());
    for (let seq = 0; seq < 2 * PAGE + 100; seq += 100) expect(bench.take(seq, 100)).toBe(100);
    const all = range(0, Math.ceil((2 * PAGE + 100) / 100) * 100);
    expect(bench.seqs()).toEqual(all);
    bench.nap();
    expect(bench.seqs()).toEqual(all);
    expect(bench.seqs(PAGE + 7)).toEqual(all.slice(PAGE + 7));
    expect(heads(bench).map(({ count }) => count)).toEqual([PAGE, PAGE, all.length - 2 * PAGE]);
  });

  it('begins at the nth step from the end, at a time, or at the earlier of both', () => {
    const bench = new PastBench(createMemoryStore());
    for (let seq = 0; seq < 5000; seq += 250) bench.take(seq, 250);
    const { past } = bench;
    for (const rest of ['awake', 'asleep']) {
      expect([rest, past.startOf({ last: 10 })]).toEqual([rest, 4990]);
      expect(past.startOf({ last: 6000 })).toBe(0);
      expect(past.startOf({ last: 10, from: timeOf(42) })).toBe(42);
      expect(past.startOf({ last: 4990, from: timeOf(42) })).toBe(10);
      expect(past.startOf({ last: 0 })).toBe(5000);
      expect(past.startOf({ from: Number.NaN })).toBe(5000);
      for (const seq of [0, 1, PAGE - 1, PAGE, PAGE + 1, 4999])
        expect([past.startOf({ from: timeOf(seq) }), past.startOf({ from: timeOf(seq) - 1 })]).toEqual([
          seq,
          seq,
        ]);
      expect(past.startOf({ from: timeOf(4999) + 1 })).toBe(5000);
      expect(past.startOf({ from: -1e15 })).toBe(0);
      bench.nap();
    }
  });

  it('puts an unfinished page in the place of its shorter self', () => {
    const bench = new PastBench(createMemoryStore());
    for (let seq = 0; seq < PAGE + 50; seq += 50) {
      bench.take(seq, 50);
      bench.nap();
    }
    expect(heads(bench).map(({ first }) => first)).toEqual([0, PAGE]);
    expect(bench.seqs()).toEqual(range(0, Math.ceil((PAGE + 50) / 50) * 50));
  });

  it('skips steps that it holds, as in a replay', () => {
    const bench = new PastBench(createMemoryStore());
    bench.take(0, 30);
    bench.nap();
    expect([bench.take(0, 10), bench.take(10, 25), bench.take(35, 5)]).toEqual([0, 5, 5]);
    expect(bench.seqs()).toEqual(range(0, 40));
    expect(bench.stateSeqs()).toEqual(range(0, 40));
  });

  it('leaves a gap where steps are missing', () => {
    const bench = new PastBench(createMemoryStore());
    bench.take(100, 10);
    bench.take(200, 10);
    expect(bench.seqs()).toEqual([...range(100, 110), ...range(200, 210)]);
    expect(bench.seqs(105)).toEqual([...range(105, 110), ...range(200, 210)]);
    expect([bench.past.oldest, bench.past.end]).toEqual([100, 210]);
  });

  it('forgets steps that the log has lost, and goes on from there', () => {
    for (const isAwake of [true, false]) {
      const bench = new PastBench(createMemoryStore());
      for (let seq = 0; seq < 4000; seq += 100) bench.take(seq, 100);
      bench.event('anomaly', 10);
      if (!isAwake) bench.nap();
      bench.past.dropAfter(1000);
      expect(bench.seqs()).toEqual(range(0, 1001));
      expect(bench.past.startOf({ from: timeOf(1001) })).toBe(1001);
      bench.take(1001, 10, 'e2');
      bench.nap();
      expect(bench.seqs()).toEqual(range(0, 1011));
      expect(heads(bench).map(({ first }) => first)).toEqual([0, 1001]);
      bench.past.dropAfter(-1);
      expect([bench.seqs(), bench.past.end]).toEqual([[], 0]);
    }
  });

  it('says of which epoch steps are', () => {
    const bench = new PastBench(createMemoryStore());
    bench.take(0, 5);
    bench.event('reset', 4, 'e2');
    bench.event('reset', 4, 'e3');
    bench.nap();
    bench.take(5, 5, 'e3');
    const pages = Array.from(bench.past.read(0), ({ epoch, first, count }) => [epoch, first, count]);
    expect(pages).toEqual([
      ['e1', 0, 5],
      ['e3', 5, 5],
    ]);
    expect(bench.events()).toEqual(['reset 4', 'reset 4']);
  });

  it('keeps what happened beside the steps', () => {
    const bench = new PastBench(createMemoryStore());
    bench.event('created', -1);
    for (let seq = 0; seq < 3 * PAGE; seq++) {
      bench.now += 10;
      bench.take(seq, 1);
      if (seq % 500 === 0) bench.event('anomaly', seq);
      if (bench.past.isMetricsDue(seq))
        bench.past.metrics({ seq, t: timeOf(seq), epoch: 'e1', metrics: { error: 0.5 } });
    }
    bench.event('evicted', 3 * PAGE - 1);
    const all = bench.events(-1);
    expect(all.filter((text) => text.startsWith('metrics'))).toEqual(
      range(0, Math.ceil((3 * PAGE) / 1000)).map((i) => `metrics ${1000 * i}`),
    );
    expect(all.filter((text) => !text.startsWith('metrics'))).toEqual([
      'created -1',
      ...range(0, 11).map((i) => `anomaly ${500 * i}`),
      `evicted ${3 * PAGE - 1}`,
    ]);
    bench.nap();
    expect(bench.events(-1)).toEqual(all);
    expect(bench.events(5000)).toEqual(['anomaly 5000', 'metrics 5000', `evicted ${3 * PAGE - 1}`]);
  });

  it('keeps scores less often where steps come fast', () => {
    const bench = new PastBench(createMemoryStore());
    const due: number[] = [];
    for (let seq = 0; seq < 33_000; seq++) {
      if (!bench.past.isMetricsDue(seq)) continue;
      due.push(seq);
      bench.past.metrics({ seq, t: null, epoch: 'e1', metrics: {} });
    }
    expect(due).toEqual([0, 16_000, 32_000]);
  });

  it('keeps a bounded number of events in a page, and counts the others', () => {
    const bench = new PastBench(createMemoryStore());
    bench.event('created', -1);
    for (let seq = 0; seq < 1500; seq++) {
      bench.take(seq, 1);
      bench.event('anomaly', seq);
    }
    const events = bench.events(-1);
    expect([events.length, events[0], events[1], events.at(-1)]).toEqual([
      1024,
      'created -1',
      'anomaly 477',
      'anomaly 1499',
    ]);
    const [page] = bench.past.read(0);
    expect(page?.leftOut).toEqual({ anomaly: 477 });
  });

  it('goes on reading while steps arrive and pages are sealed', () => {
    const bench = new PastBench(createMemoryStore());
    bench.take(0, 100);
    const reading = bench.past.read(0);
    const seen: number[] = [];
    for (let seq = 100; seen.length < 5000; seq += 100) {
      const { value } = reading.next();
      if (value) seen.push(...range(value.first, value.first + value.count));
      bench.take(seq, 100);
    }
    expect(seen).toEqual(range(0, seen.length));
  });

  it('has no states of a model whose single state exceeds the budget', () => {
    const bench = new PastBench(createMemoryStore(), { stateBytes: 10 });
    expect(bench.past.h(3)).toBe(null);
  });

  it('gives NaN for what is not known', () => {
    const bench = new PastBench(createMemoryStore());
    bench.take(0, 2);
    bench.past.begin(2);
    bench.past.take(2, 2, 'e1', null, [1, 2, 3, Number.NaN], 0);
    bench.take(4, 1);
    for (let sleeps = 0; sleeps < 2; sleeps++) {
      const [page] = bench.past.read(2);
      expect(page).toMatchObject({
        first: 2,
        count: 3,
        t: new Float64Array([Number.NaN, Number.NaN, timeOf(4)]),
        x: new Float64Array([1, 2, 3, Number.NaN, 4, 4.125]),
      });
      expect([...page!.y.subarray(0, 4), ...page!.anomaly.subarray(0, 2)]).toEqual(Array(6).fill(Number.NaN));
      expect(bench.stateSeqs()).toEqual([0, 1, 4]);
      bench.nap();
    }
  });

  it('leaves out a damaged page, and says so', async () => {
    const disk = new MemoryDisk();
    const bench = new PastBench(createDurableStore(disk));
    for (let seq = 0; seq < 3 * PAGE; seq += 1) bench.take(seq, 1);
    bench.nap();
    await bench.store.flushed();
    const keys = disk.keys({ from: 'past/', to: 'past0', limit: 999 });
    const [, key = ''] = keys.filter((key) => key.includes('/steps/'));
    disk.damage(key, (bytes) => bytes.fill(7, 20));
    expect(bench.seqs()).toEqual([...range(0, PAGE), ...range(2 * PAGE, 3 * PAGE)]);
    expect(bench.damage.map(({ code }) => code)).toEqual(['store-damaged']);
  });

  it('is what was taken, whatever happens between', () => {
    const act = fc.oneof(
      { weight: 8, arbitrary: fc.record({ kind: fc.constant('take'), n: fc.integer({ min: 1, max: 400 }) }) },
      fc.record({ kind: fc.constant('again'), n: fc.integer({ min: 1, max: 50 }) }),
      fc.record({ kind: fc.constantFrom('keep', 'nap', 'reset'), n: fc.constant(0) }),
      fc.record({ kind: fc.constant('drop'), n: fc.integer({ min: 1, max: 300 }) }),
      fc.record({ kind: fc.constant('gap'), n: fc.integer({ min: 1, max: 30 }) }),
    );
    fc.assert(
      fc.property(
        fc.array(act, { maxLength: 40 }),
        fc.constantFrom(2000, 20_000, 400_000),
        (acts, stateBytes) => {
          const bench = new PastBench(createDurableStore(new MemoryDisk()), { stateBytes });
          let all: number[] = [];
          let next = 0;
          let epoch = 1;
          for (const { kind, n } of acts) {
            if (kind === 'take') {
              bench.take(next, n, `e${epoch}`);
              all.push(...range(next, next + n));
              next += n;
            } else if (kind === 'again' && all.length > 0) {
              const first = Math.max(all[0]!, next - n);
              if (next === all.at(-1)! + 1 && all.includes(first))
                bench.take(first, next - first, `e${epoch}`);
            } else if (kind === 'drop') {
              next = Math.max(0, next - n);
              all = all.filter((seq) => seq < next);
              bench.past.dropAfter(next - 1);
            } else if (kind === 'gap') next += n;
            else if (kind === 'reset') epoch++;
            else if (kind === 'nap') bench.nap();
            else bench.past.keep();
            expect(bench.seqs()).toEqual(all);
            const states = bench.stateSeqs();
            expect(states).toEqual(all.slice(all.length - states.length));
            if (stateBytes > 100 * all.length) expect(states.length).toBe(all.length);
            const middle = all[all.length >> 1] ?? 0;
            expect(bench.seqs(middle)).toEqual(all.filter((seq) => seq >= middle));
            expect(bench.past.startOf({ from: timeOf(middle) })).toBe(
              all.length > 0 ? middle : bench.past.end,
            );
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
