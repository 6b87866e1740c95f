import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLmdbStore } from '../../../src/store/lmdb/lmdb.js';
import { LmdbDisk } from '../../../src/store/lmdb/lmdb-disk.js';
import { storeContract } from '../../contract/store.js';
import { MemoryDisk } from '../../support/memory-disk.js';
import { Ear, recordsOf, step } from '../../support/store-data.js';

storeContract('over LMDB', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'eddy-store-'));
  let store = await openLmdbStore(folder);
  return {
    store,
    reopen: async () => {
      await store.close();
      store = await openLmdbStore(folder);
      return store;
    },
    end: async () => {
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
});

describe('the store over LMDB', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'eddy-store-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('knows 100,000 sequences, and keeps none of them in memory that is not open', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const heap = () => {
      collect();
      return process.memoryUsage().heapUsed;
    };
    const store = await openLmdbStore(folder);
    const before = heap();
    for (let i = 0; i < 100_000; i++) {
      const sequence = store.open(`machine/${i}`, new Ear());
      sequence.append(step(i));
      sequence.close();
      if (i % 5000 === 0) await store.flushed();
    }
    await store.flushed();
    expect(store.size).toBe(100_000);
    // 20 bytes each would be 2 MB
    expect(heap() - before).toBeLessThan(2_000_000);
    await store.close();
    const again = await openLmdbStore(folder);
    expect([again.size, again.has('machine/99999'), again.has('machine/100000')]).toEqual([
      100_000,
      true,
      false,
    ]);
    expect(recordsOf(again.open('machine/77777', new Ear()))).toEqual([step(77_777)]);
    expect(heap() - before).toBeLessThan(2_000_000);
    await again.close();
  });

  it('gives the keys and values that a map would', async () => {
    const key = fc.stringMatching(/^[a-c/0-2]{1,3}$/);
    const changes = fc.array(fc.tuple(key, fc.option(fc.uint8Array({ maxLength: 9000 }))), { minLength: 1 });
    const range = fc.record({
      from: key,
      to: key,
      limit: fc.integer({ min: 1, max: 9 }),
      last: fc.boolean(),
    });
    const disk = new LmdbDisk(folder);
    const model = new MemoryDisk();
    await fc.assert(
      fc.asyncProperty(changes, fc.array(range), async (changed, ranges) => {
        for (const one of [disk, model]) await one.write(new Map(changed));
        for (const [key] of changed) {
          const value = disk.get(key);
          expect(value && [...value]).toEqual(model.get(key) && [...model.get(key)!]);
        }
        for (const range of ranges) expect(disk.keys(range)).toEqual(model.keys(range));
      }),
    );
    await disk.close();
  });

  it('[STO40] gives keys that are text, whatever bytes a damaged key has', async () => {
    const { open } = await import('lmdb');
    const raw = open<Buffer, Buffer>({
      path: folder,
      noSubdir: false,
      encoding: 'binary',
      keyEncoding: 'binary',
      overlappingSync: false,
    });
    for (let byte = 0; byte < 256; byte++) {
      await raw.put(Buffer.from([...Buffer.from('log/1/'), byte]), Buffer.from('a'));
      await raw.put(Buffer.from([...Buffer.from('log/1/'), 0, byte]), Buffer.from('b'));
    }
    await raw.close();
    const disk = new LmdbDisk(folder, () => undefined);
    const keys = disk.keys({ from: 'log/', to: 'log0', limit: 1000 });
    expect(keys.length).toBeGreaterThan(100);
    expect(keys.filter((key) => typeof key !== 'string')).toEqual([]);
    for (const key of keys) disk.get(key);
    await disk.close();
  });

  it('[STO28] makes its folder for the owner alone, and says when it cannot', async () => {
    const inner = join(folder, 'a/b');
    const store = await openLmdbStore(inner);
    expect(statSync(inner).mode & 0o777).toBe(0o700);
    await store.close();
    await expect(openLmdbStore(join(inner, 'data.mdb'))).rejects.toMatchObject({
      code: 'store-unavailable',
      message: expect.stringContaining(`the store in ${join(inner, 'data.mdb')} cannot be opened`),
    });
  });
});
