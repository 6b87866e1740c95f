import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EddyError } from '../../../src/errors.js';
import { openLmdbStore } from '../../../src/store/lmdb/lmdb.js';
import { Numbers } from '../../support/numeric-random.js';
import { checkpointAt, Ear, step, steps } from '../../support/store-data.js';

const RECORDS = 150;
let folder = '';
let good = Buffer.alloc(0);

interface Found {
  /** Each sequence with its checkpoints and its records, or the code of the error in their place. */
  readonly sequences: unknown;
  /** What was told of damage, when the store was opened and when it was read. */
  readonly damage: readonly string[];
}

/** Reads all that the store of the folder has. */
async function contents(): Promise<Found> {
  const damage: string[] = [];
  const store = await openLmdbStore(folder, { onDamage: ({ message }) => damage.push(message) });
  const orCode = (read: () => unknown) => {
    try {
      return read();
    } catch (error) {
      damage.push((error as EddyError).message);
      return (error as EddyError).code;
    }
  };
  try {
    const sequences = [...store.names()].map((name) => {
      const sequence = store.open(name, new Ear());
      const checkpoints = orCode(() => [...sequence.checkpoints()].map((checkpoint) => checkpoint.read()));
      return [
        name,
        checkpoints,
        orCode(() => [...sequence.records(sequence.oldest)].map(({ record }) => record)),
      ];
    });
    return { sequences, damage };
  } finally {
    await store.close();
  }
}

/** Puts bytes in the place of the file, with nothing beside it. */
function put(bytes: Buffer, size = bytes.length): void {
  rmSync(folder, { recursive: true });
  mkdirSync(folder);
  writeFileSync(path(), bytes.subarray(0, size));
}

/** Opens what is there, and gives how it ends: with everything, with damage that is named, or refused. */
async function outcome(whole: unknown): Promise<'whole' | 'named' | { readonly refused: string }> {
  try {
    const { sequences, damage } = await contents();
    if (damage.length > 0) return 'named';
    expect(JSON.stringify(sequences) === JSON.stringify(whole)).toBe(true);
    return 'whole';
  } catch (error) {
    expect(error).toMatchObject({ code: 'store-damaged' });
    expect((error as Error).message).toContain(path());
    return { refused: (error as Error).message };
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
  it('[STO26] that is cut off anywhere is saved as far as it goes, or refused with its name and size, before it is mapped', async () => {
    put(good);
    const whole = (await contents()).sequences;
    const outcomes = { whole: 0, named: 0, refused: 0 };
    for (let size = good.length - 1; size > 0; size -= 2039) {
      put(good, size);
      const came = await outcome(whole);
      if (typeof came === 'string') outcomes[came]++;
      else {
        outcomes.refused++;
        expect(came.refused).toMatch(new RegExp(`it has ${size} bytes|its last is`));
      }
    }
    expect(outcomes.refused).toBeGreaterThan(20);
  });

  it('[STO26] that is something else is refused and left as it is, and one that is empty or not there is begun', async () => {
    for (const [bytes, why] of [
      [Buffer.alloc(20_000), 'it is not an LMDB file'],
      [Buffer.from('hello'), 'it has 5 bytes, too few for its two heads'],
      [
        Buffer.from(good)
          .fill(1, 28, 29)
          .fill(1, 4096 + 28, 4096 + 29),
        "it has LMDB's format 1; this version of Eddy reads 2",
      ],
    ] as const) {
      put(bytes);
      await expect(openLmdbStore(folder)).rejects.toMatchObject({
        code: 'store-damaged',
        message: expect.stringContaining(`the file ${path()} is damaged: ${why}; `),
      });
      expect(readFileSync(path())).toEqual(bytes);
    }
    put(Buffer.alloc(0));
    expect(await contents()).toEqual({ sequences: [], damage: [] });
    rmSync(path());
    rmSync(join(folder, 'eddy.end'));
    expect(await contents()).toEqual({ sequences: [], damage: [] });
  });

  it('[STO26] with a broken page gives what it had, or its damage is named, or it is refused', async () => {
    put(good);
    const whole = (await contents()).sequences;
    const numbers = new Numbers(7);
    const below = (end: number) => Math.floor((numbers.one() + 1) * 0.5 * end);
    // of a head: magic and version, size of a page, roots, last page, commit; of a page: its header
    const heads = [24, 25, 27, 28, 49, 50, 88, 89, 136, 137, 144, 145, 154, 159];
    const outcomes = { whole: 0, named: 0, refused: 0 };
    for (let i = 0; i < 150; i++) {
      const bytes = Buffer.from(good);
      const page = i < 30 ? i % 2 : below(good.length / 4096);
      const offset = 4096 * page + (page < 2 ? heads[below(heads.length)]! : below(24));
      bytes[offset] = bytes[offset]! ^ (1 << below(8));
      put(bytes);
      const came = await outcome(whole);
      outcomes[typeof came === 'string' ? came : 'refused']++;
    }
    expect(outcomes.named).toBeGreaterThan(50);
  });

  it('[STO41] keeps the damaged file beside the one that holds what can be read of it', async () => {
    let kept = 0;
    for (let page = 2; page < good.length / 4096; page++) {
      const bytes = Buffer.from(good).fill(0, 4096 * page, 4096 * (page + 1));
      put(bytes);
      const { damage } = await contents().catch(({ message }) => ({ damage: [message] }));
      if (!damage[0]?.includes('the damaged one is kept as data.mdb.damaged-1')) continue;
      kept++;
      expect(readFileSync(join(folder, 'data.mdb.damaged-1'))).toEqual(bytes);
      const again = (await contents()).damage;
      expect(again.filter((text) => text.includes('was damaged'))).toEqual([]);
    }
    expect(kept).toBeGreaterThan(1);
  });

  it('[STO40] with any bit of a key flipped gives what it had, or its damage is named', async () => {
    put(good);
    const whole = (await contents()).sequences;
    const key = 'log/000000000029/00000000000091/00000001';
    const places: number[] = [];
    for (let at = good.indexOf(key); at >= 0; at = good.indexOf(key, at + 1)) places.push(at);
    let named = 0;
    for (let i = 0; i < key.length; i++)
      for (let bit = 0; bit < 8; bit++) {
        const bytes = Buffer.from(good);
        // only one of them is in use
        for (const at of places) bytes[at + i] = bytes[at + i]! ^ (1 << bit);
        put(bytes);
        if ((await outcome(whole)) === 'named') named++;
      }
    expect(named).toBe(8 * key.length);
  }, 60_000);

  it('[STO42] that is an older one is known by what lies beside it', async () => {
    put(good);
    const store = await openLmdbStore(folder);
    store.open('s', new Ear()).append(step(RECORDS));
    await store.close();
    writeFileSync(path(), good);
    const { damage } = await contents();
    expect(damage).toEqual([
      'steps of any sequence may be lost: it is as it was 1 writes before the last that was reported durable; each is given a new epoch when it is opened',
    ]);
    const after = await openLmdbStore(folder);
    expect(after.open('s', new Ear()).doubt).toMatchObject({ isUncertain: true });
    await after.close();
  });
});
