/** A real Prometheus: it scrapes a server, checks its metrics, and passes on what it scraped. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ProtoWriter } from '../../src/formats/protobuf.js';
import { freePort, serve } from '../support/data-folder.js';
import { hasCommand } from '../support/has-command.js';
import { blocksOf, shell } from '../support/page.js';
import { startServer } from '../support/server.js';

const hasPrometheus = hasCommand('prometheus');
const title = (what: string) => (hasPrometheus ? what : `${what} (skipped: prometheus is not installed)`);

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

/**
 * Starts a Prometheus that scrapes a server every second and writes a few metrics to it, and gives its own address.
 *
 * @param scraped what it scrapes, unless that is the server too; itself where it is `itself`
 */
async function prometheus(host: string, regex: string, scraped = host): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'eddy-prometheus-'));
  const port = await freePort();
  const config = join(folder, 'prometheus.yml');
  writeFileSync(
    config,
    [
      'scrape_configs:',
      '  - job_name: eddy',
      '    scrape_interval: 1s',
      `    static_configs: [{ targets: ['${scraped === 'itself' ? `127.0.0.1:${port}` : scraped}'] }]`,
      'remote_write:',
      `  - url: http://${host}/api/v1/write`,
      '    queue_config: { batch_send_deadline: 1s }',
      `    write_relabel_configs: [{ source_labels: [__name__], regex: '${regex}', action: keep }]`,
    ].join('\n'),
  );
  const args = [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  const child = spawn('prometheus', args, { stdio: 'ignore' });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  endings.push(async () => {
    child.kill('SIGTERM');
    await gone;
    rmSync(folder, { recursive: true, force: true });
  });
  return `http://127.0.0.1:${port}`;
}

describe('Prometheus', () => {
  it.runIf(hasPrometheus)(
    title('[PRW3] passes on what it scrapes, of which each sample becomes a step once'),
    async () => {
      const { httpUrl } = await startServer({}, 0, { prometheus: { name: '{job}' } });
      await prometheus(httpUrl.replace('http://', ''), 'eddy_(sockets|views|received_bytes_total)');
      const rows = async () => {
        const answer = await fetch(`${httpUrl}/sequences/eddy/inputs?last=100`);
        return (
          ((await answer.json()) as { rows?: { time: string; eddy_sockets: number; eddy_views: number }[] })
            .rows ?? []
        );
      };
      await expect
        .poll(async () => (await rows()).length, { timeout: 40_000, interval: 500 })
        .toBeGreaterThanOrEqual(4);
      const all = await rows();
      const times = all.map(({ time }) => Date.parse(time));
      expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
      for (const row of all) expect([row.eddy_sockets, row.eddy_views]).toEqual([0, 0]);
      expect(Math.abs(Date.now() - times.at(-1)!)).toBeLessThan(30_000);
    },
    60_000,
  );

  it.runIf(hasPrometheus)(
    title('[PRW6] sends what a server that was killed did not take, and nothing is lost or there twice'),
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'eddy-prometheus-'));
      const port = await freePort();
      let server: ChildProcess | null = null;
      const stop = async () => {
        const gone = server && once(server, 'exit');
        server?.kill('SIGKILL');
        await gone;
        server = null;
      };
      endings.push(() => rmSync(folder, { recursive: true, force: true }), stop);
      const start = async () => {
        server = await serve(join(folder, 'data'), port, { EDDY_PROMETHEUS_NAME: '{job}' });
      };
      await start();
      const own = await prometheus(`127.0.0.1:${port}`, 'go_goroutines', 'itself');
      const taken = async (): Promise<number[]> => {
        const answer = await fetch(`http://127.0.0.1:${port}/sequences/eddy/inputs?last=1000`);
        const { rows = [] } = (await answer.json()) as { rows?: { time: string }[] };
        return rows.map(({ time }) => Date.parse(time));
      };
      /** The times of what Prometheus has scraped. */
      const scraped = async (): Promise<number[]> => {
        const answer = await fetch(`${own}/api/v1/query?query=${encodeURIComponent('go_goroutines[10m]')}`);
        const { data } = (await answer.json()) as { data: { result: { values: [number, string][] }[] } };
        return data.result.flatMap(({ values }) => values.map(([seconds]) => Math.round(seconds * 1000)));
      };
      const until = (count: number, times: () => Promise<number[]>) =>
        expect
          .poll(async () => (await times()).length, { timeout: 40_000, interval: 200 })
          .toBeGreaterThanOrEqual(count);
      await until(2, taken);
      await stop();
      const before = (await scraped()).length;
      await until(before + 3, scraped);
      await start();
      await until(before + 5, taken);
      const all = await taken();
      expect(all).toEqual((await scraped()).slice(0, all.length));
    },
    120_000,
  );

  it.runIf(hasPrometheus)(
    title('[OPS33] finds nothing to say of the metrics (promtool check metrics)'),
    async () => {
      const { httpUrl } = await startServer({}, 0, { metricsSequences: '*' });
      await fetch(`${httpUrl}/sequences/a/steps`, { method: 'POST', body: '{"x":1}' });
      const metrics = await (await fetch(`${httpUrl}/metrics`)).text();
      expect(metrics).toContain('eddy_sequence_steps_total{sequence="a"} 1');
      execFileSync('promtool', ['check', 'metrics'], { input: metrics, stdio: 'pipe' });
    },
  );
});

