/**
 * The client in Python, held by its own tests against the built server: each file of them is a child process.
 * Debian's packages: python3-websockets, python3-msgpack, python3-pandas, python3-numpy, python3-pip, python3-setuptools, python3-wheel, mypy.
 */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { pythonWith, runPython } from '../support/python.js';
import { startServer } from '../support/server.js';

const python = pythonWith('websockets', 'msgpack');
const withPandas = pythonWith('websockets', 'msgpack', 'pandas', 'numpy');
const withMypy = pythonWith('mypy');
const best = withPandas ?? python;

/** Runs a file of the client's tests. */
async function passes(file: string, program = best!) {
  const { status, said } = await runPython(program, ['-W', 'error::ResourceWarning', '-m', 'unittest', file]);
  expect(status, said).toBe(0);
  expect(said).toMatch(/^Ran \d+ tests?/m);
  return said;
}

describe.skipIf(!python)(
  `the client in Python${python ? '' : ' (skipped: no python3 with websockets and msgpack)'}`,
  () => {
    it('[PYC1] writes and reads the frames of client/vectors as TypeScript does', () =>
      passes('test_frames'));

    it('[PYC2] numbers steps once, whatever is sent again, acked in part or lost', () =>
      passes('test_outbox'));

    it('[PYC3] pushes rows, appends, late targets and settings, and refuses what is wrong before it is taken', () =>
      passes('test_steps'));

    it('[PYC4] loses nothing and counts nothing twice over kills of the server', () =>
      passes('test_coming_back'));

    it('[PYC5] works without asyncio', () => passes('test_blocking'));

    it('[PYC6] has types that mypy finds right, or at least compiles', async () => {
      const check = withMypy
        ? ['-m', 'mypy', '--config-file', 'pyproject.toml', '--cache-dir=/dev/null', 'src']
        : ['-m', 'compileall', '-q', '-f', 'src'];
      const { status, said } = await runPython((withMypy ?? python)!, check);
      expect(status, said).toBe(0);
    });
  },
);

const withPip = pythonWith('setuptools', 'wheel', 'pip');

describe.skipIf(!withPip)(
  `the package${withPip ? '' : ' (skipped: no python3 with pip, setuptools and wheel)'}`,
  () => {
    it('[PYC6] installs with its types, and nothing else', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'eddy-python-'));
      onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
      // a build writes into the folder that it is given
      const source = join(folder, 'source');
      cpSync(fileURLToPath(new URL('../../client/python/', import.meta.url)), source, { recursive: true });
      const offline = ['--no-index', '--no-deps', '--no-build-isolation', '--quiet'];
      const target = join(folder, 'installed');
      const { status, said } = await runPython(withPip!, [
        ...['-m', 'pip', 'install', ...offline],
        ...['--target', target, source],
      ]);
      expect(status, said).toBe(0);
      expect(readdirSync(target).filter((name) => !name.endsWith('.dist-info'))).toEqual(['eddy_client']);
      expect(readdirSync(join(target, 'eddy_client'))).toContain('py.typed');
    });
  },
);

describe.skipIf(!withPandas)(
  `Python with pandas${withPandas ? '' : ' (skipped: no python3 with websockets, msgpack, pandas and numpy)'}`,
  () => {
    it('[PYC7] runs the notebook from top to bottom, and its forecasts beat the baselines', () =>
      passes('test_notebook', withPandas));

    it('[PYC8] the page docs/integrations/python.md ends with a forecast on the screen', async () => {
      const { url } = await startServer();
      const page = readFileSync(new URL('../../docs/integrations/python.md', import.meta.url), 'utf8');
      const [code] = Array.from(page.matchAll(/^```python\n([\s\S]*?)^```/gm), ([, text]) => text!);
      expect(code!.trim().split('\n').length).toBeLessThanOrEqual(10);
      const script = code!.replace('ws://127.0.0.1:4000', url).replace('data/seattle', '../../data/seattle');
      const { status, said } = await runPython(withPandas!, ['-c', script]);
      expect(status, said).toBe(0);
      const forecast = said.trim().split('\n').at(-1)!;
      expect(forecast).toMatch(/^2010-12-31 \d\d:00:00\+00:00 +\d+ +-?\d/);
    });
  },
);
