/** Runs what docs/integrations/http.md and the README show of curl. */
import { describe, expect, it } from 'vitest';
import { freePort } from '../support/data-folder.js';
import { blocksOf, shell } from '../support/page.js';

/** What a page shows, on a port of its own. */
async function onFreePort(commands: string): Promise<string> {
  const port = await freePort();
  return commands
    .replaceAll('127.0.0.1:4000', `127.0.0.1:${port}`)
    .replace('eddy serve', `eddy serve --port ${port}`);
}

describe('the page on HTTP', { timeout: 60_000 }, () => {
  it('[HTT12] its first commands end with a forecast, as the README shows them', async () => {
    const [first] = blocksOf('docs/integrations/http.md', 'sh') as [string];
    expect(first.split('\n').length).toBeLessThanOrEqual(10);
    expect(blocksOf('README.md', 'sh')).toContain(first);
    const output = await shell(await onFreePort(first)).said('"temperature_high":', ']}');
    const [, answer = ''] = output.split(/(?=\{"sequence":"room","epoch":"[^"]+","view")/);
    const [row] = JSON.parse(answer).rows;
    expect(row.seq).toBe(499);
    expect(Math.abs(row.temperature - (20 + 5 * Math.sin(50)))).toBeLessThan(0.2);
    const [shown] = blocksOf('docs/integrations/http.md', 'json') as [string];
    const [promised] = JSON.parse(shown.replaceAll('…', '')).rows;
    expect(Object.keys(row)).toEqual(Object.keys(promised));
    expect([row.time, row.for]).toEqual([promised.time, promised.for]);
    expect(row.temperature_low).toBeLessThan(row.temperature);
    expect(row.temperature_high).toBeGreaterThan(row.temperature);
    for (const name of ['temperature', 'temperature_low', 'temperature_high'])
      expect(Math.abs(row[name] - promised[name]), name).toBeLessThan(0.15);
  });

  it('[HTT12] its CSV is taken', async () => {
    const [, csv] = blocksOf('docs/integrations/http.md', 'sh') as [string, string];
    const commands = `npx eddy serve &\n${csv.replace('curl -s', 'curl -s --retry 9 --retry-connrefused')}`;
    expect(await shell(await onFreePort(commands)).said('"accepted":2')).toContain('"refused":0');
  });
});
