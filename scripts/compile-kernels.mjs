// Compiles src/kernels/assembly and writes it as src/kernels/module.ts: text, so that Node and a browser load the same
// bytes without a fetch of their own.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const sources = join(root, 'src/kernels/assembly');
const target = join(root, 'src/kernels/module.ts');

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

/** Is the module on disk newer than all it is made from? */
export function areKernelsFresh() {
  const files = readdirSync(sources).map((file) => join(sources, file));
  return changedAt(target) > Math.max(...[fileURLToPath(import.meta.url), ...files].map(changedAt));
}

/** Compiles the kernels and writes the module. Gives its size in bytes. @throws Error the compiler's words */
export async function buildKernels() {
  const binary = await compileKernels();
  writeFileSync(
    target,
    `// Made by scripts/build-kernels.mjs from src/kernels/assembly.\nexport const MODULE =\n  '${Buffer.from(binary).toString('base64')}';\n`,
  );
  return binary.length;
}

/** Gives the WebAssembly module, and writes nothing. @throws Error the compiler's words */
export async function compileKernels() {
  const binary = await compile([...options, ...memory, '--outFile', 'module.wasm']);
  if (WebAssembly.Module.imports(new WebAssembly.Module(binary)).length > 0)
    throw new Error('the module imports something: its bits would depend on the host');
  return binary;
}

async function compile(args) {
  // a third of a second to load, so only where it is needed
  const { default: asc } = await import('assemblyscript/asc');
  let output;
  const { error, stderr } = await asc.main([join(sources, 'index.ts'), ...args], {
    readFile: (name, base) => readText(join(base, name)) ?? readText(name),
    writeFile: (_name, contents) => {
      output = contents;
    },
  });
  if (error) throw new Error(`${error.message}\n${stderr.toString()}`);
  return output;
}

function readText(name) {
  try {
    return readFileSync(name, 'utf8');
  } catch {
    return null;
  }
}

function changedAt(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
