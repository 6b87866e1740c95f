import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run, serve } from '../support/cli.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const preload = `--import ${new URL('../support/tell-natives.mjs', import.meta.url).href}`;

let folder = '';
let env: { readonly NODE_OPTIONS: string; readonly NATIVES_FILE: string };
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'eddy-natives-'));
  env = { NODE_OPTIONS: preload, NATIVES_FILE: join(folder, 'natives') };
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Which of the store's native modules the process that ended last had loaded. */
function loaded(): string[] {
  const natives = readFileSync(env.NATIVES_FILE, 'utf8');
  return ['lmdb', 'fs-native-extensions'].filter((name) => natives.match(`node_modules/@?${name}/`));
}

/** Runs a module as a user of the package writes it. */
const runModule = (code: string) =>
  execFileSync(process.execPath, ['--input-type=module', '--eval', code], {
    cwd: root,
    env: { ...process.env, ...env },
  });

describe('LMDB and the lock of its folder', () => {
  it.each([
    ['eddy', "import { Model } from 'eddy'; new Model({ features: 1, units: 2 }).step([1]);"],
    ['eddy/client', "import 'eddy/client';"],
    ['eddy/server', "import { createServer } from 'eddy/server'; await createServer().stop();"],
    ['eddy/protocol', "import 'eddy/protocol';"],
    ['eddy/store', "import { createMemoryStore } from 'eddy/store'; await createMemoryStore().close();"],
  ])('[PKG3] are not loaded by %s', (_door, code) => {
    runModule(code);
    expect(loaded()).toEqual([]);
  });

  it('[PKG3] are not loaded by a server that keeps nothing, nor by who pushes to it or watches it', async () => {
    const server = await serve(['--ephemeral'], env);
    const at = ['pump', '--url', server.url];
    const input = 'a\n1\n2\n3\n';
    expect((await run(['push', '-', '--sequence', ...at], { env, input })).code).toBe(0);
    expect(loaded()).toEqual([]);
    expect((await run(['watch', ...at, '--view', 'weights', '--count', '1'], { env })).code).toBe(0);
    expect(loaded()).toEqual([]);
    expect((await server.stop()).code).toBe(0);
    expect(loaded()).toEqual([]);
  });

  it('[PKG3] are loaded when a store in a folder is opened', async () => {
    const server = await serve(['--data', join(folder, 'data')], env);
    expect((await server.stop()).code).toBe(0);
    expect(loaded()).toEqual(['lmdb', 'fs-native-extensions']);
    runModule(
      `import { openLmdbStore } from 'eddy/store'; await (await openLmdbStore(${JSON.stringify(folder)})).close();`,
    );
    expect(loaded()).toEqual(['lmdb', 'fs-native-extensions']);
  });
});
