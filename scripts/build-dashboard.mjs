#!/usr/bin/env node
// Bundles client/dashboard into dist/dashboard, with each file also compressed, so that the server sends it as it lies.
// Does nothing where the bundle is newer than all it is made from.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { build } from 'vite';
import { compressAll, compressedKib, filesOf, isNewer } from './support/built-files.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = join(root, 'dist/dashboard');

const sources = ['client/dashboard', 'client/sdk', 'src'].flatMap((folder) => filesOf(join(root, folder)));
const inputs = [...sources, fileURLToPath(import.meta.url), join(root, 'package-lock.json')];
if (isNewer(join(target, 'index.html'), inputs)) process.exit(0);

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

compressAll(target);
console.log(`dashboard: ${compressedKib(target)} KiB compressed`);
