#!/usr/bin/env node
// Compares the ids in SPEC.md with those in the titles of the tests: every rule has a test, every test its rule.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ids = (text, pattern) => new Set(Array.from(text.matchAll(pattern), ([, id]) => id));

const root = new URL('..', import.meta.url).pathname;
const specified = ids(readFileSync(join(root, 'SPEC.md'), 'utf8'), /^- \*\*([A-Z0-9]{3,4}\d+)\*\*/gm);
// the contract of stores is part of the product, and run by the tests
const tests = ['test', 'src/store/contract']
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true }).map((file) => join(root, folder, file)),
  )
  .filter((file) => file.endsWith('.ts'))
  .map((file) => readFileSync(file, 'utf8'))
  .join('\n');
const tested = ids(tests, /['"`]\[([A-Z0-9]{3,4}\d+)\]/g);

const missing = [...specified].filter((id) => !tested.has(id));
const unknown = [...tested].filter((id) => !specified.has(id));
for (const id of missing) console.error(`SPEC.md has ${id}, and no test carries it`);
for (const id of unknown) console.error(`a test carries ${id}, and SPEC.md does not have it`);
console.log(`${specified.size} rules in SPEC.md, ${tested.size} carried by tests`);
process.exitCode = missing.length + unknown.length > 0 ? 1 : 0;
