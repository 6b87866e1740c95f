#!/usr/bin/env node
// Checks what the documents refer to: links and their anchors, files, npm scripts, and commands and flags of eddy exist.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

const root = new URL('..', import.meta.url).pathname;
const read = (file) => readFileSync(join(root, file), 'utf8');
const filesIn = (folder, ending) =>
  readdirSync(join(root, folder), { recursive: true })
    .filter((file) => file.endsWith(ending) && !/(^|\/)(dist|node_modules)\//.test(file))
    .map((file) => join(folder, file));

const documents = [
  ...readdirSync(root).filter((file) => file.endsWith('.md')),
  ...['docs', 'client', 'examples']
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((f) => filesIn(f, '.md')),
];
const problems = [];

/** The anchors that a page's headings get. */
const anchorsOf = (text) =>
  new Set(
    Array.from(text.matchAll(/^#+ (.*)$/gm), ([, heading]) =>
      heading
        .trim()
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    ),
  );

function checkLinks(file, text) {
  for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^https?:/.test(target)) continue;
    const [path, anchor] = target.split('#');
    const page = path ? normalize(join(dirname(file), path)) : file;
    if (!existsSync(join(root, page))) problems.push(`${file}: ${target} does not exist`);
    else if (anchor && page.endsWith('.md') && !anchorsOf(read(page)).has(anchor))
      problems.push(`${file}: ${target} has no such heading`);
  }
}

function checkPaths(file, text) {
  for (const [, path] of text.matchAll(/`((?:src|client|test|scripts|docs|examples)\/[\w./-]*\w\/?)`/g))
    if (!existsSync(join(root, path))) problems.push(`${file}: ${path} does not exist`);
}

const { scripts } = JSON.parse(read('package.json'));
function checkScripts(file, text) {
  for (const [, name] of text.matchAll(/npm run ([\w:]+\w)/g))
    if (!(name in scripts)) problems.push(`${file}: npm run ${name} does not exist`);
}

const commandLine = filesIn('src/cli', '.ts').map(read).join('\n');
const commands = new Set(Array.from(commandLine.matchAll(/command\('(\w+)/g), ([, name]) => name));
const flags = new Set(Array.from(commandLine.matchAll(/'(?:-\w, )?(--[\w-]+)/g), ([, flag]) => flag))
  .add('--help')
  .add('--version');
function checkCommands(file, text) {
  for (const [line, name] of text.matchAll(/(?:npx|`|\$ )\s?eddy ([a-z]+)[^`\n]*/g)) {
    if (!commands.has(name)) problems.push(`${file}: eddy ${name} does not exist`);
    for (const [flag] of line.matchAll(/--[a-z][\w-]*/g))
      if (!flags.has(flag)) problems.push(`${file}: eddy ${name} ${flag} does not exist`);
  }
}

for (const file of documents) {
  const text = read(file);
  for (const check of [checkLinks, checkScripts, checkCommands]) check(file, text);
  // what was released once may be gone
  if (file !== 'CHANGELOG.md') checkPaths(file, text);
}
for (const problem of problems) console.error(problem);
console.log(`${documents.length} documents, ${problems.length} references that lead nowhere`);
process.exitCode = problems.length > 0 ? 1 : 0;
