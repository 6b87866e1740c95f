import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newToken, tokenFile } from '../support/access.js';
import { startServer } from '../support/server.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

let project = '';
/** A project that has installed eddy-client and rxjs, and no ws. */
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'eddy-no-ws-'));
  const modules = join(project, 'node_modules');
  mkdirSync(modules);
  cpSync(join(root, 'client/sdk/dist'), join(modules, 'eddy-client/dist'), { recursive: true });
  cpSync(join(root, 'client/sdk/package.json'), join(modules, 'eddy-client/package.json'));
  symlinkSync(join(root, 'node_modules/rxjs'), join(modules, 'rxjs'), 'junction');
});
afterEach(() => rmSync(project, { recursive: true }));

async function runModule(code: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', code], {
    cwd: project,
  });
  return stdout.trim();
}

const UNDICI = JSON.stringify(new URL('../../node_modules/undici/index.js', import.meta.url).href);

describe('eddy-client in Node without ws', () => {
  it("[PKG4] connects with Node's own WebSocket, and sends the token with the upgrade", async () => {
    const reader = newToken(['subscribe']);
    const { url } = await startServer({}, 0, { security: { tokens: tokenFile(reader) } });
    const said = await runModule(`
      import undici from ${UNDICI};
      import { connect } from 'eddy-client';
      globalThis.WebSocket = undici.WebSocket;
      const client = connect('${url}', { token: '${reader.token}' });
      console.log((await client.list()).total);
      client.close();`);
    expect(said).toBe('0');
  });

  it('[PKG4] says what to do where Node has no WebSocket either', async () => {
    const said = await runModule(`
      import { connect } from 'eddy-client';
      delete globalThis.WebSocket;
      try {
        connect('http://127.0.0.1:1');
      } catch (error) {
        console.log(error.name, error.message);
      }`);
    expect(said).toMatch(/^TypeError this Node has no WebSocket: `npm install ws`/);
  });
});
