/** `npm run dev` on a copy of the project, so that the test can change a line of it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import WebSocket from 'ws';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COPIED = [
  ...['src', 'client', 'dist', 'scripts', 'package.json', 'package-lock.json'],
  ...['tsconfig.base.json', 'tsconfig.build.json'],
];

let copy: string;
let dev: ChildProcess;
let ended: Promise<number | null>;
const lines: string[] = [];
let wake: (() => void) | null = null;

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'eddy-dev-'));
  for (const name of COPIED)
    cpSync(join(ROOT, name), join(copy, name), { recursive: true, preserveTimestamps: true });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  const args = ['--port', '0', '--page-port', '0', '--data', join(copy, 'data')];
  dev = spawn(process.execPath, ['scripts/dev.mjs', ...args], { cwd: copy });
  ended = new Promise((resolve) => dev.once('exit', resolve));
  for (const stream of [dev.stdout, dev.stderr])
    if (stream)
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line);
        wake?.();
      });
});
afterAll(async () => {
  dev.kill('SIGINT');
  await ended;
  rmSync(copy, { recursive: true, force: true });
});

/** Waits for a line that was printed after the first `after` ones. */
async function printed(pattern: RegExp, after = 0): Promise<string> {
  for (;;) {
    const found = lines.slice(after).find((line) => pattern.test(line));
    if (found !== undefined) return found;
    if (dev.exitCode !== null) throw new Error(`it ended:\n${lines.join('\n')}`);
    await new Promise<void>((resolve) => {
      wake = resolve;
      void ended.then(() => resolve());
    });
  }
}

/** Changes a line of the copy, and waits for a line that is printed from then on. */
function change(file: string, from: string, to: string, seen: RegExp): Promise<string> {
  const path = join(copy, file);
  const text = readFileSync(path, 'utf8');
  expect(text).toContain(from);
  const after = lines.length;
  writeFileSync(path, text.replace(from, to));
  return printed(seen, after);
}

const addressOf = (line: string) => /http:\S+/.exec(line)?.[0] ?? '';

/** Gives the status with which an upgrade is answered. */
const upgradeFrom = (url: string, origin: string) =>
  new Promise<number | undefined>((resolve) => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}stream`, ['eddy.v1.json'], { origin });
    socket.once('unexpected-response', (_, { statusCode }) => resolve(statusCode));
    socket.once('error', () => resolve(undefined));
    socket.once('open', () => {
      socket.close();
      resolve(101);
    });
  });

it('[DEV1] runs a changed line of the server and of a kernel, serves a changed line of the page, and ends its server with itself', async () => {
  const page = addressOf(await printed(/eddy: page /));
  const server = addressOf(await printed(/eddy: server /));
  const alive = async () => (await (await fetch(`${page}livez`)).json()) as unknown;
  expect(await (await fetch(page)).text()).toContain('/@vite/client');
  expect(await alive()).toEqual({ status: 'ok' });
  expect(await upgradeFrom(page, page.slice(0, -1))).toBe(101);
  expect(await upgradeFrom(page, 'http://elsewhere.example')).toBe(403);

  const operations = 'src/server/http/operations.ts';
  await change(operations, "status: 'ok' }", "status: 'changed' }", /operations.ts: running after/);
  expect(await alive()).toEqual({ status: 'changed' });
  await change(operations, "status: 'changed' }", "status: 7 } satisfies { status: 'no number' }", /TS\d+/);
  await printed(/operations.ts: running after/, lines.length - 1);
  expect(await alive()).toEqual({ status: 7 });

  await change('client/dashboard/strict.ts', 'jitless: true', 'jitless: !!1', /hmr update|page reload/);
  expect(await (await fetch(`${page}strict.ts`)).text()).toContain('!!1');

  const kernel = 'src/kernels/assembly/index.ts';
  await change(
    kernel,
    '\n',
    '\nexport function added(): i32 { return 42; }\n',
    /assembly\/index.ts: running after/,
  );

  dev.kill('SIGINT');
  expect(await ended).toBe(0);
  await expect(fetch(server)).rejects.toThrow('fetch failed');
});
