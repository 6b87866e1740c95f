/** Runs what a page of the docs shows. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach } from 'vitest';

const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));

const endings: (() => unknown)[] = [];
afterEach(() => {
  for (const end of endings.splice(0).reverse()) end();
});

/** Gives what a page shows in a language. */
export const blocksOf = (page: string, language: string): string[] =>
  Array.from(
    readFileSync(path(page), 'utf8').matchAll(new RegExp(`\`\`\`${language}\n(.*?)\n\`\`\``, 'gs')),
    ([, text]) => text!,
  );

/** Starts commands of a page in a folder of their own; `said` resolves when all words were printed. */
export function shell(commands: string) {
  const folder = mkdtempSync(join(tmpdir(), 'eddy-page-'));
  const npx = `npx() { shift; "${process.execPath}" "${path('dist/src/cli/main.js')}" "$@"; }`;
  const child = spawn('bash', ['-c', `${npx}\n${commands}\nwait`], { cwd: folder, detached: true });
  endings.push(
    () => rmSync(folder, { recursive: true, force: true }),
    () => child.exitCode ?? process.kill(-child.pid!, 'SIGKILL'),
  );
  let output = '';
  const said = (...words: string[]) =>
    new Promise<string>((resolve) => {
      child.stdout.on('data', (part) => {
        output += part;
        if (words.every((word) => output.includes(word))) resolve(output);
      });
    });
  child.stderr.resume();
  return { folder, said, ended: new Promise((resolve) => child.on('exit', resolve)) };
}
