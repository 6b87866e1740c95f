import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GroupCommit } from '../../../src/store/log/group-commit.js';
import { MemoryDisk } from '../../support/memory-disk.js';
import { StoreBench } from '../../support/store-bench.js';
import { checkpointAt, created, Ear, recordsOf, settle, step, steps } from '../../support/store-data.js';

/** Keys of the chunks in each write. */
const chunks = (bench: StoreBench) =>
  bench.disk.writes.map(
    (changes) => [...changes.keys()].filter((key) => /^log\/\w+\/\w{14}\//.test(key)).length,
  );

describe('group commit', () => {
  it('[STO16] writes what all sequences took in a turn at its end, at once and in one', async () => {
    const bench = new StoreBench();
    const [a, b] = [new Ear(), new Ear()];
    const first = bench.store.open('a', a);
    const second = bench.store.open('b', b);
    for (const record of steps(0, 3)) first.append(record);
    second.append(created());
    second.checkpoint(checkpointAt(1));
    expect(bench.disk.begun).toBe(0);
    await bench.endTurn();
    expect(bench.disk.begun).toBe(1);
    await bench.flush();
    expect(bench.disk.writes).toHaveLength(1);
    expect([a.ends, b.ends, b.checkpoints]).toEqual([[3], [1], [1]]);
  });

  it('[STO16] reports nothing durable before the flush', async () => {
    const bench = new StoreBench();
    const ear = new Ear();
    const sequence = bench.store.open('a', ear);
    sequence.append(step(0));
    let isFlushed = false;
    void bench.store.flushed().then(() => {
      isFlushed = true;
    });
    await bench.endTurn();
    await bench.advance(1000);
    expect([ear.ends, sequence.durableEnd, isFlushed]).toEqual([[], 0, false]);
    await bench.flush();
    expect([ear.ends, sequence.durableEnd, isFlushed]).toEqual([[1], 1, true]);
  });

  it('[STO16] gathers while a write is under way, and for 5 ms at most', async () => {
    const bench = new StoreBench();
    const sequence = bench.store.open('a', new Ear());
    sequence.append(step(0));
    await bench.endTurn();
    await bench.advance(1);
    sequence.append(step(1));
    await bench.endTurn();
    await bench.advance(1);
    await bench.flush();
    sequence.append(step(2));
    await bench.endTurn();
    await bench.advance(3.9);
    expect(bench.disk.begun).toBe(1);
    sequence.append(step(3));
    await bench.advance(0.1);
    expect(bench.disk.begun).toBe(2);
    await bench.flush();
    expect(chunks(bench)).toEqual([1, 1]);
    expect(sequence.durableEnd).toBe(4);
  });

  it('[STO16] writes on at once after a write that took longer than that', async () => {
    const bench = new StoreBench();
    const sequence = bench.store.open('a', new Ear());
    sequence.append(step(0));
    await bench.endTurn();
    sequence.append(step(1));
    await bench.advance(5);
    await bench.flush();
    expect(bench.disk.begun).toBe(1);
    await bench.endTurn();
    expect(bench.disk.begun).toBe(2);
  });

  it('[STO16] lets nothing wait that comes while nothing is under way', async () => {
    const bench = new StoreBench();
    const sequence = bench.store.open('a', new Ear());
    for (let n = 0; n < 10; n++) {
      sequence.append(step(n));
      await bench.endTurn();
      await bench.flush();
    }
    expect([bench.time.now(), sequence.durableEnd]).toEqual([0, 10]);
  });

  it('[STO16] begins another chunk where one has grown to 1 MiB', async () => {
    const bench = new StoreBench();
    const sequence = bench.store.open('a', new Ear());
    const x = new Float64Array(2 ** 16);
    for (let n = 0; n < 10; n++) sequence.append({ kind: 'steps', first: n, t: null, x, targets: null });
    await bench.drain();
    expect(chunks(bench)).toEqual([3]);
    expect(recordsOf(sequence)).toHaveLength(10);
  });

  it('[STO16] gives what was set at once, whether it is written, under way or gathers', async () => {
    const key = fc.nat(9).map(String);
    const act = fc.oneof(
      { weight: 4, arbitrary: fc.tuple(key, fc.option(fc.uint8Array({ maxLength: 2 }))) },
      { weight: 2, arbitrary: fc.constantFrom('turn', 'flush') },
    ) as fc.Arbitrary<[string, Uint8Array | null] | 'turn' | 'flush'>;
    const range = fc.record({
      from: key,
      to: key,
      limit: fc.integer({ min: 1, max: 4 }),
      last: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(act, { minLength: 10, maxLength: 40 }),
        fc.array(range, { minLength: 5 }),
        async (acts, ranges) => {
          const disk = new MemoryDisk();
          disk.isManual = true;
          const works: (() => void)[] = [];
          const commit = new GroupCommit(disk, () => undefined, {
            atTurnEnd: (work) => works.push(work),
            groupMs: 0,
          });
          const model = new Map<string, Uint8Array>();
          for (const act of acts) {
            if (act === 'turn') for (const work of works.splice(0)) work();
            else if (act === 'flush') {
              disk.flush();
              await settle();
            } else {
              const [key, value] = act;
              commit.set(key, value);
              value ? model.set(key, value) : model.delete(key);
            }
          }
          for (let key = 0; key < 10; key++) expect(commit.get(`${key}`)).toEqual(model.get(`${key}`));
          for (const range of ranges) {
            const keys = [...model.keys()].filter((key) => key >= range.from && key < range.to).sort();
            if (range.last) keys.reverse();
            expect(commit.keys(range)).toEqual(keys.slice(0, range.limit));
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('[STO16] makes all durable before it closes', async () => {
    const bench = new StoreBench();
    const ear = new Ear();
    bench.store.open('a', ear).append(step(0));
    const closed = bench.store.close();
    await bench.endTurn();
    expect([ear.ends, bench.disk.isClosed]).toEqual([[], false]);
    await bench.flush();
    await closed;
    expect([ear.ends, bench.disk.isClosed]).toEqual([[1], true]);
  });
});

describe('a disk that fails', () => {
  const full = new Error('no space left on device');

  it('[STO17] loses nothing and acks nothing: all is kept in order and written once it can be', async () => {
    const bench = new StoreBench();
    const ear = new Ear();
    const sequence = bench.store.open('a', ear);
    sequence.append(step(0));
    bench.disk.failure = full;
    await bench.endTurn();
    await bench.flush();
    expect(bench.store.failure).toMatchObject({ code: 'store-unavailable', temporary: true });
    expect(bench.store.failure!.message).toContain('no space left on device');
    sequence.append(step(1));
    sequence.checkpoint(checkpointAt(2));
    for (let second = 0; second < 3; second++) {
      await bench.advance(999);
      const { begun } = bench.disk;
      await bench.endTurn();
      expect(bench.disk.begun).toBe(begun);
      await bench.advance(1);
      expect(bench.disk.begun).toBe(begun + 1);
      await bench.flush();
    }
    expect([ear.ends, ear.checkpoints, bench.disk.writes]).toEqual([[], [], []]);
    expect(recordsOf(sequence)).toEqual(steps(0, 2));
    bench.disk.failure = null;
    await bench.advance(1000);
    await bench.flush();
    expect([bench.store.failure, ear.ends]).toEqual([null, [1]]);
    await bench.drain();
    expect([ear.ends, ear.checkpoints]).toEqual([[1, 2], [2]]);
    expect(chunks(bench)).toEqual([1, 1]);
  });

  it('[STO17] tells those who wait for the flush', async () => {
    const bench = new StoreBench();
    bench.disk.failure = full;
    bench.store.open('a', new Ear()).append(step(0));
    const early = expect(bench.store.flushed()).rejects.toMatchObject({ code: 'store-unavailable' });
    await bench.endTurn();
    const late = expect(bench.store.flushed()).rejects.toMatchObject({ code: 'store-unavailable' });
    await bench.flush();
    await Promise.all([early, late]);
    await expect(bench.store.flushed()).rejects.toBe(bench.store.failure);
    bench.disk.failure = null;
    await bench.advance(1000);
    await bench.flush();
    await expect(bench.store.flushed()).resolves.toBeUndefined();
  });

  it('[STO17] tries once more when it is closed, and says what was lost', async () => {
    for (const failure of [null, full]) {
      const bench = new StoreBench();
      bench.disk.failure = full;
      bench.store.open('a', new Ear()).append(step(0));
      await bench.endTurn();
      await bench.flush();
      bench.disk.failure = failure;
      const closed = bench.store.close().then(
        () => 'closed',
        (error) => error.code,
      );
      await settle();
      await bench.flush();
      expect(await closed).toBe(failure ? 'store-unavailable' : 'closed');
      expect([bench.disk.isClosed, bench.disk.writes.length]).toEqual([true, failure ? 0 : 1]);
      const { begun } = bench.disk;
      await bench.advance(10_000);
      expect(bench.disk.begun).toBe(begun);
    }
  });
});

describe('deletes', () => {
  /** How many keys each write deleted. */
  const deletes = (bench: StoreBench) =>
    bench.disk.writes.map((changes) => [...changes.values()].filter((value) => value === null).length);

  const filled = async () => {
    const bench = new StoreBench();
    const ear = new Ear();
    const sequence = bench.store.open('a', ear);
    for (let n = 0; n < 200; n++) {
      sequence.append(step(n));
      await bench.endTurn();
      await bench.flush();
    }
    return { bench, ear, sequence };
  };

  it('behind checkpoints go in writes of at most 64 keys, and then the checkpoint is told', async () => {
    const { bench, ear, sequence } = await filled();
    sequence.checkpoint(checkpointAt(200));
    await bench.drain();
    expect([ear.checkpoints, sequence.oldest]).toEqual([[200], 0]);
    sequence.append(step(200));
    sequence.checkpoint(checkpointAt(201));
    await bench.endTurn();
    await bench.flush();
    expect(ear.checkpoints).toEqual([200]);
    await bench.drain();
    expect([ear.checkpoints, sequence.oldest]).toEqual([[200, 201], 200]);
    expect(Math.max(...deletes(bench))).toBe(64);
    expect(deletes(bench).reduce((sum, count) => sum + count)).toBe(200);
    expect(recordsOf(sequence, 200)).toEqual([step(200)]);
  });

  it('[STO56] go as fast as many sequences write, so that the disk has no more than they need', async () => {
    const bench = new StoreBench();
    const sequences = Array.from({ length: 150 }, (_, i) => bench.store.open(`s${i}`, new Ear()));
    const chunks = () => bench.disk.keys({ from: 'log/', to: 'log0', limit: 1e6 }).length;
    let most = 0;
    for (let n = 0; n < 120; n++) {
      for (const sequence of sequences) {
        sequence.append(step(n));
        if (n % 8 === 7) sequence.checkpoint(checkpointAt(n + 1));
      }
      await bench.endTurn();
      await bench.flush();
      await bench.advance(5);
      most = Math.max(most, chunks());
    }
    // two checkpoints and the log after the older one, one ledger, and what is still to be deleted
    expect(most).toBeLessThan(150 * 32);
  });

  it('of a removed sequence go on after the process was killed', async () => {
    const { bench, sequence } = await filled();
    bench.store.open('b', new Ear()).append(created());
    sequence.close();
    const removed = bench.store.remove('a');
    await bench.endTurn();
    await bench.flush();
    await removed;
    expect(bench.disk.keys({ from: 'log/', to: 'log0', limit: 1000 }).length).toBeGreaterThan(130);
    const after = new StoreBench(bench.disk.afterPowerLoss(false));
    expect([after.store.has('a'), after.store.size]).toEqual([false, 1]);
    await after.drain();
    expect(Math.max(...deletes(after))).toBe(64);
    const left = after.disk.keys({ from: ' ', to: '~', limit: 1000 });
    expect(left.map((key) => key.split('/').slice(0, 2).join('/'))).toEqual([
      'called/000000000002',
      'format',
      'log/000000000002',
      'log/000000000002',
      'name/b',
      'roster',
    ]);
  });
});
