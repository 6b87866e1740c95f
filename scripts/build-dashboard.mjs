#!/usr/bin/env node
// Bundles client/dashboard into dist/dashboard and compresses each file ahead of time, so that the server only has to send
// it. Does nothing while the bundle is newer than every file that went into it; the last build recorded those files.
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { compressAll, compressedKib } from './support/built-files.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = join(root, 'client/dashboard');
const configFile = join(page, 'vite.config.ts');
const target = join(root, 'dist/dashboard');
/** Lies beside the bundle, not in it: the server serves every file of the bundle. */
const inputsFile = join(root, 'dist/dashboard.inputs.json');

if (isFresh()) process.exit(0);

const inputs = new Set();
/** Collects the project's files that go into the bundle. Packages change only with package-lock.json. */
const collectInputs = {
  name: 'collect-inputs',
  buildEnd() {
    for (const id of this.getModuleIds()) {
      const [file] = id.split('?', 1);
      if (file.startsWith(root) && !file.includes('/node_modules/')) inputs.add(file.slice(root.length));
    }
  },
  generateBundle(_options, bundle) {
    for (const { originalFileNames = [] } of Object.values(bundle))
      for (const file of originalFileNames) inputs.add(relative(root, join(page, file)));
  },
};
await build({
  configFile,
  root: page,
  logLevel: 'warn',
  plugins: [collectInputs],
  worker: { plugins: () => [collectInputs] },
});

compressAll(target);
const configuration = [fileURLToPath(import.meta.url), configFile, join(root, 'package-lock.json')];
for (const file of configuration) inputs.add(file.slice(root.length));
writeFileSync(inputsFile, `${JSON.stringify([...inputs].sort(), null, 2)}\n`);
console.log(`dashboard: ${compressedKib(target)} KiB compressed`);

function isFresh() {
  const builtAt = changedAt(inputsFile);
  if (builtAt === undefined || changedAt(join(target, 'index.html')) === undefined) return false;
  return JSON.parse(readFileSync(inputsFile, 'utf8')).every((file) => {
    const at = changedAt(join(root, file));
    return at !== undefined && at < builtAt;
  });
}

function changedAt(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs;
}
