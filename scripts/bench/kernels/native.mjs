/** The native peer: native.c, compiled for this processor, as a process that times what it is asked for. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Compiles and starts it; gives null where there is no gcc. */
export function startNative() {
  const folder = mkdtempSync(join(tmpdir(), 'eddy-bench-'));
  const program = join(folder, 'native');
  const source = fileURLToPath(new URL('native.c', import.meta.url));
  try {
    execFileSync('gcc', ['-O3', '-march=native', '-ffast-math', '-o', program, source, '-lm'], {
      stdio: 'pipe',
    });
  } catch (error) {
    rmSync(folder, { recursive: true });
    if (error.code === 'ENOENT') return null;
    throw error;
  }
  const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (what, F, N, T, B, reps) => {
    child.stdin.write(`${what === 'update' ? 'update' : 'steps'} ${F} ${N} ${T} ${B} ${reps}\n`);
    return Number((await lines.next()).value) / 1000;
  };
  return {
    /** Gives microseconds for one piece of work, over about 20 ms. */
    async time(what, F, N, T, B) {
      const once = await ask(what, F, N, T, B, 3);
      return ask(what, F, N, T, B, Math.max(3, Math.round(20_000 / once)));
    },
    end() {
      child.stdin.end();
      rmSync(folder, { recursive: true });
    },
  };
}
