import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';

const MODULE = pathToFileURL(join(import.meta.dirname, '../../dist/src/cli/shared/json-words.js')).href;

/** Runs a program that speaks JSON, and gives its exit code and its lines on stderr. */
const spoken = (program: string): Promise<{ code: number; lines: Record<string, unknown>[] }> =>
  new Promise((resolve) => {
    const text = `import { speakJson } from ${JSON.stringify(MODULE)}; speakJson(); ${program}`;
    const child = execFile(process.execPath, ['--input-type=module', '--eval', text], (_, __, stderr) => {
      const lines = stderr.split('\n').filter((line) => line !== '');
      resolve({ code: child.exitCode!, lines: lines.map((line) => JSON.parse(line)) });
    });
  });

it.each([
  [
    'what a library writes to the console',
    "console.error(new Error('no\\nroom'), { a: 1 }); console.warn('x %d', 2); console.trace('t')",
    0,
    [
      { level: 50, from: 'console', msg: expect.stringMatching(/^Error: no\nroom\n.*\{ a: 1 \}$/s) },
      { level: 40, from: 'console', msg: 'x 2' },
      { level: 40, from: 'console', msg: 't' },
    ],
  ],
  [
    "Node's warnings",
    "process.emitWarning('old', 'DeprecationWarning'); new Buffer(1);",
    0,
    [
      { level: 40, from: 'node', name: 'DeprecationWarning', msg: 'old' },
      { level: 40, from: 'node', name: 'DeprecationWarning', msg: expect.stringContaining('Buffer()') },
    ],
  ],
  [
    'a rejection that nobody handles',
    "Promise.reject(new Error('lost'));",
    1,
    [{ level: 60, msg: 'an error that nobody handled: lost', stack: expect.stringContaining('Error: lost') }],
  ],
  [
    'an error that nobody handles, and that is none',
    'setTimeout(() => { throw { a: 1 }; });',
    1,
    [{ level: 60, msg: 'an error that nobody handled: { a: 1 }' }],
  ],
] as const)('[OPS22] %s comes as lines of JSON', async (_, program, code, lines) => {
  const said = await spoken(program);
  expect(said).toMatchObject({ code, lines });
  for (const line of said.lines)
    expect(line).toMatchObject({ time: expect.any(Number), pid: expect.any(Number) });
});
