/** Real senders of InfluxDB's line protocol: InfluxDB itself, which passes on what is written to it, and collectd. */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '../support/data-folder.js';
import { hasCommand } from '../support/has-command.js';
import { startServer } from '../support/server.js';

const hasInflux = hasCommand('influxd');
const hasCollectd = hasCommand('collectd');

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

/** Starts InfluxDB 1 in a folder of its own, and gives what asks it. */
async function influx() {
  const folder = mkdtempSync(join(tmpdir(), 'eddy-influx-'));
  const [http, rpc] = [await freePort(), await freePort()];
  const lines = [
    'reporting-disabled = true',
    `bind-address = "127.0.0.1:${rpc}"`,
    `[meta]\ndir = "${join(folder, 'meta')}"`,
    `[data]\ndir = "${join(folder, 'data')}"\nwal-dir = "${join(folder, 'wal')}"`,
    `[http]\nbind-address = "127.0.0.1:${http}"`,
    '[monitor]\nstore-enabled = false',
  ];
  const config = join(folder, 'influx.conf');
  writeFileSync(config, lines.join('\n'));
  const child = spawn('influxd', ['-config', config], { stdio: 'ignore' });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  endings.push(async () => {
    child.kill('SIGTERM');
    await gone;
    rmSync(folder, { recursive: true, force: true });
  });
  const url = `http://127.0.0.1:${http}`;
  const isUp = () =>
    fetch(`${url}/ping`).then(
      ({ status }) => status,
      () => 0,
    );
  await expect.poll(isUp, { timeout: 20_000 }).toBe(204);
  return {
    query: (q: string) => fetch(`${url}/query`, { method: 'POST', body: new URLSearchParams({ q }) }),
    write: (body: string) => fetch(`${url}/write?db=plant`, { method: 'POST', body }),
  };
}

const title = hasInflux
  ? 'passes on what is written to it by a subscription'
  : 'passes on what is written to it (skipped: influxd is not installed)';

describe('InfluxDB', () => {
  it.runIf(hasInflux)(
    `[INF11] ${title}`,
    async () => {
      const { httpUrl } = await startServer();
      const { query, write } = await influx();
      await query('CREATE DATABASE plant');
      const made = await query(`CREATE SUBSCRIPTION eddy ON plant.autogen DESTINATIONS ALL '${httpUrl}'`);
      expect(await made.json()).toEqual({ results: [{ statement_id: 0 }] });
      const total = async () =>
        ((await (await fetch(`${httpUrl}/sequences`)).json()) as { total: number }).total;
      let second = 1_767_225_600;
      // a subscription begins a while after it was made
      const sendAndCount = async () => {
        await write(`pump,site=north\\ 1 bar=${second % 7},on=true ${second++}000000000`);
        return await total();
      };
      await expect.poll(sendAndCount, { timeout: 20_000, interval: 200 }).toBe(1);
      const rows = async () => {
        const answer = await fetch(`${httpUrl}/sequences/pump.north_1/inputs?last=1000`);
        return ((await answer.json()) as { rows: { time: string; bar: number; on: number }[] }).rows;
      };
      const lastSecond = async () => Date.parse((await rows()).at(-1)!.time) / 1000;
      await expect.poll(lastSecond, { timeout: 20_000 }).toBe(second - 1);
      for (const { time, bar, on } of await rows())
        expect([bar, on]).toEqual([(Date.parse(time) / 1000) % 7, 1]);
    },
    60_000,
  );
});

/** Receives datagrams, as InfluxDB does, and gives each to Eddy as it came; gives the port, and the answers. */
async function passedOn(url: string): Promise<{ port: number; answers: number[] }> {
  const answers: number[] = [];
  const socket = createSocket('udp4');
  endings.push(() => socket.close());
  let sent = Promise.resolve();
  socket.on('message', (lines) => {
    const post = () => fetch(url, { method: 'POST', body: lines as never });
    // at the end of a test the server may be gone before collectd is
    sent = sent.then(post).then(
      ({ status }) => void answers.push(status),
      () => void answers.push(0),
    );
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { port: socket.address().port, answers };
}

/** Starts collectd, which tells each second of the load and the memory of this machine. */
function collectd(port: number): void {
  const folder = mkdtempSync(join(tmpdir(), 'eddy-collectd-'));
  const config = join(folder, 'collectd.conf');
  const lines = [
    'Hostname "web-1"',
    `BaseDir "${folder}"`,
    `PIDFile "${join(folder, 'pid')}"`,
    'TypesDB "/usr/share/collectd/types.db"',
    'Interval 1',
    ...['load', 'memory', 'write_influxdb_udp'].map((plugin) => `LoadPlugin ${plugin}`),
    `<Plugin write_influxdb_udp>\n  Server "127.0.0.1" "${port}"\n</Plugin>\n`,
  ];
  writeFileSync(config, lines.join('\n'));
  const child = spawn('collectd', ['-f', '-C', config], { stdio: 'ignore' });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  endings.push(async () => {
    child.kill('SIGTERM');
    await gone;
    rmSync(folder, { recursive: true, force: true });
  });
}

const collectdTitle = hasCollectd
  ? 'has its lines taken, each as a step'
  : 'has its lines taken (skipped: collectd is not installed)';

describe('collectd', () => {
  it.runIf(hasCollectd)(
    `[INF14] ${collectdTitle}`,
    async () => {
      const { httpUrl } = await startServer({}, 0, {
        influx: { name: '{host}.{measurement}.{type_instance}' },
      });
      const { port, answers } = await passedOn(`${httpUrl}/write?db=collectd&precision=ms`);
      collectd(port);
      const rows = async (name: string) => {
        const answer = await fetch(`${httpUrl}/sequences/${name}/inputs?last=100`);
        return ((await answer.json()) as { rows?: Record<string, number | string>[] }).rows ?? [];
      };
      await expect
        .poll(async () => (await rows('web-1.memory.used')).length, { timeout: 30_000, interval: 200 })
        .toBeGreaterThanOrEqual(3);
      expect([...new Set(answers)]).toEqual([204]);
      const used = await rows('web-1.memory.used');
      const times = used.map(({ time }) => Date.parse(time as string));
      expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
      for (const { value } of used) expect(value as number).toBeGreaterThan(2 ** 20);
      const [load] = await rows('web-1.load');
      expect(Object.keys(load!)).toEqual(['seq', 'time', 'shortterm', 'midterm', 'longterm']);
    },
    60_000,
  );
});
