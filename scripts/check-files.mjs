#!/usr/bin/env node
// Checks how src and client are cut into files: `names`, that no two have one name; `lines`, that none is too long.
// Without an argument it checks both.
import { readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { filesOf } from './support/built-files.mjs';

const MAX_LINES = 300;
/** Names that say what a file is to its folder, and so come once in each. */
const SHARED_NAMES = new Set(['index', 'package', 'tsconfig']);
/** The arithmetic of all kernels in plain TypeScript, to be read from top to bottom beside a formula. */
const LONG_FILES = new Set(['src/kernels/reference.ts']);

const root = fileURLToPath(new URL('..', import.meta.url));
const files = ['src', 'client']
  .flatMap((folder) => filesOf(join(root, folder)))
  .map((file) => relative(root, file))
  // what a build has made
  .filter((file) => !/(^|\/)(dist|node_modules)\//.test(file) && file !== 'src/kernels/module.ts');

/** A component or a sheet and the code beside it may share a name: `Heatmap.svelte` and `heatmap.ts`. */
function twins() {
  const places = new Map();
  for (const file of files) {
    if (!/\.(ts|svelte|css)$/.test(file)) continue;
    const name = basename(file).replace(/(\.d)?\.\w+$/, '');
    if (!SHARED_NAMES.has(name))
      places.set(keyOf(name, file), [...(places.get(keyOf(name, file)) ?? []), file]);
  }
  return [...places].filter(([, all]) => all.length > 1).map(([name, all]) => `${name}: ${all.join(', ')}`);
}

const keyOf = (name, file) => (file.endsWith('.ts') ? name : `${name} ${file.split('.').at(-1)}`);

function longOnes() {
  return files
    .filter((file) => /\.(ts|svelte|css)$/.test(file) && !LONG_FILES.has(file))
    .map((file) => ({ file, lines: readFileSync(join(root, file), 'utf8').split('\n').length - 1 }))
    .filter(({ lines }) => lines > MAX_LINES)
    .map(({ file, lines }) => `${file}: ${lines} lines, at most ${MAX_LINES}`);
}

const checks = { names: twins, lines: longOnes };
const asked = process.argv[2];
const problems = Object.entries(checks).flatMap(([name, check]) => (!asked || name === asked ? check() : []));
for (const problem of problems) console.error(problem);
console.log(`${files.length} files in src and client, ${problems.length} problems`);
process.exitCode = problems.length > 0 ? 1 : 0;
