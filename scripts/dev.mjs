#!/usr/bin/env node
/**
 * Runs Eddy for development: compiles changed files, restarts the server, and serves the dashboard by vite.
 *
 *   npm run dev [-- --port 4000 --page-port 5173 [--data FOLDER and other flags of eddy serve]]
 */
import { fileURLToPath } from 'node:url';
import { areKernelsFresh, buildKernels } from './compile-kernels.mjs';
import { watchChanges } from './dev/changes.mjs';
import { Kernels } from './dev/kernels.mjs';
import { servePage } from './dev/page.mjs';
import { ServerProcess } from './dev/server-process.mjs';
import { TypeScript } from './dev/typescript.mjs';

const KERNELS = 'src/kernels/assembly/';
/** Output of the kernel compiler, which rebuild() runs itself. */
const MODULE = 'src/kernels/module.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const args = process.argv.slice(2);
const port = Number(takeFlag('--port') ?? 4000);
const pagePort = Number(takeFlag('--page-port') ?? 5173);

const typescript = new TypeScript(root);
const server = new ServerProcess(root, { port, args });
const parts = [typescript, server];
let ending = null;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => end(0));

if (!areKernelsFresh()) await buildKernels();
await typescript.compile();
const serverUrl = ending !== null ? null : await server.restart();
if (serverUrl === null) {
  if (ending === null) say('the server does not start');
  await end(1);
}
const page = await servePage(root, { port: pagePort, serverUrl });
const kernels = new Kernels();
const changes = watchChanges(root, ['src', 'client/sdk'], rebuild);
parts.push(page, kernels, changes);
say(`page    ${page.url}`);
say(`server  ${serverUrl}/`);
say('watching src and client; press Ctrl-C to stop');

/** Compiles the changed files, and restarts the server if any of its own was among the compiler's output. */
async function rebuild(files) {
  const changed = files.filter((file) => file !== MODULE);
  if (changed.length === 0) return;
  const what = changed.length > 1 ? `${changed[0]} and ${changed.length - 1} more` : changed[0];
  const startedAt = performance.now();
  const since = () => `${Math.round(performance.now() - startedAt)} ms`;
  if (changed.some((file) => file.startsWith(KERNELS))) {
    const error = await kernels.compile();
    if (error) return say(`the kernels do not compile: ${error}`);
  }
  const written = await typescript.compile();
  if (ending !== null) return;
  if (!written.some((file) => file.startsWith('dist/src/'))) return say(`${what}: compiled after ${since()}`);
  const url = await server.restart();
  if (ending !== null) return;
  say(`${what}: ${url ? `running after ${since()}` : 'the server does not start; waiting for a change'}`);
}

/** Ends every part and then the process, with the exit code of the first call. */
function end(code) {
  ending ??= Promise.all(parts.map((part) => part.end())).then(() => process.exit(code));
  return ending;
}

function takeFlag(name) {
  const at = args.indexOf(name);
  return at < 0 ? undefined : args.splice(at, 2)[1];
}

function say(text) {
  console.log(`eddy: ${text}`);
}