/** The body of a request: a series for each name, with one sample of 1 at the time 1. */
function requestOf(names: readonly string[]): Buffer {
  const all = new ProtoWriter();
  const sample = Buffer.concat([
    Buffer.of(9, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f),
    new ProtoWriter().number(2, 1).finish(),
  ]);
  for (const name of names)
    all.message(
      1,
      new ProtoWriter().message(1, new ProtoWriter().text(1, '__name__').text(2, name)).bytes(2, sample),
    );
  return packed(all.finish());
}

/** A snappy block of one literal. */
function packed(bytes: Uint8Array): Buffer {
  const length: number[] = [];
  let rest = bytes.length;
  for (; rest >= 0x80; rest >>>= 7) length.push((rest & 0x7f) | 0x80);
  const literal = Buffer.alloc(5);
  literal[0] = 63 << 2;
  literal.writeUInt32LE(bytes.length - 1, 1);
  return Buffer.concat([Buffer.from([...length, rest]), literal, bytes]);
}

const REMOTE_WRITE = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' };

describe('the page on Prometheus', () => {
  it.runIf(hasPrometheus)(
    title('[PRW7] its first commands, at most ten lines, end with a forecast'),
    async () => {
      const [first] = blocksOf('docs/integrations/prometheus.md', 'sh') as [string];
      expect(first.split('\n').length).toBeLessThanOrEqual(10);
      const [port, own] = [await freePort(), await freePort()];
      shell(
        first
          .replaceAll('127.0.0.1:4000', `127.0.0.1:${port}`)
          .replace('eddy serve', `eddy serve --port ${port}`)
          .replaceAll('localhost:9090', `localhost:${own}`)
          .replace('scrape_interval: 5s', 'scrape_interval: 1s')
          .replace('prometheus --', `prometheus --web.listen-address=127.0.0.1:${own} --`),
      );
      const [ask] = blocksOf('docs/integrations/prometheus.md', 'text') as [string];
      const url = ask
        .replace('127.0.0.1:4000', `127.0.0.1:${port}`)
        .replace('localhost:9090', `localhost:${own}`);
      const forecast = async () => {
        const answer = await fetch(url).catch(() => null);
        const { rows } = ((await answer?.json()) ?? {}) as { rows?: Record<string, unknown>[] };
        return rows?.[0];
      };
      await expect.poll(forecast, { timeout: 60_000, interval: 500 }).toMatchObject({
        seq: expect.any(Number),
        time: expect.any(String),
        go_goroutines: expect.any(Number),
      });
    },
    90_000,
  );

  it.runIf(hasPrometheus)(title('[PRW3] has configurations that Prometheus takes'), () => {
    const folder = mkdtempSync(join(tmpdir(), 'eddy-promtool-'));
    endings.push(() => rmSync(folder, { recursive: true, force: true }));
    for (const [i, block] of blocksOf('docs/integrations/prometheus.md', 'yaml').entries()) {
      const file = join(folder, `${i}.yml`);
      writeFileSync(file, block);
      execFileSync('promtool', ['check', 'config', file], { stdio: 'pipe' });
    }
  });
});

describe('remote write', () => {
  it('[PRW4] is answered with 204, and with what Prometheus sends again for what may pass', async () => {
    const { httpUrl } = await startServer({ stepsPerSecond: 1000, bodiesBytes: 2 ** 20 });
    const write = async (body: Buffer) => {
      const answer = await fetch(`${httpUrl}/api/v1/write`, {
        method: 'POST',
        headers: REMOTE_WRITE,
        body: body as never,
      });
      const text = await answer.text();
      return [answer.status, text && JSON.parse(text).code, answer.headers.get('retry-after')];
    };
    expect(await write(requestOf(['a', 'b']))).toEqual([204, '', null]);
    // what is kept of bodies is counted with the bodies
    const large = requestOf(Array.from({ length: 9000 }, (_, i) => `m${i}`));
    expect(await write(large)).toEqual([503, 'overloaded', '1']);
    expect(await write(requestOf(['a']))).toEqual([204, '', null]);
    await fetch(`${httpUrl}/sequences/c/steps`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: '{"x":1}\n'.repeat(5000),
    });
    expect(await write(requestOf(['a']))).toEqual([429, 'rate-limit', expect.stringMatching(/^[1-9]$/)]);
  });

  it('[PRW5] holds up nobody, whatever the body is', async () => {
    const { httpUrl } = await startServer();
    const field = Buffer.of(0x18, 1);
    let isOver = false;
    const answered = fetch(`${httpUrl}/api/v1/write`, {
      method: 'POST',
      headers: REMOTE_WRITE,
      body: packed(Buffer.alloc(2 ** 22, field)) as never,
    }).finally(() => {
      isOver = true;
    });
    let between = 0;
    for (; !isOver; between++) await (await fetch(`${httpUrl}/livez`)).text();
    expect([(await answered).status, between > 3]).toEqual([204, true]);
  });

  it('[PRW4] refuses what is no request of version 1.0, and says why', async () => {
    const { httpUrl } = await startServer();
    const write = async (body: Uint8Array, headers: Record<string, string>) => {
      const answer = await fetch(`${httpUrl}/api/v1/write`, { method: 'POST', headers, body: body as never });
      return [answer.status, ((await answer.json()) as { code: string }).code];
    };
    expect(await write(Buffer.of(1), {})).toEqual([400, 'input-invalid']);
    expect(await write(Buffer.of(1), { ...REMOTE_WRITE, 'content-encoding': 'gzip' })).toEqual([
      400,
      'input-invalid',
    ]);
    expect(await write(Buffer.of(9, 9, 9), REMOTE_WRITE)).toEqual([400, 'input-invalid']);
    expect(await write(Buffer.of(0xff, 0xff, 0xff, 0x7f), REMOTE_WRITE)).toEqual([413, 'message-too-large']);
  });
});
