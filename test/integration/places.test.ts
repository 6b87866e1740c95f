/** What a server says, to its log, its clients and its operator, while its data folder is not as it should be. */
import { execFileSync, execSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLmdbStore } from '../../src/store/lmdb/lmdb.js';
import { run, serve } from '../support/cli.js';
import { can, canLoop, canMount, hasPrlimit } from '../support/mounts.js';
import { RawClient } from '../support/server.js';
import { Ear } from '../support/store-data.js';

let base = '';
const mounts: string[] = [];
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'eddy-place-'));
});
afterEach(() => {
  for (const mount of mounts.splice(0)) execFileSync('umount', ['-l', mount]);
  rmSync(base, { recursive: true, force: true });
});

if (!canMount || !canLoop) process.stderr.write('disks are not taken away: nothing can be mounted here\n');

/** A server with a client that sends steps whenever it may. */
async function begun(folder: string) {
  const server = await serve(['--data', folder]);
  const client = await RawClient.connect(server.url, 'json');
  const channel = await client.open('a', { features: 8, units: 32 });
  let acked = -1;
  let next = 0;
  let resumesAt = 0;
  client.socket.on('message', (data) => {
    const message = JSON.parse(String(data)) as { type: string; seq?: number };
    if (message.type === 'ack') acked = message.seq!;
    if (message.type !== 'error') return;
    // as often as a sensor would try again
    resumesAt = performance.now() + 100;
    next = Math.min(next, message.seq ?? next);
  });
  const timer = setInterval(() => {
    if (next - acked > 200 || performance.now() < resumesAt) return;
    const x = Array.from({ length: 32 * 8 }, (_, i) => Math.sin(next + i));
    client.send({ type: 'steps', channel, seq: next, count: 32, x });
    next += 32;
  }, 2);
  const ready = async () => {
    const answer = await fetch(`${server.url.replace('ws', 'http')}/readyz?verbose`);
    return `${answer.status} ${await answer.text()}`;
  };
  /** Resolves when so many more steps are acknowledged. */
  const acks = async (count: number) => {
    const goal = acked + count;
    await client.find((message) => message.type === 'ack' && (message.seq as number) >= goal);
  };
  /** What a client is told that asks for something new. */
  let asked = 0;
  const refused = async () => {
    const sequence = `new-${++asked}`;
    const { message } = await client.request({
      type: 'open',
      sequence,
      mode: 'create',
      spec: { features: 1, units: 2 },
    });
    return message;
  };
  const stop = async () => {
    clearInterval(timer);
    const { code, stderr } = await server.stop();
    // each line is one of JSON, whoever wrote it
    const lines = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, string>);
    return { code, lines, told: lines.filter(({ msg }) => /the store/.test(msg!)) };
  };
  return { server, acks, refused, ready, stop, acked: () => acked };
}

/** The number of the last step for whoever opens a folder. */
async function endIn(folder: string): Promise<number> {
  const store = await openLmdbStore(folder);
  try {
    let last = -1;
    const sequence = store.open('a', new Ear());
    for (const { record } of sequence.records(sequence.oldest))
      if (record.kind === 'steps') last = record.first + record.x.length / 8 - 1;
    return last;
  } finally {
    await store.close();
  }
}

const begins = (reason: RegExp) => ({
  level: 50,
  msg: 'the store fails: nothing is acknowledged until it can write again',
  reason: expect.stringMatching(reason),
});
const ends = { level: 30, msg: 'the store writes again', seconds: expect.any(Number) };

