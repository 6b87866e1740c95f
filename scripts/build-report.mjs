#!/usr/bin/env node
// Bundles the script of `eddy eval --report` into one module beside the command that writes it into its pages.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = 'src/cli/eval/report';

await build({
  configFile: false,
  root,
  logLevel: 'warn',
  publicDir: false,
  build: {
    target: 'es2023',
    outDir: join(root, 'dist', folder),
    emptyOutDir: false,
    // people read it in the reports they get
    minify: false,
    reportCompressedSize: false,
    lib: {
      entry: join(root, folder, 'page/report-main.ts'),
      formats: ['es'],
      fileName: () => 'report-page.js',
    },
  },
});
