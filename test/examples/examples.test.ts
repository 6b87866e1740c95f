/** The examples, run as a reader runs them. */
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { connect } from '../../client/sdk/node.js';
import { startServer } from '../support/server.js';

const fileOf = (name: string) => fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

/** Runs a program to its end, or until it has said what is waited for. */
function run(program: string, args: readonly string[], until?: RegExp): Promise<string> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((resolve) => child.once('close', resolve));
  endings.push(() => {
    child.kill();
    return ended;
  });
  return new Promise((resolve, reject) => {
    let said = '';
    let wrong = '';
    child.stderr.on('data', (data) => {
      wrong += data;
    });
    child.stdout.on('data', (data) => {
      said += data;
      if (until?.test(said)) resolve(said);
    });
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve(said) : reject(new Error(`${code}: ${wrong}`))));
  });
}

/** A Python that has the packages which the example names, if there is one. */
const python = ['python3', '/usr/bin/python3'].find(
  (program) => spawnSync(program, ['-c', 'import websockets, msgpack']).status === 0,
);

describe('the examples', () => {
  it('[EXA1] operators.mjs trains a model on a stream: its error falls below that of the last value', async () => {
    const said = await run(process.execPath, [fileOf('operators.mjs')]);
    const [, error, naive] = /step 3000: .* error ([\d.]+), that of the last value ([\d.]+)/.exec(said) ?? [];
    expect(Number(error)).toBeLessThan(0.8 * Number(naive));
    expect(said).toMatch(/^749 updates$/m);
  });

  it('[EXA2] embed-server.mjs serves others, and a sequence in its own process', async () => {
    const said = await run(process.execPath, [fileOf('embed-server.mjs')], /listening on \S+/);
    expect(said).toMatch(/in process: step 99, h\[0\] -?0\.\d{3}/);
    const url = /listening on (\S+)/.exec(said)![1]!;
    expect(await (await fetch(url)).text()).toBe('Eddy is at /stream\n');
    expect(await (await fetch(`${url}/livez`)).json()).toEqual({ status: 'ok' });
    const client = connect(url, { token: 'pump-key' });
    endings.push(() => client.close());
    expect((await client.list()).sequences.map(({ sequence }) => sequence)).toEqual(['pump-1']);
    await expect(client.open('room', { spec: { features: 1, units: 2 } }).opened).rejects.toMatchObject({
      code: 'permission-denied',
    });
  });

  it.skipIf(!python)('[EXA3] client.py pushes steps and prints the hidden state that came back', async () => {
    const { url, server } = await startServer();
    const said = await run(python!, [fileOf('client.py'), url, 'pump']);
    expect(said).toMatch(/^eddy\/\d/);
    expect(said).toContain('step 199 is durable');
    const client = await server.client();
    endings.push(() => client.close());
    expect(said).toContain('20 targets from step 0 on are durable');
    expect((await client.list()).sequences).toMatchObject([
      { sequence: 'pump', seq: 199 },
      { sequence: 'pump-taught', seq: 19, scored: 20 },
    ]);
    const numbers = (name: string) =>
      new RegExp(`^${name} (.*)$`, 'm').exec(said)![1]!.split(' ').map(Number);
    expect(numbers('h')).toHaveLength(8);
    expect(numbers('h').every((value) => Math.abs(value) <= 1)).toBe(true);
    expect(numbers('forecast')).toHaveLength(2);
  });
});
