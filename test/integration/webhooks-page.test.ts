/** Runs what docs/integrations/webhooks.md shows. */
import { createHmac } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { configSchema } from '../../src/server/config/config-schema.js';
import { readSecrets } from '../../src/server/webhooks/signature.js';
import { file, run } from '../support/cli.js';
import { freePort } from '../support/data-folder.js';
import { blocksOf, shell } from '../support/page.js';
import { startReceiver } from '../support/receiver.js';

const blocks = (language: string): string[] => blocksOf('docs/integrations/webhooks.md', language);

describe('the page on webhooks', { timeout: 60_000 }, () => {
  it('[HOK12] its first commands, at most ten lines, end with the notice of an anomaly', async () => {
    const [first] = blocks('sh') as [string];
    expect(first.split('\n').length).toBeLessThanOrEqual(10);
    const [hook, port] = [await freePort(), await freePort()];
    const commands = first
      .replaceAll('8080', String(hook))
      .replace('eddy serve', `eddy serve --port ${port}`)
      .replace('eddy push', `eddy push --url ws://127.0.0.1:${port}`);
    const output = await shell(commands).said('"type":"eddy.alert.start"', '"seq":600');
    const notice = JSON.parse(output.match(/\{"specversion".*?"rule":"anomaly".*?\}\]\}\}/)![0]);
    const [shown] = blocks('json') as [string];
    const example = JSON.parse(shown.replaceAll('…', ''));
    expect(Object.keys(notice)).toEqual(Object.keys(example));
    expect(Object.keys(notice.data).sort()).toEqual(Object.keys(example.data).sort());
  });

  it('[HOK4] [HOK12] a secret made as it says signs, and its function verifies that', async () => {
    const { folder, ended } = shell(blocks('sh')[1]!);
    await ended;
    const secret = join(folder, 'hook.secret');
    expect(readSecrets(secret, () => expect.unreachable('only its owner may read it'))).toHaveLength(1);
    const receiver = await startReceiver();
    const args = ['webhook', 'test', receiver.url, '--webhook-secret', secret];
    expect(await run(args)).toMatchObject({ code: 1, stderr: expect.stringContaining('webhook-refused') });
    expect(receiver.received).toEqual([]);
    const sent = await run([...args, '--webhook-allow', '127.0.0.0/8']);
    expect(sent.stdout).toMatch(/^taken: HTTP 204 after \d+ ms, signed by 1, msg_/);
    const module = join(folder, 'verify.mjs');
    writeFileSync(module, blocks('js')[0]!);
    const { isGenuine } = await import(pathToFileURL(module).href);
    const [{ headers, body, event }] = receiver.received as [(typeof receiver.received)[0]];
    const text = readFileSync(secret, 'utf8').trim();
    expect(event.type).toBe('eddy.test');
    expect(isGenuine(headers, body, text)).toBe(true);
    expect(isGenuine(headers, `${body} `, text)).toBe(false);
    const other = createHmac('sha256', 'other').digest('base64');
    expect(isGenuine({ ...headers, 'webhook-signature': `v1,${other}` }, body, text)).toBe(false);
    expect(isGenuine({ ...headers, 'webhook-timestamp': '1000' }, body, text)).toBe(false);
  });

  it('[HOK1] [HOK12] its configuration is valid', async () => {
    const config = blocks('json')[1]!;
    expect(configSchema.parse(JSON.parse(config)).alerts).toHaveLength(5);
    expect(await run(['config', 'check', file('eddy.json', config)])).toMatchObject({ code: 0 });
  });

  it('[HOK5] a test notice that is not taken ends with 1 and says why', async () => {
    const receiver = await startReceiver(() => ({ status: 404 }));
    const ended = await run(['webhook', 'test', receiver.url, '--webhook-allow-private']);
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('HTTP 404') });
    expect(await run(['webhook', 'test', 'ftp://x'])).toMatchObject({ code: 2 });
  });
});
