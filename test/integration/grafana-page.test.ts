/** Runs what docs/integrations/grafana.md shows. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '../support/data-folder.js';
import { hasCommand } from '../support/has-command.js';
import { blocksOf, shell } from '../support/page.js';

const PAGE = 'docs/integrations/grafana.md';
const [hasPromtool, hasPrometheus] = [hasCommand('promtool'), hasCommand('prometheus')];
const title = (what: string, command: string, isThere: boolean) =>
  isThere ? what : `${what} (skipped: ${command} is not installed)`;

const endings: (() => unknown)[] = [];
afterEach(() => {
  for (const end of endings.splice(0)) end();
});

describe('the page on Grafana', { timeout: 60_000 }, () => {
  it.runIf(hasPrometheus)(
    title('[GRA4] its first commands end with skill in Prometheus', 'prometheus', hasPrometheus),
    async () => {
      const [first] = blocksOf(PAGE, 'sh') as [string];
      expect(first.split('\n').length).toBeLessThanOrEqual(10);
      const [port, prometheus] = [await freePort(), await freePort()];
      const commands = first
        .replaceAll('127.0.0.1:4000', `127.0.0.1:${port}`)
        .replace('eddy serve', `eddy serve --port ${port}`)
        .replace('scrape_interval: 5s', 'scrape_interval: 1s')
        .replace('prometheus --', `prometheus --web.listen-address=127.0.0.1:${prometheus} --`);
      shell(commands);
      const skill = async () => {
        const url = `http://127.0.0.1:${prometheus}/api/v1/query?query=eddy_sequence_skill`;
        const answer = await fetch(url).catch(() => null);
        const { data } = ((await answer?.json()) ?? {}) as {
          data?: { result: { metric: { sequence: string }; value: [number, string] }[] };
        };
        const one = data?.result[0];
        return one && { sequence: one.metric.sequence, isBetter: Number(one.value[1]) > 0 };
      };
      await expect
        .poll(skill, { timeout: 40_000, interval: 200 })
        .toEqual({ sequence: 'pump.north', isBetter: true });
      // what the panel of the Infinity data source reads
      const [panel] = blocksOf(PAGE, 'text') as [string];
      const rowsAt = async (url: string) =>
        (
          (await (await fetch(url.replace('4000', String(port)))).json()) as {
            rows: Record<string, unknown>[];
          }
        ).rows;
      const rows = await rowsAt(panel);
      expect(rows.length).toBe(500);
      expect(rows.at(-1)).toMatchObject({
        time: '2026-01-01T00:08:19.000Z',
        for: '2026-01-01T00:08:20.000Z',
        bar: expect.closeTo(4 + Math.sin(50), 1),
      });
      // only the newest forecast has its range
      const ranges = rows.map(({ bar_low, bar_high }) => [bar_low, bar_high]);
      expect(ranges.at(-1)).toEqual([expect.any(Number), expect.any(Number)]);
      expect(
        ranges
          .slice(0, -1)
          .flat()
          .filter((end) => end !== null),
      ).toEqual([]);
      // Grafana puts in milliseconds
      const span = 'from=1767225700000&to=1767225702000';
      expect((await rowsAt(panel.replace('last=500', span))).map(({ seq }) => seq)).toEqual([100, 101, 102]);
      await fetch(`http://127.0.0.1:${port}/sequences/pump.north/reset`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ what: 'state' }),
      });
      const events = await rowsAt(panel.replace('predictions', 'events'));
      expect(events.at(-1)).toMatchObject({ time: expect.any(String) });
    },
  );

  it.runIf(hasPromtool)(
    title('[GRA4] its configuration and rules are valid', 'promtool', hasPromtool),
    () => {
      const [config, rules] = blocksOf(PAGE, 'yaml') as [string, string];
      const folder = mkdtempSync(join(tmpdir(), 'eddy-page-'));
      endings.push(() => rmSync(folder, { recursive: true, force: true }));
      writeFileSync(join(folder, 'prometheus.yml'), config);
      writeFileSync(join(folder, 'rules.yml'), rules);
      writeFileSync(join(folder, 'eddy.token'), 'eddy_token');
      const check = (...args: string[]) =>
        execFileSync('promtool', ['check', ...args], { cwd: folder, encoding: 'utf8' });
      expect(check('config', 'prometheus.yml')).toMatch(/is valid/);
      expect(check('rules', 'rules.yml')).toMatch(/SUCCESS: 2 rules found/);
    },
  );
});
