#!/usr/bin/env node
// Compares the ids of the rules in SPEC.md and docs/ with those in the titles of the tests: every rule has a test, and
// every id in a title is that of one rule.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = new URL('..', import.meta.url).pathname;
const read = (file) => readFileSync(join(root, file), 'utf8');
const inFolder = (folder, ending) =>
  readdirSync(join(root, folder), { recursive: true })
    .filter((file) => file.endsWith(ending))
    .map((file) => join(folder, file));

/** Where each rule stands. */
const rules = new Map();
const problems = [];
for (const file of ['SPEC.md', ...inFolder('docs', '.md')])
  for (const [, id] of read(file).matchAll(/^- \*\*([A-Z0-9]{3,4}\d+)\*\*/gm)) {
    if (rules.has(id)) problems.push(`${id} stands in both ${rules.get(id)} and ${file}`);
    rules.set(id, file);
  }

// the contract of stores is part of the product, and the tests run it
const tests = ['test', 'src/store']
  .flatMap((folder) => inFolder(folder, '.ts'))
  .map(read)
  .join('\n');
const titles = tests.matchAll(/['"`]((?:\[[A-Z0-9]{3,4}\d+\] ?)+)/g);
const tested = new Set(Array.from(titles, ([, ids]) => ids.match(/[A-Z0-9]+/g)).flat());

for (const [id, file] of rules) if (!tested.has(id)) problems.push(`no test carries ${id} of ${file}`);
for (const id of tested) if (!rules.has(id)) problems.push(`a test carries ${id}, which no document has`);
for (const problem of problems) console.error(problem);
console.log(`${rules.size} rules, ${tested.size} ids in test titles`);
process.exitCode = problems.length > 0 ? 1 : 0;
