/** What becomes of the data folder while the store is open, in virtual time. */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VirtualTimeScheduler } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLmdbStore } from '../../../src/store/lmdb/lmdb.js';
import { LOOK_MS } from '../../../src/store/log/group-commit.js';
import type { SequenceStore, Store } from '../../../src/store/store.js';
import { Ear, recordsOf, settle, step, steps } from '../../support/store-data.js';
import { virtualClock } from '../../support/virtual-clock.js';

let base = '';
let folder = '';
let time = new VirtualTimeScheduler();
const opened: Store[] = [];
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'eddy-places-'));
  folder = join(base, 'd');
  time = new VirtualTimeScheduler();
});
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close().catch(() => undefined);
  rmSync(base, { recursive: true, force: true });
});

async function open(path = folder): Promise<Store> {
  const store = await openLmdbStore(path, { clock: virtualClock(time) });
  opened.push(store);
  return store;
}

/** A store with a sequence of ten durable steps. */
async function begun() {
  const store = await open();
  const ear = new Ear();
  const sequence = store.open('s', ear);
  for (const record of steps(0, 10)) sequence.append(record);
  await store.flushed();
  return { store, sequence, ear };
}

async function advance(ms: number): Promise<void> {
  time.maxFrames = time.now() + ms;
  time.flush();
  time.frame = time.maxFrames;
  await settle();
}

