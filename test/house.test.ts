import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { EddyError, ERRORS, isErrorCode } from '../src/errors.js';
import { SEED } from './support/seed.js';

const root = fileURLToPath(new URL('..', import.meta.url));

describe('the import rules', () => {
  let folder = '';
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs the rules on a small tree, and gives the names of those it breaks. */
  const broken = (files: Record<string, string>): string[] => {
    folder = mkdtempSync(join(tmpdir(), 'eddy-house-'));
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
    }
    const cruise = join(root, 'node_modules/.bin/depcruise');
    const config = join(root, '.dependency-cruiser.cjs');
    const report = execFileSync(cruise, ['--config', config, '--output-type', 'json', 'src'], {
      cwd: folder,
    });
    const { summary } = JSON.parse(String(report));
    return summary.violations.map((violation: { rule: { name: string } }) => violation.rule.name);
  };

  it('catch an import that goes up', () => {
    const files = {
      'src/server/server.ts': 'export const server = 1;\n',
      'src/rnn/model.ts': "import { server } from '../server/server.js';\nexport const model = server;\n",
    };
    expect(broken(files)).toEqual(['rnn-goes-down']);
  });

  it('catch a type that is imported up', () => {
    const files = {
      'src/sequence/sequence.ts': 'export type Sequence = number;\n',
      'src/store/store.ts':
        "import type { Sequence } from '../sequence/sequence.js';\nexport type Of = Sequence;\n",
    };
    expect(broken(files)).toEqual(['store-goes-down']);
  });

  it('catch a module of Node in what a browser loads', () => {
    const files = {
      'src/protocol/codec.ts': "import { readFileSync } from 'node:fs';\nreadFileSync('x');\n",
    };
    expect(broken(files)).toEqual(['isomorphic']);
  });

  it('let an import pass that goes down', () => {
    const files = {
      'src/kernels/kernels.ts': 'export const kernels = 1;\n',
      'src/rnn/model.ts': "import { kernels } from '../kernels/kernels.js';\nexport const model = kernels;\n",
    };
    expect(broken(files)).toEqual([]);
  });
});

describe('the errors', () => {
  it('[ERR1] have close codes that say whether to reconnect', () => {
    for (const { temporary, ...entry } of Object.values(ERRORS)) {
      if (!('close' in entry)) continue;
      expect(entry.close).toBeGreaterThanOrEqual(3000);
      expect(entry.close < 3500).toBe(temporary);
    }
  });

  it('[ERR1] are all in docs/protocol.md, with whether they are temporary and how they close', () => {
    const page = readFileSync(join(root, 'docs/protocol.md'), 'utf8');
    const rows = page.matchAll(/^\| `([a-z-]+)` \| (yes|no) \| (\d*) *\| (.+) \|$/gm);
    const documented = Array.from(rows, ([, ...cells]) => cells);
    const registered = Object.entries(ERRORS).map(([code, entry]) => [
      code,
      entry.temporary ? 'yes' : 'no',
      'close' in entry ? String(entry.close) : '',
      entry.about,
    ]);
    expect(documented).toEqual(registered);
  });

  it('[ERR1] are all thrown or sent somewhere', () => {
    const code = ['src', 'client']
      .flatMap((folder) =>
        readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) =>
          join(root, folder, file),
        ),
      )
      .filter((file) => file.endsWith('.ts') && !file.endsWith('src/errors.ts'))
      .map((file) => readFileSync(file, 'utf8'))
      .join('\n');
    expect(Object.keys(ERRORS).filter((name) => !code.includes(`'${name}'`))).toEqual([]);
  });

  it('[ERR2] carry a code, a message, and whether they are temporary', () => {
    const error = new EddyError('server-shutdown', 'gone', { cause: 1 });
    expect(error).toMatchObject({
      code: 'server-shutdown',
      message: 'gone',
      temporary: true,
      close: 3000,
      cause: 1,
    });
    expect(new EddyError('step-gap', 'x').close).toBe(undefined);
    expect([isErrorCode('step-gap'), isErrorCode('toString')]).toEqual([true, false]);
  });
});

describe('tests', () => {
  it('[DEV2] draw at random by the seed of the run', () => {
    expect(fc.readConfigureGlobal()?.seed).toBe(SEED);
  });
});