describe('a server whose data folder', () => {
  it('[OPS29] is moved says so once, is not ready, and goes on when it is back', async () => {
    const folder = join(base, 'd');
    const { acks, refused, ready, stop, acked } = await begun(folder);
    await acks(1000);
    renameSync(folder, join(base, 'elsewhere'));
    await expect.poll(refused).toMatch(/the data folder .*\/d is gone: moved to .*\/elsewhere$/);
    await expect.poll(ready).toMatch(/^503 .*\nno store: .* moved to .*\/elsewhere\nnot ready/s);
    const before = acked();
    renameSync(join(base, 'elsewhere'), folder);
    await acks(1000);
    expect(acked()).toBeGreaterThan(before);
    await expect.poll(ready).toMatch(/^200 /);
    const { code, told } = await stop();
    expect([code, told]).toMatchObject([0, [begins(/is gone: moved to/), ends]]);
    expect(await endIn(folder)).toBeGreaterThanOrEqual(acked());
  });

  it.runIf(hasPrlimit)(
    '[OPS29] [OPS22] may not grow says so once, in JSON, however often it tries',
    async () => {
      const folder = join(base, 'd');
      const { server, acks, refused, ready, stop, acked } = await begun(folder);
      await acks(1000);
      execFileSync('prlimit', ['--pid', String(server.pid), '--fsize=3000000:unlimited']);
      await expect.poll(refused).toMatch(/no space left: a limit on the size of files is reached/);
      await expect.poll(ready).toMatch(/^503 .*no store: .*no space left/s);
      execFileSync('prlimit', ['--pid', String(server.pid), '--fsize=unlimited']);
      await acks(1000);
      const { code, told } = await stop();
      expect([code, told]).toMatchObject([0, [begins(/no space left/), ends]]);
      expect(await endIn(folder)).toBeGreaterThanOrEqual(acked());
    },
  );

  it.runIf(canMount)(
    '[OPS29] [OPS22] is on a full disk says that there is no space left, and goes on with room',
    async () => {
      const disk = join(base, 'disk');
      mkdirSync(disk);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', disk]);
      mounts.push(disk);
      const folder = join(disk, 'd');
      const { acks, refused, ready, stop, acked } = await begun(folder);
      await acks(1000);
      can(`dd if=/dev/zero of=${disk}/ballast bs=4k`);
      await expect.poll(refused).toMatch(/no space left on the disk/);
      await expect.poll(ready).toMatch(/^503 .*no store: .*no space left on the disk/s);
      unlinkSync(join(disk, 'ballast'));
      await acks(1000);
      const { code, told } = await stop();
      expect([code, told]).toMatchObject([0, [begins(/no space left on the disk/), ends]]);
      expect(await endIn(folder)).toBeGreaterThanOrEqual(acked());
    },
  );

  it.runIf(canLoop)('[OPS29] is on a disk that is taken out goes on when it is back', async () => {
    const [image, disk] = [join(base, 'image'), join(base, 'disk')];
    mkdirSync(disk);
    execSync(`truncate -s 32M ${image} && mkfs.ext4 -q ${image} && mount -o loop ${image} ${disk}`, {
      stdio: 'ignore',
    });
    mounts.push(disk);
    const folder = join(disk, 'd');
    const { acks, refused, ready, stop, acked } = await begun(folder);
    await acks(1000);
    const device = execFileSync('findmnt', ['-no', 'SOURCE', disk], { encoding: 'utf8' }).trim();
    execFileSync('umount', ['-l', disk]);
    await expect.poll(refused).toMatch(/the data folder .* is gone: moved, or its disk was taken away$/);
    await expect.poll(ready).toMatch(/^503 .*no store: .* is gone/s);
    execFileSync('mount', [device, disk]);
    await acks(1000);
    await expect.poll(ready).toMatch(/^200 /);
    const { code, told } = await stop();
    expect([code, told]).toMatchObject([0, [begins(/is gone/), ends]]);
    expect(await endIn(folder)).toBeGreaterThanOrEqual(acked());
  });

  it.runIf(canMount)('[OPS22] cannot be begun on a full disk says why, in JSON', async () => {
    const disk = join(base, 'disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]);
    mounts.push(disk);
    can(`dd if=/dev/zero of=${disk}/ballast bs=4k`);
    const { code, stderr } = await run(['serve', '--port', '0', '--data', join(disk, 'd')]);
    const lines = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect([code, lines.at(-1)]).toMatchObject([
      1,
      { level: 60, msg: expect.stringMatching(/^store-unavailable: .*no space left on the disk/) },
    ]);
  });
});

describe('what a server process says', () => {
  it.each([
    ['a wrong flag', ['--prot', '1'], 2],
    ['a wrong setting', ['--port', '0', '--max', '1'], 2],
    ['a file that is not there', ['--port', '0', '--config', '/nowhere/eddy.json'], 1],
  ])('[OPS22] is JSON, also of %s', async (_, args, exit) => {
    const { code, stderr } = await run(['serve', ...args]);
    expect(code).toBe(exit);
    for (const line of stderr.trim().split('\n')) expect(JSON.parse(line)).toMatchObject({ level: 60 });
  });
});
