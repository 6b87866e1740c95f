/** Runs what docs/integrations/influx.md shows. */
import { describe, expect, it } from 'vitest';
import { configSchema } from '../../src/server/config/config-schema.js';
import { freePort } from '../support/data-folder.js';
import { blocksOf, shell } from '../support/page.js';

const PAGE = 'docs/integrations/influx.md';

describe('the page on the line protocol', { timeout: 60_000 }, () => {
  it('[INF12] its first commands, at most ten lines, end with a forecast', async () => {
    const [first] = blocksOf(PAGE, 'sh') as [string];
    expect(first.split('\n').length).toBeLessThanOrEqual(10);
    const port = await freePort();
    const commands = first
      .replaceAll('127.0.0.1:4000', `127.0.0.1:${port}`)
      .replace('eddy serve', `eddy serve --port ${port}`);
    const output = await shell(commands).said('"bar_high":', ']}');
    expect(JSON.parse(output.slice(output.indexOf('{"sequence"'))).rows[0]).toMatchObject({
      seq: 499,
      bar: expect.closeTo(4 + Math.sin(50), 1),
    });
  });

  it('[INF12] its configuration is valid', () => {
    const [config] = blocksOf(PAGE, 'json') as [string];
    expect(configSchema.parse(JSON.parse(config)).influx).toMatchObject({ name: '{host}.{measurement}' });
  });
});
