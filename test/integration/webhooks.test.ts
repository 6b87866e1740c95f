/** Webhooks of a whole server: a process of its own, and receivers that verify what comes. */
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { privateFile } from '../support/access.js';
import { file, run, serve } from '../support/cli.js';
import { startReceiver } from '../support/receiver.js';
import { RawClient } from '../support/server.js';

const SPEC = { units: 4, features: 1, task: { kind: 'forecast', horizon: 1 }, seed: 1 };
const KEYS = [Buffer.alloc(32, 7), Buffer.alloc(32, 8)];
const secretFile = () =>
  privateFile('secrets', KEYS.map((key) => `whsec_${key.toString('base64')}`).join('\n'));

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});
function dataFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'eddy-hooks-'));
  folders.push(folder);
  return folder;
}

/** Sends a wave with spikes, and waits until all of it is acked. */
async function send(url: string, from: number, to: number, spikes: readonly number[]): Promise<void> {
  const client = await RawClient.connect(url, 'json');
  const channel = await client.open('pump', SPEC);
  for (let seq = from; seq < to; seq += 100) {
    const count = Math.min(100, to - seq);
    const x = Array.from(
      { length: count },
      (_, i) => Math.sin((seq + i) / 10) + (spikes.includes(seq + i) ? 60 : 0),
    );
    client.send({ type: 'steps', channel, seq, count, x });
    await client.find((one) => one.type === 'ack' && (one.seq as number) >= seq + count - 1);
  }
  client.socket.close();
}

describe('a server with webhooks', { timeout: 60_000 }, () => {
  it('[HOK4] [HOK10] a notice survives kill -9 and comes with the same id, signed, and none comes twice', async () => {
    let isUp = false;
    const receiver = await startReceiver(() => ({ status: isUp ? 204 : 503 }));
    const data = dataFolder();
    const args = [
      '--data',
      data,
      '--webhook',
      receiver.url,
      '--on',
      'anomaly',
      '--webhook-allow',
      '127.0.0.1',
    ];
    args.push('--webhook-secret', secretFile());
    const first = await serve(args);
    await send(first.url, 0, 700, [600]);
    await receiver.came(1);
    first.kill('SIGKILL');
    await first.ended;
    const [{ headers: before, event }] = receiver.received as [(typeof receiver.received)[0]];
    expect(event).toMatchObject({
      specversion: '1.0',
      source: '/sequences/pump',
      type: 'eddy.alert.start',
      subject: 'pump',
      datacontenttype: 'application/json',
      data: { rule: 'anomaly', on: 'anomaly', state: 'start', seq: 600 },
    });
    const tried = receiver.received.length;
    isUp = true;
    const second = await serve(args);
    await receiver.came(tried + 2);
    await send(second.url, 700, 800, []);
    await second.stop();
    const taken = receiver.received.slice(tried);
    expect(
      taken.map(
        ({
          event: {
            type,
            data: { seq },
          },
        }) => [type, seq],
      ),
    ).toEqual([
      ['eddy.alert.start', 600],
      ['eddy.alert.end', expect.any(Number)],
    ]);
    expect(taken[0]!.headers['webhook-id']).toBe(before['webhook-id']);
    for (const {
      headers,
      body,
      event: { id },
    } of taken) {
      const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
      const signatures = KEYS.map((key) => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
      expect([headers['webhook-id'], headers['webhook-signature']]).toEqual([id, signatures.join(' ')]);
    }
  });

  it('[HOK6] [HOK11] 410 turns a receiver off over a restart, audited and counted, until SIGHUP', async () => {
    let status = 410;
    const receiver = await startReceiver(() => ({ status }));
    const data = dataFolder();
    const args = ['--data', data, '--webhook', receiver.url, '--on', 'anomaly', '--webhook-allow-private'];
    const first = await serve(args);
    const isAudited = first.logged('webhook-off');
    await send(first.url, 0, 610, [600]);
    await isAudited;
    const metrics = await (await fetch(`${first.url.replace('ws', 'http')}/metrics`)).text();
    const name = `webhook="127.0.0.1:${receiver.port}"`;
    expect(metrics).toContain(`eddy_webhook_deliveries_total{${name},outcome="gone"} 1`);
    expect(metrics).toContain(`eddy_webhook_off{${name}} 1`);
    expect(metrics).toContain('eddy_alert_sequences{followed="true"} 1');
    await first.stop();
    status = 204;
    const second = await serve(args);
    const isGivenUp = second.logged('a notice was given up');
    await send(second.url, 610, 700, []);
    await isGivenUp;
    expect(receiver.received).toHaveLength(1);
    const isReloaded = second.logged('"what":"webhooks"');
    second.kill('SIGHUP');
    await isReloaded;
    await send(second.url, 700, 1200, [1100]);
    await receiver.came(2);
    expect(receiver.received[1]!.event).toMatchObject({ type: 'eddy.alert.start', data: { seq: 1100 } });
    await second.stop();
  });

  it('[HOK7] [HOK11] without leave a private address gets nothing, and the log says what would help', async () => {
    const receiver = await startReceiver();
    const server = await serve(['--webhook', `http://localhost:${receiver.port}/`, '--on', 'anomaly']);
    const isSaid = server.logged('webhook-refused: localhost has the address');
    await send(server.url, 0, 610, [600]);
    await isSaid;
    const { stderr } = await server.stop();
    expect(stderr).toContain('--webhook-allow');
    expect(receiver.received).toEqual([]);
  });

  it('[HOK1] a configuration that is wrong is refused with the path of the setting', async () => {
    const config = (settings: unknown) => ['config', 'check', file('eddy.json', JSON.stringify(settings))];
    const webhooks = ['https://hooks.example/a'];
    const cases: [unknown, string][] = [
      [{ webhooks, alerts: [{ on: 'anomaly', level: 2 }] }, 'alerts.0.level'],
      [{ webhooks, alerts: ['anomaly', { on: 'nothing' }] }, 'alerts.1.on'],
      [{ webhooks: ['ftp://x'], alerts: ['drift'] }, 'webhooks.0.url'],
      [{ webhooks: [{ url: webhooks[0], rules: ['other'] }], alerts: ['drift'] }, 'webhooks.0.rules'],
      [{ webhooks }, 'webhooks'],
      [{ alerts: ['drift'] }, 'alerts'],
      [{ webhooks, alerts: ['drift'], webhook: { allow: ['here'] } }, 'webhook.allow.0'],
    ];
    for (const [settings, path] of cases) {
      const { code, stderr } = await run(config(settings));
      expect([code, stderr], JSON.stringify(settings)).toEqual([1, expect.stringContaining(`${path} (`)]);
    }
    expect(await run(config({ webhooks, alerts: ['drift'] }))).toMatchObject({ code: 0 });
  });
});
