#!/usr/bin/env node
// Packs eddy and eddy-client as they would be published, and checks the tarballs: publint, are-the-types-wrong, one
// version, no file that does not belong. With --install it also installs each into an empty TypeScript project, as a user
// does, which has to compile and run, and holds the sizes to their budgets.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { filesOf } from './support/built-files.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'eddy-packages-'));
const problems = [];
const run = (command, args, cwd = root) => {
  try {
    return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    problems.push(`${command} ${args.join(' ')}\n${error.stdout}${error.stderr}`);
    return '';
  }
};
const node = (script, ...args) => run(process.execPath, [join(root, 'node_modules', script), ...args]);

/** What a user would write first, and how large the package may be once it is installed. */
const PACKAGES = [
  {
    name: 'eddy',
    folder: root,
    diskMb: 60,
    // a server's types are made of Node's
    types: 'node',
    code: `
      import { Model, type ModelSpec } from 'eddy';
      import { connect } from 'eddy/client';
      import { Codec } from 'eddy/protocol';
      import { createServer, type ServerOptions } from 'eddy/server';
      import { createMemoryStore, storeContract } from 'eddy/store';
      const model = new Model({ features: 1, units: 2 });
      const spec: ModelSpec = model.spec;
      const kind: 'tbptt' | 'rtrl' | 'snap-1' = spec.learner.kind;
      await storeContract[0]!.run(async () => {
        const store = createMemoryStore();
        return { store, end: () => store.close() };
      });
      const options: ServerOptions = { store: createMemoryStore() };
      const server = createServer(options);
      const { port } = await server.listen({ port: 0 });
      const client = connect(\`http://127.0.0.1:\${port}\`);
      const handle = client.open('s', { spec: { features: 1, units: 2 } });
      await handle.pump([[1], [2]]);
      await handle.close();
      client.close();
      await server.stop();
      console.log(model.step([1]).h.length, kind, typeof connect, new Codec('json').encoding);`,
    says: '2 tbptt function json',
  },
  {
    name: 'eddy-client',
    folder: join(root, 'client/sdk'),
    // rxjs has 2,000 small files: what they take on a disk is more than twice what they hold
    contentMb: 8,
    types: '',
    code: `
      import { type Client, connect, type OpenOptions, type Results } from 'eddy-client';
      const options: OpenOptions = { spec: { features: 1, units: 2, optimizer: { kind: 'adam' } } };
      class Socket {
        binaryType = '';
        onopen = null;
        onmessage = null;
        onerror = null;
        onclose = null;
        constructor(readonly url: string) {}
        send() {}
        close() {}
      }
      const client: Client = connect('http://127.0.0.1:1', { WebSocket: Socket });
      const sizes: number[] = [];
      client.open('s', options).states$.subscribe(({ h }: Results['states']) => sizes.push(h.length));
      client.close();
      console.log(sizes.length);`,
    says: '0',
  },
];
/** KiB with gzip. */
const BUNDLE_KIB = 64;

const isStray = (file) => /\.(tsbuildinfo|map)$|(^|\/)(test|tests|checked)\/|\.test\.|\.svelte$/.test(file);

try {
  for (const { name, folder, ...budget } of PACKAGES) checkPackage(name, folder, budget);
  const bundle = join(root, 'client/sdk/dist/eddy-client.js');
  hold(
    'the client for pages without a bundler',
    gzipSync(readFileSync(bundle), { level: 9 }).length / 1024,
    BUNDLE_KIB,
    'KiB',
  );
} finally {
  rmSync(scratch, { recursive: true });
}
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;

function checkPackage(name, folder, { diskMb, contentMb, types, code, says }) {
  const [{ filename, files, version }] = JSON.parse(
    run('npm', ['pack', folder, '--json', '--ignore-scripts', '--pack-destination', scratch]) || '[{}]',
  );
  if (!filename) return;
  const { version: own } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  if (version !== own) problems.push(`${name} is ${version}, and eddy is ${own}`);
  for (const { path } of files)
    if (isStray(path)) problems.push(`${name}: ${path} does not belong into the package`);
  const tarball = join(scratch, filename);
  node('publint/src/cli.js', 'run', tarball, '--strict');
  node('@arethetypeswrong/cli/dist/index.js', tarball, '--profile', 'esm-only');
  console.log(`${name} ${version}: ${files.length} files`);
  if (!process.argv.includes('--install')) return;
  const project = join(scratch, `project-${name}`);
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', tarball], project);
  const installed = filesOf(join(project, 'node_modules')).map((file) => statSync(file));
  const disk = Number.parseInt(run('du', ['-sm', 'node_modules'], project), 10);
  const content = installed.reduce((sum, { size }) => sum + size, 0) / 1e6;
  console.log(
    `  installed: ${disk} MB on disk, ${content.toFixed(1)} MB of content, ${countOf(project)} packages`,
  );
  if (diskMb) hold(`${name}, installed`, disk, diskMb, 'MB on disk');
  if (contentMb) hold(`${name}, installed`, content, contentMb, 'MB of content');
  writeFileSync(join(project, 'main.ts'), code);
  for (const [module, resolution] of [
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ])
    run(process.execPath, [
      join(root, 'node_modules/typescript/bin/tsc'),
      ...[
        '--ignoreConfig',
        '--strict',
        '--noUncheckedIndexedAccess',
        '--target',
        'es2023',
        '--lib',
        'es2023,dom',
      ],
      ...[
        '--types',
        types,
        '--typeRoots',
        join(root, 'node_modules/@types'),
        '--module',
        module,
        '--moduleResolution',
        resolution,
        join(project, 'main.ts'),
      ],
    ]);
  const said = run(process.execPath, ['main.js'], project).trim();
  if (said !== says) problems.push(`${name}: the project says ${said}, and not ${says}`);
}

function hold(what, size, most, unit) {
  console.log(`  ${what}: ${size.toFixed(1)} ${unit}, at most ${most}`);
  if (size > most) problems.push(`${what}: ${size.toFixed(1)} ${unit} is over the budget of ${most}`);
}

function countOf(project) {
  const { packages } = JSON.parse(readFileSync(join(project, 'node_modules/.package-lock.json'), 'utf8'));
  return Object.keys(packages).length;
}
