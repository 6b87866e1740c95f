/** What keeps a process alive: a server that serves, and nothing else of Eddy's. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, it } from 'vitest';

const dist = (file: string) =>
  JSON.stringify(pathToFileURL(join(import.meta.dirname, '../../dist', file)).href);
const SERVER = `import { createServer } from ${dist('src/server/index.js')};`;
const STORE = `import { openLmdbStore } from ${dist('src/store/index.js')};`;
const CLIENT = `import { connect } from ${dist('client/sdk/node.js')};`;
const folder = mkdtempSync(join(tmpdir(), 'eddy-exit-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => JSON.stringify(join(folder, name));

const SPEC = '{ spec: { features: 1, units: 2 } }';

it.each([
  [
    'a server that has stopped',
    `${SERVER}
    const server = createServer({ logLevel: 'silent' });
    await server.listen({ port: 0 });
    await server.stop();`,
  ],
  ['a server that never listened', `${SERVER} createServer({ logLevel: 'silent' });`],
  [
    'a server that carried steps of a client inside, over a store',
    `${SERVER} ${STORE}
    const server = createServer({ logLevel: 'silent', store: await openLmdbStore(${at('inside')}) });
    const client = await server.client();
    const handle = client.open('a', ${SPEC});
    for (let i = 0; i < 100; i++) handle.push([i]);
    await handle.drained();
    client.close();
    await server.stop();`,
  ],
  [
    'a server and a client over a socket',
    `${SERVER} ${CLIENT}
    const server = createServer({ logLevel: 'silent' });
    const { port } = await server.listen({ port: 0 });
    const client = connect('ws://127.0.0.1:' + port);
    const handle = client.open('a', ${SPEC});
    handle.states$.subscribe();
    for (let i = 0; i < 100; i++) handle.push([i]);
    await handle.drained();
    client.close();
    await server.stop();`,
  ],
  ['a store that was closed', `${STORE} await (await openLmdbStore(${at('closed')})).close();`],
  ['a store that was left open', `${STORE} await openLmdbStore(${at('open')});`],
])('[DEV5] a process ends by itself after %s', async (_, program) => {
  const args = ['--input-type=module', '--eval', `${program}\nconsole.log('done');`];
  const { error, stdout, stderr } = await new Promise<{ error: unknown; stdout: string; stderr: string }>(
    (resolve) =>
      execFile(process.execPath, args, { timeout: 30_000 }, (error, stdout, stderr) =>
        resolve({ error, stdout, stderr }),
      ),
  );
  expect({ error, stdout, stderr }).toEqual({ error: null, stdout: 'done\n', stderr: '' });
});
