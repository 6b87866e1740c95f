// Copies the declarations that a package's door needs, without those of zod: a type that a schema infers is written out.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/**
 * Copies a declaration file and all that it imports by relative paths, from the folder `from` to the folder `to`.
 *
 * @param {{ from: string, to: string, door: string, tsc: string }} parts `door` is relative to `from`
 */
export function copyTypes({ from, to, door, tsc }) {
  const inferred = [];
  for (const file of closureOf(join(from, door))) {
    const text = readFileSync(file, 'utf8');
    if (/from ['"]zod['"]/.test(text)) inferred.push(file);
    else write(join(to, relative(from, file)), text);
  }
  for (const [file, text] of writtenOut(inferred, from, tsc)) write(join(to, relative(from, file)), text);
}

function closureOf(file, seen = new Set()) {
  if (seen.has(file)) return seen;
  seen.add(file);
  const text = readFileSync(file, 'utf8');
  // what a schema infers is written out, so what its module imports is not needed
  if (/from ['"]zod['"]/.test(text)) return seen;
  for (const [, path] of text.matchAll(/(?:from|import\() ?['"](\.[^'"]+)\.js['"]/g))
    closureOf(join(dirname(file), `${path}.d.ts`), seen);
  return seen;
}

/**
 * Lets the compiler say what each exported type is, in plain TypeScript: the declaration of a constant without an
 * annotation holds its type in full. Types with parameters stay as they are; they may use the others by name.
 */
function writtenOut(files, from, tsc) {
  const probe = join(from, 'plain-types-probe');
  const modules = files.map((file, i) => {
    const text = readFileSync(file, 'utf8');
    const comments = new Map(
      Array.from(
        text.matchAll(/(\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)?export type (\w+) =/g),
        ([, comment = '', name]) => [name, comment],
      ),
    );
    for (const name of passedOn(text)) comments.set(name, '');
    const generic = Array.from(
      text.matchAll(/^export type \w+<.*(?:;|(?:\n\s.*)*\n\}.*;)$/gm),
      ([lines]) => lines,
      // one that asks a schema has no plain form; where the door needs it, the project of check-packages does not compile
    ).filter((lines) => !/\btypeof |\bz\./.test(lines));
    const names = [...comments.keys()];
    const path = relative(from, file).replace(/\.d\.ts$/, '.js');
    write(
      `${probe}-${i}.ts`,
      [
        `import type { ${names.join(', ')} } from './${path}';`,
        `declare function plain<T>(): ${inFull('T', DEPTH)};`,
        ...names.map((name) => `export const of${name} = plain<${name}>();`),
      ].join('\n'),
    );
    return { file, comments, generic, probe: `${probe}-${i}` };
  });
  try {
    execFileSync(process.execPath, [
      tsc,
      '--ignoreConfig',
      ...[
        '--declaration',
        '--emitDeclarationOnly',
        '--strict',
        '--exactOptionalPropertyTypes',
        '--skipLibCheck',
      ],
      ...['--module', 'nodenext', '--target', 'es2023', '--types', 'node'],
      ...modules.map(({ probe }) => `${probe}.ts`),
    ]);
    return modules.map(({ file, comments, generic, probe }) => {
      const text = readFileSync(`${probe}.d.ts`, 'utf8')
        .replaceAll(
          /^export declare const of(\w+): /gm,
          (_, name) => `${comments.get(name)}export type ${name} = `,
        )
        .replace(/^export \{\};\n/m, '');
      return [file, [text, ...generic].join('\n')];
    });
  } finally {
    for (const { probe } of modules) for (const end of ['.ts', '.d.ts']) rmSync(probe + end, { force: true });
  }
}

/** Names of the types that a module exports from another. */
function* passedOn(text) {
  for (const [, isType, list] of text.matchAll(/^export (type )?\{([^}]*)\} from/gm))
    for (const name of list.split(',').map((part) => part.trim()))
      if (isType || name.startsWith('type ')) yield name.replace(/^type /, '');
}

/** Objects and arrays in one another, at most. */
const DEPTH = 6;

/**
 * A type that has no name and no declaration, so that the compiler says what it stands for: a field whose name is made
 * anew does not tell where it was declared. Typed arrays stay what they are.
 */
function inFull(type, depth) {
  if (depth === 0) return type;
  const [T, E] = [`T${depth}`, `E${depth}`];
  const fields = `{ [K in keyof ${T} as \`\${K & string}\`]: ${inFull(`${T}[K]`, depth - 1)} }`;
  const items = `(${inFull(E, depth - 1)})[]`;
  return (
    `${type} extends infer ${T} ? unknown extends ${T} ? unknown : ${T} extends Float32Array ? ${T} : ` +
    `${T} extends (infer ${E})[] ? ${items} : ${T} extends object ? ${fields} : ${T} : never`
  );
}

function write(file, text) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
