/** What was, out of a folder: after a restart, after a kill, to sockets that read slowly, within the bounds that are set. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { firstValueFrom, toArray } from 'rxjs';
import { take } from 'rxjs/operators';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Client, connect, type Results } from '../../client/sdk/node.js';
import type { ConfigInput } from '../../src/server/config/config-schema.js';
import { openLmdbStore } from '../../src/store/lmdb/lmdb.js';
import { RawClient, startServer } from '../support/server.js';

const MAIN = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
const SPEC = { features: 2, units: 8, seed: 3 };

let folder = '';
let client: Client;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'eddy-history-'));
});
afterEach(() => {
  client?.close();
  rmSync(folder, { recursive: true, force: true });
});

const begin = async (history: ConfigInput['history'] = {}, pageBytes?: number) => {
  const store = await openLmdbStore(folder, pageBytes === undefined ? {} : { pageBytes });
  const started = await startServer({}, 0, { store, history });
  client = connect(started.url);
  return started;
};

const end = async ({ server }: Awaited<ReturnType<typeof begin>>) => {
  client.close();
  await server.stop();
};

async function push(name: string, count: number, spec = SPEC) {
  const handle = client.open(name, { spec });
  const first = (await handle.opened).seq + 1;
  for (let t = first; t < first + count; t++) {
    if (handle.room === 0) await handle.ready();
    handle.push({ x: Float64Array.of(Math.sin(t / 3), t / 7), t: 1e12 + 1000 * t });
  }
  await handle.close();
}

type Rows = Results['predictions'] & Results['inputs'] & Results['states'];
const textOf = ({ seq, t, x, y, h }: Partial<Rows>) => `${seq} ${t} ${[...(x ?? y ?? h ?? [])]}`;

/** Gives the last `count` results of a view, as soon as they are there. */
const past = async (view: 'inputs' | 'predictions' | 'states', count: number, name = 's') => {
  const last$ = client.watch(name).view(view, { last: count });
  return (await firstValueFrom(last$.pipe(take(count), toArray()))).map(textOf);
};

const begins = (view: 'inputs' | 'states', options: { last?: number; from?: number }) => {
  const watch = client.watch('s');
  const joined = firstValueFrom(watch.joined$);
  const reading = watch.view(view, options).subscribe();
  return joined.then(({ begins }) => {
    reading.unsubscribe();
    return begins;
  });
};

describe('the past in a folder', () => {
  it('[HIS6] is told after a restart, and the sequence sleeps on', async () => {
    let started = await begin();
    const seen: Record<string, string[]> = { inputs: [], predictions: [] };
    const watch = client.watch('s');
    watch.inputs$.subscribe((item) => seen.inputs!.push(textOf(item)));
    watch.predictions$.subscribe((item) => seen.predictions!.push(textOf(item)));
    const handle = client.open('s', { spec: SPEC });
    await handle.opened;
    await firstValueFrom(watch.joined$);
    await handle.close();
    await push('s', 3000);
    await end(started);
    started = await begin();
    expect(await past('inputs', 1000)).toEqual(seen.inputs!.slice(-1000));
    expect(await past('predictions', 1000)).toEqual(seen.predictions!.slice(-1000));
    const { sequences } = await client.list({ sequence: 's' });
    expect([sequences[0]?.awake, sequences[0]?.seq]).toEqual([false, 2999]);
    expect(await begins('inputs', { from: 1e12 + 1000 * 1234 })).toBe(1234);
    await end(started);
  });

  it('[HIS2] is the same after kill -9, whose unwritten pages are made again', async () => {
    const serve = async () => {
      const options = ['serve', '--port', '0', '--json', '--data', folder, '--log-level', 'silent'];
      const child: ChildProcess = spawn(process.execPath, [MAIN, ...options], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const line = await new Promise<string>((resolve) =>
        createInterface({ input: child.stdout! }).once('line', resolve),
      );
      client = connect(JSON.parse(line).url as string);
      return child;
    };
    const exit = (child: ChildProcess) =>
      new Promise((resolve) => {
        child.once('exit', resolve);
        child.kill('SIGKILL');
      });
    let child = await serve();
    await push('s', 5000);
    const before = [await past('inputs', 2000), await past('predictions', 2000)];
    client.close();
    await exit(child);
    child = await serve();
    expect([await past('inputs', 2000), await past('predictions', 2000)]).toEqual(before);
    client.close();
    await exit(child);
  });

  it('[HIS3] [HIS12] reaches back as far as the settings say', async () => {
    const started = await begin({ steps: 2000, stateBytes: 2048 });
    await push('s', 9000);
    const first = await begins('inputs', { last: 9000 });
    // whole pages go
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThanOrEqual(7000);
    const state = await begins('states', { last: 9000 });
    expect(state).toBeGreaterThan(9000 - 2048 / 32);
    expect(state).toBeLessThan(9000);
    await end(started);
  });

  it('[HIS12] is only the newest page of each sequence while all together have too much', async () => {
    const started = await begin({}, 64 * 1024);
    await push('s', 12_000);
    expect(await begins('inputs', { last: 12_000 })).toBeGreaterThan(5000);
    await end(started);
  });

  it('[HIS5] comes whole to a socket that asks for 100,000 steps and reads slowly, and closes it not', async () => {
    const started = await begin();
    const spec = { features: 8, units: 2 };
    const handle = client.open('s', { spec });
    await handle.opened;
    for (let t = 0; t < 100_000; t++) {
      if (handle.room === 0) await handle.ready();
      handle.push(Float64Array.from({ length: 8 }, (_, i) => t + i / 3));
    }
    await handle.drained();
    const raw = await RawClient.connect(started.url);
    raw.socket.pause();
    raw.send({ type: 'subscribe', id: 1, sequence: 's', view: 'inputs', last: 100_000 });
    // meanwhile others are answered
    for (let i = 0; i < 300; i++) await client.list({ limit: 1 });
    raw.socket.resume();
    let [next, skipped] = [0, 0];
    for (let at = 0; next < 100_000; ) {
      const message = raw.received[at];
      if (!message) {
        await new Promise((resolve) => raw.socket.once('message', resolve));
        continue;
      }
      at++;
      if (message.type !== 'inputs') continue;
      expect(message.seq).toBe(next);
      next += message.count as number;
      skipped += message.skipped as number;
    }
    expect([next, skipped, raw.socket.readyState]).toEqual([100_000, 0, raw.socket.OPEN]);
    await end(started);
  });
});
