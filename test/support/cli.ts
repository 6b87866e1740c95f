/** The built command line, run as a user runs it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach } from 'vitest';

const MAIN = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

function start(args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  // a server keeps nothing in the folder that the tests run in
  const keeping =
    args[0] !== 'serve' || args.includes('--data') || env.EDDY_DATA ? {} : { EDDY_EPHEMERAL: 'true' };
  const child = spawn(process.execPath, [MAIN, ...args], { env: { ...process.env, ...keeping, ...env } });
  endings.push(() => child.kill('SIGKILL'));
  return child;
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs eddy to its end. */
export async function run(
  args: readonly string[],
  options: { input?: string; env?: Record<string, string> } = {},
): Promise<Ended> {
  const child = start(args, options.env);
  return ended(child, options.input);
}

/** Runs eddy while nobody reads what it says. */
export async function runUnread(args: readonly string[]): Promise<Ended> {
  const child = start(args);
  child.stdout?.destroy();
  return ended(child);
}

/** Runs eddy with an input that the test writes as it goes. */
export function begin(args: readonly string[]) {
  const child = start(args);
  let said = '';
  const wakers = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (data) => {
      said += data;
      for (const wake of wakers) wake();
    });
  /** Resolves when it has said `words`. */
  const says = (words: string) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (!said.includes(words)) return;
        wakers.delete(look);
        resolve();
      };
      wakers.add(look);
      look();
    });
  return {
    says,
    write: (text: string) => child.stdin?.write(text),
    /** Interrupts it, as Ctrl-C does. */
    interrupt: () => child.kill('SIGINT'),
    ended: ended(child, null),
  };
}

async function ended(child: ChildProcess, input: string | null = ''): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (data) => {
    stdout += data;
  });
  child.stderr?.on('data', (data) => {
    stderr += data;
  });
  if (input !== null) child.stdin?.end(input);
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, stdout, stderr };
}

/** Starts a server as a process of its own, and gives its addresses. `stop` ends it as an operator would. */
export async function serve(args: readonly string[] = [], env: Record<string, string> = {}) {
  const child = start(['serve', '--port', '0', '--json', ...args], env);
  const end = ended(child);
  const line = await new Promise<string>((resolve) => {
    if (child.stdout) createInterface({ input: child.stdout }).once('line', resolve);
  });
  const stop = () => {
    child.kill('SIGTERM');
    return end;
  };
  const { url, adminUrl = '' } = JSON.parse(line) as { url: string; adminUrl?: string };
  /** Resolves when a line that holds `words` is logged. */
  const logged = (words: string) =>
    new Promise<void>((resolve) => {
      child.stderr?.on('data', (data) => {
        if (String(data).includes(words)) resolve();
      });
    });
  return {
    url,
    adminUrl,
    pid: child.pid!,
    stop,
    ended: end,
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    logged,
  };
}

/** Writes a file that is gone after the test, and gives its path. */
export function file(name: string, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'eddy-cli-'));
  endings.push(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}
