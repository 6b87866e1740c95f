/** The Pythons of this machine, for tests of clients in Python. */
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const CANDIDATES = [process.env.PYTHON, 'python3', '/usr/bin/python3'].filter(
  (program): program is string => program !== undefined,
);

/** Gives a Python that has the modules, or undefined. */
export const pythonWith = (...modules: string[]): string | undefined =>
  CANDIDATES.find(
    (program) => spawnSync(program, ['-c', `import ${['sys', ...modules].join(', ')}`]).status === 0,
  );

const CLIENT = fileURLToPath(new URL('../../client/python/', import.meta.url));

/** Runs a Python in the folder of the client, with the client on its path: gives its status and all that it said. */
export function runPython(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ status: number | null; said: string }> {
  const child = spawn(program, args, {
    cwd: CLIENT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      NODE: process.execPath,
      PYTHONPATH: 'src:tests',
      PYTHONDONTWRITEBYTECODE: '1',
      ...env,
    },
  });
  return new Promise((resolve, reject) => {
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data) => {
        said += data;
      });
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, said }));
  });
}
