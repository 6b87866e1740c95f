#!/usr/bin/env node
// Builds the package eddy-client from what the compiler has made of client/sdk: modules for Node and for bundlers, which
// leave rxjs to npm, their types, and one file for a page without a bundler, which the server serves too.
// Does nothing where that file is newer than all it is made from.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { compressAll, compressedKib, filesOf, isNewer } from './support/built-files.mjs';
import { copyTypes } from './support/plain-types.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const target = join(root, 'client/sdk/dist');
const served = join(dist, 'browser/client');
const bundle = 'eddy-client.js';
const { version } = JSON.parse(readFileSync(join(root, 'client/sdk/package.json'), 'utf8'));

const isModule = (file) => /\.(js|d\.ts)$/.test(file);
const inputs = [
  ...['client/sdk', 'src/protocol', 'src/rnn', 'src/features'].flatMap((folder) =>
    filesOf(join(dist, folder)),
  ),
  ...readdirSync(join(dist, 'src'), { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => join(dist, 'src', name)),
].filter(isModule);
const makers = [...filesOf(join(root, 'scripts/support')), fileURLToPath(import.meta.url)];
const lock = [join(root, 'package-lock.json'), join(root, 'client/sdk/package.json')];
if (isNewer(join(served, bundle), [...inputs, ...makers, ...lock])) process.exit(0);

for (const folder of [target, served]) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
}

const door = (name) => join(dist, 'client/sdk', name);
const modules = await rolldown({
  input: { index: door('index.js'), node: door('node.js') },
  external: [/^node:/, 'rxjs', 'ws'],
  platform: 'browser',
});
await modules.write({ dir: target, format: 'esm', chunkFileNames: 'shared.js' });

const inside = ['msgpackr', 'rxjs', 'zod'];
const whole = await rolldown({ input: door('index.js'), platform: 'browser' });
await whole.write({
  file: join(target, bundle),
  format: 'esm',
  minify: true,
  codeSplitting: false,
  postBanner: `/*! eddy-client ${version}, MIT; with ${inside.join(', ')}: see LICENSES.txt beside it */`,
});
writeFileSync(join(target, 'LICENSES.txt'), inside.map(licenceOf).join('\n'));
copyTypes({
  from: dist,
  to: join(target, 'types'),
  door: 'client/sdk/index.d.ts',
  tsc: join(root, 'node_modules/typescript/bin/tsc'),
});

for (const file of [bundle, 'LICENSES.txt']) copyFileSync(join(target, file), join(served, file));
compressAll(served);
console.log(`client: ${compressedKib(served)} KiB compressed`);

function licenceOf(name) {
  const folder = join(root, 'node_modules', name);
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return `${name} ${version}\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
}
