import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDurableStore } from '../../../src/store/log/durable.js';
import { pageHead } from '../../../src/store/log/keys.js';
import type { Store } from '../../../src/store/store.js';
import { MemoryDisk } from '../../support/memory-disk.js';

const listener = { onDurable: () => undefined, onCheckpoint: () => undefined };
const pageKeys = (disk: MemoryDisk) => disk.keys({ from: 'past/', to: 'past0', limit: 10_000 });
const onDisk = (disk: MemoryDisk) =>
  pageKeys(disk).reduce((sum, key) => {
    expect(disk.get(key)?.length).toBe(pageHead(key).bytes);
    return sum + pageHead(key).bytes;
  }, 0);

describe('the pages of a durable store', () => {
  it('[STO31] are counted as they are on the disk, whatever happens and wherever a kill comes', async () => {
    const act = fc.record({
      kind: fc.constantFrom('write', 'write', 'write', 'before', 'from', 'remove', 'flush', 'kill'),
      name: fc.constantFrom('a', 'b'),
      first: fc.integer({ min: 0, max: 300 }),
      size: fc.integer({ min: 0, max: 50 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 60 }), async (acts) => {
        let disk = new MemoryDisk();
        let store: Store = createDurableStore(disk);
        const pagesOf = (name: string) => {
          const sequence = store.open(name, listener);
          if (sequence.end === 0) sequence.append({ kind: 'created', epoch: 'e', spec: {} });
          sequence.close();
          return sequence.pages.steps;
        };
        for (const { kind, name, first, size } of acts) {
          if (kind === 'write')
            for (let i = 0; i < 3; i++)
              pagesOf(name).write({ first: first + i, count: 1, savedAt: size }, new Uint8Array(size + i));
          else if (kind === 'before') pagesOf(name).dropBefore(first);
          else if (kind === 'from') pagesOf(name).dropFrom(first);
          else if (kind === 'remove') await store.remove(name);
          else if (kind === 'flush') {
            await store.flushed();
            expect(createDurableStore(disk.afterPowerLoss(false)).pageBytes).toBe(onDisk(disk));
          } else {
            disk = disk.afterPowerLoss(true);
            store = createDurableStore(disk);
          }
        }
        for (let i = 0; i < 20; i++) {
          await store.flushed();
          await new Promise((resolve) => setImmediate(resolve));
        }
        expect(store.pageBytes).toBe(onDisk(disk));
      }),
      { numRuns: 50 },
    );
  });
});
