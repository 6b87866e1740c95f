#!/usr/bin/env node
// Finds turns of phrase that native readers stumble on, in documents and in the comments and strings of code, and says
// what to write instead.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const PHRASES = [
  [/\banew\b/i, 'again, or a verb with re-'],
  [/\bhangs? on\b/i, 'depends on'],
  [/\bwhere there (is|are|was|were) none\b/i, 'without ..., or: if there is no ...'],
  [/\b(is|are|was|were) had\b/i, 'name who has it'],
  [/\b(it|that|which|what) is none\b/i, 'is not a ...'],
  [/\bin so many\b/i, 'in this many'],
  [/\bwhat is (lost|held|kept|left over)\b/i, 'the noun, such as: the lost steps'],
  [/\bas it is now\b|\bas it was a season ago\b/i, 'persistence, the seasonal-naive baseline'],
  [/\bgo(es|ne)? over again\b/i, 'replay'],
  [/\bmade? whole or not at all\b/i, 'completely or not at all'],
];

/** Where to look. */
const DOCUMENTS = /^[A-Z]+\.md$/;
const FOLDERS = ['docs', 'src', 'client'];
const ENDINGS = /\.(md|ts|svelte)$/;

const root = new URL('..', import.meta.url).pathname;
const files = [
  ...readdirSync(root).filter((name) => DOCUMENTS.test(name)),
  ...FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true }).map((name) => join(folder, name)),
  ).filter((name) => ENDINGS.test(name) && !/(^|\/)(dist|node_modules)\//.test(name)),
];

let found = 0;
for (const file of files)
  for (const [i, line] of readFileSync(join(root, file), 'utf8').split('\n').entries())
    for (const [phrase, better] of PHRASES) {
      const [words] = phrase.exec(line) ?? [];
      if (words === undefined) continue;
      found++;
      console.error(`${file}:${i + 1} "${words}": better ${better}`);
    }
console.log(`${files.length} files, ${found} stumbling phrases`);
process.exitCode = found > 0 ? 1 : 0;
