/** Data folders of older formats: taken over as they are, with a copy kept; killed anywhere in between, nothing is lost. */
import { fork } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { firstValueFrom } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createServer } from '../../src/server/index.js';
import { openLmdbStore } from '../../src/store/lmdb/lmdb.js';

interface Left {
  readonly seq: number;
  readonly epoch: string;
  readonly w: readonly number[];
  readonly b: readonly number[];
  readonly updates: number;
}

const FIXTURE = fileURLToPath(new URL('../fixtures/folder-1/', import.meta.url));
const CHILD = fileURLToPath(new URL('../support/open-child.mjs', import.meta.url));
const left: Record<string, Left> = JSON.parse(readFileSync(join(FIXTURE, 'expected.json'), 'utf8'));
const original = readFileSync(join(FIXTURE, 'data.mdb'));

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'eddy-migration-'));
  cpSync(join(FIXTURE, 'data.mdb'), join(folder, 'data.mdb'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A tenth of the kills that `npm run test:kill` asks for. */
const TIMES = Math.max(8, Math.round(Number(process.env.KILLS ?? 0) / 10));

/** Expects every sequence as it was left; gives what was told of damage. */
async function expectAll(): Promise<string[]> {
  const told: string[] = [];
  const store = await openLmdbStore(folder, { onDamage: ({ message }) => told.push(message) });
  const server = createServer({ logLevel: 'silent', store });
  const client = await server.client();
  try {
    expect([...store.names()]).toEqual(Object.keys(left).sort());
    for (const [name, { seq, epoch, w, b, updates }] of Object.entries(left)) {
      const handle = client.open(name, { mode: 'resume' });
      expect(await handle.opened).toMatchObject({ seq, epoch });
      const weights = await firstValueFrom(handle.weights$);
      expect([[...weights.w], [...weights.b], weights.updates]).toEqual([w, b, updates]);
      await handle.close();
    }
  } finally {
    client.close();
    await server.stop();
  }
  return told;
}

describe('a folder of format 1', () => {
  it('[STO44] is taken over with the same bits, and a copy of it is kept as it was', async () => {
    expect(await expectAll()).toEqual([]);
    expect(readFileSync(join(folder, 'data.mdb.before-2'))).toEqual(original);
    expect(await expectAll()).toEqual([]);
    expect(readdirSync(folder).filter((name) => name.includes('before'))).toEqual(['data.mdb.before-2']);
    const version = readFileSync(join(folder, 'data.mdb'));
    expect(version.includes('roster')).toBe(true);
  });

  it('[STO44] is taken over again from its copy, and no copy is written over', async () => {
    await expectAll();
    writeFileSync(join(folder, 'data.mdb.before-2'), 'something of mine');
    writeFileSync(join(folder, 'data.mdb'), original);
    rmSync(join(folder, 'eddy.end'));
    expect(await expectAll()).toEqual([]);
    expect(readFileSync(join(folder, 'data.mdb.before-2'), 'utf8')).toBe('something of mine');
    expect(readFileSync(join(folder, 'data.mdb.before-2.2'))).toEqual(original);
  });

  it(
    `[STO44] loses nothing to a process that is killed while it takes it over, ${TIMES} times`,
    async () => {
      for (let i = 0; i < TIMES; i++) {
        rmSync(folder, { recursive: true });
        cpSync(join(FIXTURE, 'data.mdb'), join(folder, 'data.mdb'));
        await killedAfter(i % 40);
        expect(await expectAll()).toEqual([]);
        const copy = join(folder, 'data.mdb.before-2');
        expect(existsSync(copy) && readFileSync(copy).equals(original)).toBe(true);
      }
    },
    60_000 + 1000 * TIMES,
  );

  it('[STO22] of a format to come is refused by name, and left as it is', async () => {
    const store = await openLmdbStore(folder);
    await store.close();
    const bytes = readFileSync(join(folder, 'data.mdb'));
    for (let at = bytes.indexOf('format2'); at >= 0; at = bytes.indexOf('format2', at + 1))
      bytes.write('format9', at);
    writeFileSync(join(folder, 'data.mdb'), bytes);
    await expect(openLmdbStore(folder)).rejects.toMatchObject({
      code: 'store-damaged',
      message: 'the store has format 9; this version of Eddy reads the formats 1 and 2',
    });
    expect(readFileSync(join(folder, 'data.mdb'))).toEqual(bytes);
  });
});

/** Opens the folder in a process that is killed so many milliseconds after it began to. */
function killedAfter(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const child = fork(CHILD, [folder, String(ms)], { stdio: 'ignore' });
    child.once('exit', () => resolve());
  });
}
