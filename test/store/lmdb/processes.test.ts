import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { holdFolder } from '../../../src/store/lmdb/held-file.js';
import { openLmdbStore } from '../../../src/store/lmdb/lmdb.js';
import { Ear } from '../../support/store-data.js';

const CHILD = fileURLToPath(new URL('../../support/store-child.mjs', import.meta.url));

let folder = '';
let children: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'eddy-store-'));
  children = [];
});
afterEach(async () => {
  for (const child of children) await kill(child);
  rmSync(folder, { recursive: true });
});

function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}

/** Starts a process with the store of the folder, and gives its lines. */
function start(mode: string, limit: readonly string[] = []) {
  const [command = '', ...args] = [...limit, process.execPath, CHILD, folder, mode];
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  children.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => ((await lines.next()).value as string | undefined) ?? '';
  return { child, next };
}

const hasPrlimit = (() => {
  try {
    execFileSync('prlimit', ['--version'], { stdio: 'ignore' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
})();

describe('a data folder', () => {
  it('[STO57] that a check or a backup reads is waited for', async () => {
    await (await openLmdbStore(folder)).close();
    const held = await holdFolder(folder);
    expect(held.owner).toBe(null);
    let isOpen = false;
    const opening = openLmdbStore(folder).then((store) => {
      isOpen = true;
      return store;
    });
    await expect.poll(() => isOpen).toBe(false);
    held.file.close();
    await held.release();
    const store = await opening;
    expect(isOpen).toBe(true);
    await store.close();
  });

  it('[STO23] is refused to a second process, by name, until the first has ended, however that ends', async () => {
    const { child, next } = start('hold');
    expect(await next()).toBe('open');
    await expect(openLmdbStore(folder)).rejects.toMatchObject({
      code: 'store-locked',
      message: `the data folder ${folder} is in use by process ${child.pid}`,
    });
    await kill(child);
    const store = await openLmdbStore(folder);
    expect(await start('hold').next()).toBe(
      `refused store-locked the data folder ${folder} is in use by process ${process.pid}`,
    );
    await expect(openLmdbStore(folder)).rejects.toMatchObject({ code: 'store-locked' });
    await store.close();
    expect(await start('hold').next()).toBe('open');
  });
});

describe('a process that is killed', () => {
  it('[STO24] loses nothing that was reported durable', async () => {
    let before = 0;
    for (let round = 0; round < 5; round++) {
      const { child, next } = start('push');
      expect(await next()).toBe('open');
      const told = { durable: before, checkpoint: 0 };
      for (let line = 0; line < 20 * round + 3; line++) {
        const [what, end] = (await next()).split(' ');
        told[what as 'durable' | 'checkpoint'] = Number(end);
      }
      await kill(child);
      const store = await openLmdbStore(folder);
      const sequence = store.open('s', new Ear());
      expect(sequence.end).toBeGreaterThanOrEqual(told.durable);
      expect([...sequence.checkpoints()][0]?.read().position ?? 0).toBeGreaterThanOrEqual(told.checkpoint);
      for (const { position, record } of sequence.records(sequence.oldest))
        expect(record).toEqual({
          kind: 'steps',
          first: position,
          t: null,
          x: new Float64Array(8).fill(position),
          targets: null,
        });
      before = sequence.end;
      await store.close();
    }
  });
});

describe.runIf(hasPrlimit)('a disk that is full', () => {
  it('[STO25] makes LMDB fail, and the store goes on by itself when there is room', async () => {
    const { child, next } = start('fill', ['prlimit', '--fsize=300000:unlimited']);
    let durable = 0;
    const until = async (wanted: RegExp) => {
      for (;;) {
        const line = await next();
        if (line.startsWith('durable')) durable = Number(line.split(' ')[1]);
        if (wanted.test(line)) return line;
        if (line === '') throw new Error('the process ended');
      }
    };
    expect(await until(/failing/)).toBe('failing store-unavailable');
    const full = durable;
    expect(full).toBeGreaterThan(10);
    execFileSync('prlimit', ['--pid', String(child.pid), '--fsize=unlimited']);
    await until(/mended/);
    await until(/durable/);
    expect(durable).toBeGreaterThan(full);
    await kill(child);
    const store = await openLmdbStore(folder);
    const sequence = store.open('s', new Ear());
    expect(sequence.end).toBeGreaterThanOrEqual(durable);
    let position = 0;
    for (const { record } of sequence.records(0)) {
      expect(record).toMatchObject({ kind: 'steps', first: position });
      position++;
    }
    expect(position).toBe(sequence.end);
    await store.close();
  });
});
