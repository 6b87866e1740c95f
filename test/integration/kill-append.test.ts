import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { connect } from '../../client/sdk/node.js';
import { freePort, openFolder, serve } from '../support/data-folder.js';
import { bitsOf, replayedBits } from '../support/replay.js';

const folder = mkdtempSync(join(tmpdir(), 'eddy-kill-append-'));
const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
  rmSync(folder, { recursive: true, force: true });
});

const KILLS = 4;
/** The times of two gateways interleave as they like. */
const SPEC = { units: 8, inputs: { late: 'take' }, seed: 3 } as const;
const FIELDS = ['pressure', 'flow'];
/** The other gateway has the fields in the other order. */
const GATEWAYS = [FIELDS, [...FIELDS].reverse()];

const readingOf = (gateway: number, n: number) => ({
  pressure: 1000 + Math.sin(n) + gateway,
  flow: n % 9 === 0 ? null : Math.cos(n * 0.3),
});

it(`[APP3] [APP5] [PRF1] two gateways that append to a server that is killed ${KILLS} times have each reading counted once`, async () => {
  const port = await freePort();
  const url = `ws://127.0.0.1:${port}`;
  let server = await serve(folder, port);
  endings.push(() => server.kill('SIGKILL'));
  /** The step that each reading became. */
  const placed = new Map<string, number>();
  const wrong: string[] = [];
  let isOver = false;
  const place = (key: string, seq: number) => {
    if ((placed.get(key) ?? seq) !== seq) wrong.push(`${key} is ${placed.get(key)}, and ${seq}`);
    placed.set(key, seq);
  };
  const runs = GATEWAYS.map(async (fields, gateway) => {
    const client = connect(url, { backOff: { min: 10, max: 50 } });
    endings.push(() => client.close());
    const handle = client.open('pump', { spec: SPEC, fields });
    handle.errors$.subscribe({
      next: ({ error }) => wrong.push(`${error.code} ${error.message}`),
      error: () => undefined,
    });
    const append = async (n: number) => {
      const key = `${gateway}-${n}`;
      place(key, await handle.append({ values: readingOf(gateway, n), t: 1000 * n }, { key }));
    };
    const waiting = new Set<Promise<void>>();
    let n = 0;
    for (; !isOver; n++) {
      const one = append(n).finally(() => waiting.delete(one));
      waiting.add(one);
      if (waiting.size > 20) await Promise.race(waiting);
    }
    await Promise.all(waiting);
    // a gateway that does not know what was answered sends the last ones again
    for (let again = Math.max(0, n - 100); again < n; again++) await append(again);
    return n;
  });
  for (let i = 0; i < KILLS; i++) {
    const [before, gone] = [placed.size, new Promise((resolve) => server.once('exit', resolve))];
    await expect.poll(() => placed.size).toBeGreaterThan(before + 300);
    server.kill('SIGKILL');
    await gone;
    server = await serve(folder, port);
  }
  isOver = true;
  const totals = await Promise.all(runs);
  for (const end of endings.splice(1).reverse()) await end();
  const gone = new Promise((resolve) => server.once('exit', resolve));
  server.kill('SIGTERM');
  await gone;

  const registry = await openFolder(folder, (error) => wrong.push(String(error)));
  const { sequence } = registry.open('pump', 'resume', {});
  const inOrder: string[] = [];
  for (const [key, seq] of placed) inOrder[seq] = key;
  expect([wrong, placed.size]).toEqual([[], totals[0]! + totals[1]!]);
  expect([Object.keys(inOrder).length, sequence.seq]).toEqual([placed.size, placed.size - 1]);
  const plain = replayedBits(sequence.spec, inOrder.length, (seq) => {
    const [gateway, n] = inOrder[seq]!.split('-').map(Number);
    const reading: Record<string, number | null> = readingOf(gateway!, n!);
    // whichever gateway came first gave the fields their order
    return { x: sequence.schema.fields.map(({ name }) => reading[name] ?? Number.NaN), t: 1000 * n! };
  });
  expect(bitsOf(sequence.model)).toBe(plain);
  await registry.end();
}, 120_000);
