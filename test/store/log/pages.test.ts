import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDurableStore } from '../../../src/store/log/durable.js';
import { keyedPage } from '../../../src/store/log/keys.js';
import type { Store } from '../../../src/store/store.js';
import { MemoryDisk } from '../../support/memory-disk.js';

const listener = { onDurable: () => undefined, onCheckpoint: () => undefined };
const pageKeys = (disk: MemoryDisk) => disk.keys({ from: 'past/', to: 'past0', limit: 10_000 });
const onDisk = (disk: MemoryDisk) =>
  pageKeys(disk).reduce((sum, key) => {
    expect(disk.get(key)?.length).toBe(keyedPage(key)!.bytes);
    return sum + keyedPage(key)!.bytes;
  }, 0);

describe('what a durable store knows of a past', () => {
  it('[STO31] counts the bytes of pages as they are on the disk, whatever happens and wherever a kill comes', async () => {
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

  it('[STO33] tells the last steps in the log where the summary is damaged', async () => {
    const disk = new MemoryDisk();
    const store = createDurableStore(disk);
    const sequence = store.open('s', listener);
    const steps = { kind: 'steps', first: 0, t: null, x: new Float64Array([1, 2]), targets: null } as const;
    sequence.append(steps);
    sequence.setSummary({ position: 1, savedAt: 0, state: { seq: 0 } });
    await store.flushed();
    expect(store.summary('s')).toMatchObject({ summary: { state: { seq: 0 } }, last: null });
    const [key = ''] = disk.keys({ from: 'about/', to: 'about0', limit: 1 });
    disk.damage(key, (bytes) => bytes.fill(0, 40));
    expect(store.summary('s')).toEqual({ summary: null, last: steps });
  });
});
