/** Real senders of InfluxDB's line protocol: InfluxDB itself, which passes on what is written to it. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '../support/data-folder.js';
import { hasCommand } from '../support/has-command.js';
import { startServer } from '../support/server.js';

const hasInflux = hasCommand('influxd');

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
