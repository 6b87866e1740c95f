import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLmdbStore } from '../../../src/store/lmdb/lmdb.js';
import { Numbers } from '../../support/numeric-random.js';
import { checkpointAt, Ear, step, steps } from '../../support/store-data.js';

const RECORDS = 150;
let folder = '';
let good = Buffer.alloc(0);

/** Reads all that the store of the folder has. */
async function contents(): Promise<unknown> {
  const store = await openLmdbStore(folder);
  try {
    const names = [...store.names()];
    const all = names.map((name) => {
      const sequence = store.open(name, new Ear());
      const checkpoints = [...sequence.checkpoints()].map((checkpoint) => checkpoint.read());
      return [name, checkpoints, [...sequence.records(sequence.oldest)].map(({ record }) => record)];
    });
    return all;
  } finally {
    await store.close();
  }
}

const path = () => join(folder, 'data.mdb');

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'eddy-store-'));
  const store = await openLmdbStore(folder);
  for (const name of Array.from({ length: 40 }, (_, i) => `other/${i}`))
    store.open(name, new Ear()).append(step(0));
  const sequence = store.open('s', new Ear());
  for (const record of steps(0, RECORDS)) {
    sequence.append(record);
    if (sequence.end % 10 === 0) sequence.checkpoint(checkpointAt(sequence.end, 5000));
    await store.flushed();
  }
  await store.close();
  good = readFileSync(path());
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the file of LMDB', () => {
  it('[STO26] that is cut off anywhere is refused before it is mapped, with its name and size', async () => {
    const whole = await contents();
    good = readFileSync(path());
    let refused = 0;
    for (let size = good.length - 1; size > 0; size -= 1021) {
      writeFileSync(path(), good);
      truncateSync(path(), size);
      try {
        // where only free pages were lost, nothing was
        expect(await contents()).toEqual(whole);
      } catch (error) {
        expect(error).toMatchObject({ code: 'store-damaged' });
        expect((error as Error).message).toContain(path());
        expect((error as Error).message).toMatch(new RegExp(`it has ${size} bytes|its last is`));
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(50);
  });

  it('[STO26] that is something else is refused, and one that is empty or not there is begun', async () => {
    for (const [bytes, why] of [
      [Buffer.alloc(20_000), 'it is not an LMDB file'],
      [Buffer.from('hello'), 'it has 5 bytes, too few for its two heads'],
      [Buffer.from(good).fill(1, 28, 29), "it has LMDB's format 1; this version of Eddy reads 2"],
    ] as const) {
      writeFileSync(path(), bytes);
      await expect(openLmdbStore(folder)).rejects.toMatchObject({
        code: 'store-damaged',
        message: `the file ${path()} is damaged: ${why}`,
      });
      expect(readFileSync(path())).toEqual(bytes);
    }
    writeFileSync(path(), '');
    expect(await contents()).toEqual([]);
    rmSync(path());
    expect(await contents()).toEqual([]);
  });

  it('[STO26] with a broken page is refused, or gives what it had', async () => {
    writeFileSync(path(), good);
    const whole = await contents();
    good = readFileSync(path());
    const numbers = new Numbers(7);
    const below = (end: number) => Math.floor((numbers.one() + 1) * 0.5 * end);
    // of a head: magic and version, size of a page, roots, last page, commit; of a page: its header
    const heads = [24, 25, 27, 28, 49, 50, 88, 89, 136, 137, 144, 145, 154, 159];
    let refused = 0;
    for (let i = 0; i < 150; i++) {
      const bytes = Buffer.from(good);
      const page = i < 30 ? i % 2 : below(good.length / 4096);
      const offset = 4096 * page + (page < 2 ? heads[below(heads.length)]! : below(24));
      bytes[offset] = bytes[offset]! ^ (1 << below(8));
      writeFileSync(path(), bytes);
      try {
        // a page that is free, or a head that is older, may hold anything
        expect(await contents()).toEqual(whole);
      } catch (error) {
        expect(error).toMatchObject({ code: 'store-damaged' });
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(50);
  });
});
