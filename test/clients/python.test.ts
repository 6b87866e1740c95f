/**
 * The client in Python, held by its own tests against the built server: each file of them is a child process.
 * Debian's packages: python3-websockets, python3-msgpack, python3-pandas, python3-numpy, mypy.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
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
