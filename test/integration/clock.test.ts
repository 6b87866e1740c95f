/** The clock of the machine is set while steps come: libfaketime moves the wall clock of a server, and no other. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { serve } from '../support/cli.js';
import { RawClient } from '../support/server.js';

/** Debian's libfaketime, by `apt-get install faketime`. */
const FAKETIME = ['x86_64', 'aarch64']
  .map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketimeMT.so.1`)
  .find((file) => existsSync(file));
/** Jumps of each size, or as many as `npm run test:clock` asks for; and the longest that an ack may take. */
const JUMPS = Number(process.env.JUMPS ?? 3);
const ACK_MS = Number(process.env.ACK_MS ?? 1000);
/** Acks awaited between two jumps. */
const ACKS = 60;
/** Milliseconds between two messages of one step. */
const EVERY_MS = 5;

const folder = mkdtempSync(join(tmpdir(), 'eddy-clock-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

if (!FAKETIME) process.stderr.write('the jumps of the clock are not tried: libfaketime is not there\n');

/** Sends steps for as long as it runs, and knows how long their acks took. */
async function producer(url: string) {
  const client = await RawClient.connect(url, 'json');
  const channel = await client.open('a', { features: 1, units: 8 });
  const sentAt: number[] = [];
  const seen = { acked: -1, worst: 0 };
  const wakers = new Set<() => void>();
  client.socket.on('message', (data) => {
    const { type, seq } = JSON.parse(String(data)) as { type: string; seq: number };
    if (type !== 'ack') return;
    seen.worst = Math.max(seen.worst, performance.now() - sentAt[seen.acked + 1]!);
    seen.acked = seq;
    for (const wake of wakers) wake();
  });
  const timer = setInterval(() => {
    const seq = sentAt.length;
    if (seq - seen.acked > 200) return;
    sentAt.push(performance.now());
    client.send({ type: 'steps', channel, seq, count: 1, x: [Math.sin(seq)] });
  }, EVERY_MS);
  /** Resolves when so many more steps are acknowledged. */
  const acks = (count: number) =>
    new Promise<void>((resolve) => {
      const goal = seen.acked + count;
      const look = () => {
        if (seen.acked < goal) return;
        wakers.delete(look);
        resolve();
      };
      wakers.add(look);
    });
  return { seen, acks, end: () => clearInterval(timer) };
}

describe.runIf(FAKETIME !== undefined)('a wall clock that is set', () => {
  it.each([
    ['back by 5 s', -5],
    ['forward by 5 s', 5],
    ['back by an hour', -3600],
    ['forward by an hour', 3600],
    ['to and fro by an hour', null],
  ] as const)(`[CLK4] %s, ${JUMPS} times under load, holds no ack up`, async (name, seconds) => {
    const at = join(folder, `time ${name}`);
    writeFileSync(at, '+0');
    const server = await serve(['--data', join(folder, name)], {
      LD_PRELOAD: FAKETIME!,
      FAKETIME_TIMESTAMP_FILE: at,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
    });
    const { seen, acks, end } = await producer(server.url);
    await acks(2 * ACKS);
    seen.worst = 0;
    for (let jump = 1; jump <= JUMPS; jump++) {
      const to = seconds === null ? (jump % 2 ? 3600 : -3600) : seconds * jump;
      writeFileSync(at, `${to < 0 ? '' : '+'}${to}s`);
      await acks(ACKS);
    }
    end();
    const worstMs = Math.round(seen.worst);
    process.stderr.write(`${JSON.stringify({ jump: name, jumps: JUMPS, worstMs })}\n`);
    expect(worstMs).toBeLessThanOrEqual(ACK_MS);
    const { code, stderr } = await server.stop();
    expect(code).toBe(0);
    // that the clock was moved at all
    const times = stderr
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { time: number }).time);
    const moved = Math.abs(times.at(-1)! - Date.now()) / 1000;
    expect(moved).toBeGreaterThan(Math.abs((seconds ?? 3600 / JUMPS) * JUMPS) - 2);
  });
});
