/** A disk that tells whether it can be written to, before it is. */
import { describe, expect, it } from 'vitest';
import { LOOK_MS } from '../../../src/store/log/group-commit.js';
import { MemoryDisk } from '../../support/memory-disk.js';
import { StoreBench } from '../../support/store-bench.js';
import { Ear, step } from '../../support/store-data.js';

function benchOf() {
  const state: { fault: string | null } = { fault: null };
  const bench = new StoreBench(Object.assign(new MemoryDisk(), { fault: () => state.fault }));
  const sequence = bench.store.open('a', new Ear());
  return { state, bench, sequence };
}

describe('a disk that says it is not fit', () => {
  it('[STO51] fails the store though nothing is written, until it says it is', async () => {
    const { state, bench } = benchOf();
    await bench.drain();
    const { begun } = bench.disk;
    state.fault = 'it is gone';
    await bench.advance(LOOK_MS);
    expect(bench.store.failure).toMatchObject({
      code: 'store-unavailable',
      message: 'the store cannot write: it is gone',
    });
    await expect(bench.store.flushed()).rejects.toBe(bench.store.failure);
    state.fault = 'it is elsewhere';
    await bench.advance(LOOK_MS);
    expect(bench.store.failure?.message).toBe('the store cannot write: it is elsewhere');
    state.fault = null;
    await bench.advance(LOOK_MS);
    expect([bench.store.failure, bench.disk.begun]).toEqual([null, begun]);
    await bench.store.flushed();
  });

  it('[STO51] is written to again as soon as it is fit, and it is the write that says whether all is well', async () => {
    const { state, bench, sequence } = benchOf();
    await bench.drain();
    bench.disk.failure = new Error('no');
    state.fault = 'it is gone';
    sequence.append(step(0));
    await bench.endTurn();
    await bench.flush();
    await bench.advance(LOOK_MS);
    const { begun } = bench.disk;
    state.fault = null;
    await bench.advance(LOOK_MS);
    expect(bench.disk.begun).toBe(begun + 1);
    await bench.flush();
    expect(bench.store.failure?.message).toBe('the store cannot write: no');
    bench.disk.failure = null;
    await bench.advance(1000);
    await bench.flush();
    expect([bench.store.failure, sequence.durableEnd]).toEqual([null, 1]);
  });

  it('[STO51] is asked no more once its store is closed', async () => {
    const { state, bench } = benchOf();
    await bench.drain();
    await bench.store.close();
    state.fault = 'it is gone';
    await bench.advance(10 * LOOK_MS);
    expect(bench.store.failure).toBe(null);
  });
});
