/** A data folder: a server that runs on it, and its sequences without one. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../src/clock.js';
import { sharedKernels } from '../../src/kernels/shared.js';
import { DEFAULT_LIMITS } from '../../src/limits.js';
import { PAST_LIMITS } from '../../src/sequence/past/past.js';
import { Registry } from '../../src/sequence/registry.js';
import { createTelemetry } from '../../src/server/telemetry/telemetry.js';
import { openLmdbStore } from '../../src/store/lmdb/lmdb.js';

export const MAIN = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));

/** The past of all steps is kept, so that their times can be read back. */
const WHOLE_PAST = { steps: 1e9, bytes: 2 ** 34 };
const WHOLE_PAST_ENV = {
  EDDY_HISTORY_STEPS: String(WHOLE_PAST.steps),
  EDDY_HISTORY_BYTES: String(WHOLE_PAST.bytes),
};

/** The sequences of a data folder. */
export async function openFolder(folder: string, onFault: (error: unknown) => void): Promise<Registry> {
  return new Registry({
    kernels: sharedKernels(),
    store: await openLmdbStore(folder),
    clock: systemClock,
    newEpoch: () => 'never',
    limits: DEFAULT_LIMITS,
    keeping: { steps: 4096, ms: 60_000, idleMs: 60_000 },
    past: { ...PAST_LIMITS, ...WHOLE_PAST },
    counters: createTelemetry().sequences,
    onFault,
  });
}

/** Starts a server on a folder; with further settings, if they are given, as environment. */
export async function serve(
  folder: string,
  port: number,
  env: NodeJS.ProcessEnv = {},
): Promise<ChildProcess> {
  const child = spawn(process.execPath, [MAIN, 'serve', '--data', folder, '--port', String(port), '--json'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, ...WHOLE_PAST_ENV, ...env },
  });
  await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout! }).once('line', resolve);
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
  });
  return child;
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