/** Lets retries go by until everything is durable. */
async function mended(store: Store): Promise<void> {
  while (store.failure) {
    await advance(LOOK_MS);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await store.flushed();
}

/** The end of the sequence for whoever opens a folder. */
async function endIn(path: string): Promise<number> {
  const store = await openLmdbStore(path);
  try {
    return store.has('s') ? store.open('s', new Ear()).end : 0;
  } finally {
    await store.close();
  }
}

/** Appends a step and gives why it does not become durable. */
async function refusal(store: Store, sequence: SequenceStore): Promise<string> {
  sequence.append(step(sequence.end));
  try {
    await store.flushed();
  } catch (error) {
    expect(error).toMatchObject({ code: 'store-unavailable' });
    return (error as Error).message;
  }
  throw new Error('it became durable');
}

const data = () => join(folder, 'data.mdb');

/** Each way the place goes wrong, how that is told, and how it is right again. */
const WAYS: readonly (readonly [name: string, said: RegExp, wrong: () => void, right: () => void])[] = [
  [
    'a folder that is moved',
    /the data folder .*\/d is gone: moved to .*\/elsewhere$/,
    () => renameSync(folder, join(base, 'elsewhere')),
    () => renameSync(join(base, 'elsewhere'), folder),
  ],
  [
    'a folder that is replaced by an empty one',
    /another folder lies at .*\/d; the one that was opened is to come back: moved to .*\/elsewhere$/,
    () => {
      renameSync(folder, join(base, 'elsewhere'));
      mkdirSync(folder);
    },
    () => {
      rmSync(folder, { recursive: true });
      renameSync(join(base, 'elsewhere'), folder);
    },
  ],
  [
    'a data file that is moved',
    /the file .*\/data\.mdb is gone: moved or deleted$/,
    () => renameSync(data(), join(base, 'data.mdb')),
    () => renameSync(join(base, 'data.mdb'), data()),
  ],
  [
    'a data file that is replaced by another',
    /another file lies at .*\/data\.mdb; the one that was opened is to come back$/,
    () => {
      renameSync(data(), join(base, 'data.mdb'));
      writeFileSync(data(), readFileSync(join(base, 'data.mdb')).fill(7, 0, 20));
    },
    () => renameSync(join(base, 'data.mdb'), data()),
  ],
  [
    'a path that leads elsewhere',
    /another folder lies at .*\/d;/,
    () => {
      renameSync(folder, join(base, 'elsewhere'));
      mkdirSync(join(base, 'other'));
      symlinkSync(join(base, 'other'), folder);
    },
    () => {
      unlinkSync(folder);
      symlinkSync(join(base, 'elsewhere'), folder);
    },
  ],
];

describe('a data folder whose place is wrong', () => {
  it.each(WAYS)('[STO50] stops all acks, and goes on when it is right: %s', async (_, said, wrong, right) => {
    const { store, sequence, ear } = await begun();
    wrong();
    expect(await refusal(store, sequence)).toMatch(said);
    await advance(5000);
    expect([ear.ends.at(-1), sequence.durableEnd]).toEqual([10, 10]);
    expect(store.failure?.message).toMatch(said);
    right();
    await mended(store);
    sequence.append(step(11));
    await store.flushed();
    expect([store.failure, sequence.durableEnd]).toEqual([null, 12]);
    await store.close();
    expect(await endIn(folder)).toBe(12);
  });

  it.each(WAYS)(
    '[STO51] is noticed within a second while nothing is written: %s',
    async (_, said, wrong, right) => {
      const { store, ear } = await begun();
      wrong();
      await advance(1000);
      expect(store.failure).toMatchObject({
        code: 'store-unavailable',
        message: expect.stringMatching(said),
      });
      right();
      await advance(1000);
      expect([store.failure, ear.ends.at(-1)]).toEqual([null, 10]);
    },
  );

  it('[STO50] is told as deleted where it was, and nothing is made in its place', async () => {
    const { store, sequence } = await begun();
    rmSync(folder, { recursive: true });
    expect(await refusal(store, sequence)).toMatch(/the data folder .*\/d is gone: deleted$/);
    await advance(5000);
    expect([existsSync(folder), sequence.durableEnd]).toEqual([false, 10]);
  });

  it('[STO50] never acks into a file that is deleted at any moment', async () => {
    for (let moment = 0; moment < 40; moment++) {
      const store = await openLmdbStore(folder);
      const sequence = store.open('s', new Ear());
      const before = sequence.end;
      let writes = 0;
      const isGone = new Promise<void>((resolve) => {
        const turn = () => {
          sequence.append(step(sequence.end));
          if (++writes <= moment) return void setImmediate(turn);
          cpSync(data(), join(base, 'copy.mdb'));
          unlinkSync(data());
          resolve();
        };
        turn();
      });
      await isGone;
      await store.flushed().catch(() => undefined);
      const acked = sequence.durableEnd;
      await store.close().catch(() => undefined);
      renameSync(join(base, 'copy.mdb'), data());
      expect(await endIn(folder)).toBeGreaterThanOrEqual(acked);
      expect(acked).toBeGreaterThanOrEqual(before);
    }
  });

  it('[STO52] is right again with a copy that holds exactly what was acked, and only then', async () => {
    const { store, sequence } = await begun();
    const [older, copy] = [join(base, 'older'), join(base, 'copy')];
    cpSync(folder, older, { recursive: true });
    sequence.append(step(10));
    await store.flushed();
    cpSync(folder, copy, { recursive: true });
    renameSync(folder, join(base, 'was'));
    renameSync(older, folder);
    expect(await refusal(store, sequence)).toMatch(/another folder lies at/);
    await advance(3000);
    expect(sequence.durableEnd).toBe(11);
    rmSync(folder, { recursive: true });
    renameSync(copy, folder);
    await mended(store);
    expect(sequence.durableEnd).toBe(12);
    await expect(openLmdbStore(folder)).rejects.toMatchObject({ code: 'store-locked' });
    expect(recordsOf(sequence, 9)).toEqual(steps(9, 12));
    await store.close();
    expect([await endIn(folder), await endIn(join(base, 'was'))]).toEqual([12, 11]);
  });

  it('[STO52] is not right with a copy that another store has had since', async () => {
    const { store, sequence } = await begun();
    const copy = join(base, 'copy');
    cpSync(folder, copy, { recursive: true });
    await (await openLmdbStore(copy)).close();
    renameSync(folder, join(base, 'was'));
    renameSync(copy, folder);
    expect(await refusal(store, sequence)).toMatch(/another folder lies at/);
    await advance(3000);
    expect(sequence.durableEnd).toBe(10);
  });

  it('[STO53] is told where its file was written over or cut', async () => {
    const { store, sequence } = await begun();
    const bytes = readFileSync(data());
    sequence.append(step(10));
    await store.flushed();
    writeFileSync(data(), bytes, { flag: 'r+' });
    expect(await refusal(store, sequence)).toMatch(
      /something else has written to .*data\.mdb: its last commit is/,
    );
    const other = await openLmdbStore(join(base, 'e'), { clock: virtualClock(time) });
    opened.push(other);
    const cut = other.open('s', new Ear());
    cut.append(step(0));
    await other.flushed();
    truncateSync(join(base, 'e/data.mdb'), 8192);
    await advance(LOOK_MS);
    expect(other.failure?.message).toMatch(/the file .*data\.mdb was cut to 8192 bytes/);
    expect(await refusal(other, cut)).toMatch(/was cut/);
  });

  it.runIf(process.getuid?.() !== 0)('[STO50] is told where its file may not be written', async () => {
    const { store, sequence } = await begun();
    chmodSync(data(), 0o400);
    expect(await refusal(store, sequence)).toMatch(/data\.mdb cannot be written: permission denied/);
    chmodSync(data(), 0o600);
    await mended(store);
    expect(sequence.durableEnd).toBe(11);
  });
});

describe('the lock of a data folder', () => {
  it("[STO54] is held though its file, or LMDB's, is deleted, and under each path of the folder", async () => {
    await begun();
    const link = join(base, 'link');
    symlinkSync(folder, link);
    const locked = {
      code: 'store-locked',
      message: expect.stringMatching(/ is in use by (another process|process \d+)$/),
    };
    for (const path of [folder, link, `${folder}/../d`]) {
      await expect(openLmdbStore(path)).rejects.toMatchObject(locked);
      rmSync(join(folder, 'eddy.lock'), { force: true });
      rmSync(join(folder, 'lock.mdb'), { force: true });
      await expect(openLmdbStore(path)).rejects.toMatchObject(locked);
    }
  });

  it('[STO54] says again who has it, in a new file', async () => {
    const { store } = await begun();
    unlinkSync(join(folder, 'eddy.lock'));
    await advance(LOOK_MS);
    await expect(openLmdbStore(folder)).rejects.toMatchObject({
      code: 'store-locked',
      message: `the data folder ${folder} is in use by process ${process.pid}`,
    });
    expect(store.failure).toBe(null);
  });

  it('[STO54] ends with its store, and leaves no more of a file than is used', async () => {
    const { store } = await begun();
    const whileOpen = readFileSync(data()).length;
    await store.close();
    expect(readFileSync(data()).length).toBeLessThan(whileOpen);
    expect(await endIn(folder)).toBe(10);
  });
});
