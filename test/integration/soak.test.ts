import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const SOAK = fileURLToPath(new URL('../../scripts/soak/main.mjs', import.meta.url));

it('[BRN5] serves 300 sockets and 60 sequences that learn: no error, every step acked', async () => {
  const args = ['--seconds', '8', '--connections', '300', '--sequences', '60', '--slope', '0', '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, [SOAK, ...args]);
  const result = JSON.parse(stdout);
  expect(result).toMatchObject({ errors: {}, lost: 0, exit: 0 });
  expect(result.steps).toBeGreaterThan(1000);
  expect(result.statesDelivered).toBeGreaterThan(result.steps);
}, 120_000);
