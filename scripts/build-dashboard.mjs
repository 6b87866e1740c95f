#!/usr/bin/env node
// Bundles client/dashboard into dist/dashboard and compresses each file ahead of time, so that the server only has to send
// it. Does nothing while the bundle is newer than every file that went into it; the last build recorded those files.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync, constants as zlib } from 'node:zlib';
import { build } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = join(root, 'client/dashboard');
const configFile = join(page, 'vite.config.ts');
const target = join(root, 'dist/dashboard');
/** Lies beside the bundle, not in it: the server serves every file of the bundle. */
const inputsFile = join(root, 'dist/dashboard.inputs.json');
/** Below this size, compression saves no packet. */
const WORTH_COMPRESSING = 1024;

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

for (const file of filesOf(target)) {
  const bytes = readFileSync(file);
  if (bytes.length < WORTH_COMPRESSING) continue;
  const params = { [zlib.BROTLI_PARAM_QUALITY]: 11, [zlib.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params }));
  writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
}
const configuration = [fileURLToPath(import.meta.url), configFile, join(root, 'package-lock.json')];
for (const file of configuration) inputs.add(file.slice(root.length));
writeFileSync(inputsFile, `${JSON.stringify([...inputs].sort(), null, 2)}\n`);
const total = filesOf(target)
  .filter((file) => file.endsWith('.br'))
  .reduce((sum, file) => sum + statSync(file).size, 0);
console.log(`dashboard: ${Math.ceil(total / 1024)} KiB compressed`);

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

function filesOf(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
}
