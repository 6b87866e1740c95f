#!/usr/bin/env node
// Bundles client/dashboard into dist/dashboard, with each file also compressed, so that the server sends it as it lies.
// Does nothing where the bundle is newer than all it is made from.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync, constants as zlib } from 'node:zlib';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { build } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = join(root, 'dist/dashboard');
/** Below this a compressed file saves no packet. */
const WORTH_COMPRESSING = 1024;

const filesOf = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
const changedAt = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

const sources = ['client', 'src'].flatMap((folder) => filesOf(join(root, folder)));
const inputs = [...sources, fileURLToPath(import.meta.url), join(root, 'package-lock.json')];
if (changedAt(join(target, 'index.html')) > Math.max(...inputs.map(changedAt))) process.exit(0);

const browsers = ['chrome123', 'edge123', 'firefox128', 'safari17.5'];
await build({
  configFile: false,
  root: join(root, 'client/dashboard'),
  base: './',
  logLevel: 'warn',
  plugins: [svelte({ configFile: false })],
  worker: { format: 'es' },
  build: {
    outDir: target,
    emptyOutDir: true,
    target: browsers,
    cssTarget: browsers,
    // a data: URI would escape the cache, and the policy for scripts
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});

for (const file of filesOf(target)) {
  const bytes = readFileSync(file);
  if (bytes.length < WORTH_COMPRESSING) continue;
  const params = { [zlib.BROTLI_PARAM_QUALITY]: 11, [zlib.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params }));
  writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
}
const total = filesOf(target)
  .filter((file) => file.endsWith('.br'))
  .reduce((sum, file) => sum + statSync(file).size, 0);
console.log(`dashboard: ${Math.ceil(total / 1024)} KiB compressed`);
