#!/usr/bin/env node
// Compiles src/kernels/assembly and writes it as src/kernels/module.ts: text, so that Node and a browser load the same
// bytes without a fetch of their own. Does nothing where the module is newer than its sources.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const root = fileURLToPath(new URL('..', import.meta.url));
const sources = join(root, 'src/kernels/assembly');
const target = join(root, 'src/kernels/module.ts');

const changedAt = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
const newest = Math.max(
  changedAt(fileURLToPath(import.meta.url)),
  ...readdirSync(sources).map((file) => changedAt(join(sources, file))),
);
if (changedAt(target) > newest) process.exit(0);

const options = [
  '-O3',
  '--converge',
  '--noAssert',
  '--runtime',
  'stub',
  '--enable',
  'simd',
  '--use',
  'abort=',
];
const memory = ['--initialMemory', '1', '--maximumMemory', '65536'];
const binary = await compile([...options, ...memory, '--outFile', 'module.wasm']);
if (WebAssembly.Module.imports(new WebAssembly.Module(binary)).length > 0)
  throw new Error('the module imports something: its bits would depend on the host');
writeFileSync(
  target,
  `// Made by scripts/build-kernels.mjs from src/kernels/assembly.\nexport const MODULE =\n  '${Buffer.from(binary).toString('base64')}';\n`,
);
console.log(`kernels: ${binary.length} bytes of WebAssembly`);

async function compile(args) {
  let output;
  const { error, stderr } = await asc.main([join(sources, 'index.ts'), ...args], {
    readFile: (name, base) => {
      try {
        return readFileSync(join(base, name), 'utf8');
      } catch {
        return readAbsolute(name);
      }
    },
    writeFile: (_name, contents) => {
      output = contents;
    },
  });
  if (error) throw new Error(`${error.message}\n${stderr.toString()}`);
  return output;
}

function readAbsolute(name) {
  try {
    return readFileSync(name, 'utf8');
  } catch {
    return null;
  }
}
