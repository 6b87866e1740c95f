/** Finds a Python for a peer. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * Gives the first python3 of the path that has a module, or undefined. The first alone is not enough: the system's
 * packages are seen by the system's Python only, which another one may hide.
 *
 * @param {string} module
 */
export function findPython(module) {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const candidates = [...new Set(folders.map((folder) => join(folder, 'python3')))].filter(existsSync);
  const probe = `import importlib.util as u, sys; sys.exit(u.find_spec("${module}") is None)`;
  return candidates.find((python) => spawnSync(python, ['-c', probe], { stdio: 'ignore' }).status === 0);
}
