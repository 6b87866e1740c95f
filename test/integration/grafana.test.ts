/** The dashboard for Grafana, against the metrics of a running server, and against a real Prometheus that reads them. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '../support/data-folder.js';
import { askedOf, dashboardOf, filled, queriesOf } from '../support/grafana.js';
import { hasCommand } from '../support/has-command.js';
import { parseMetrics } from '../support/prometheus.js';
import { RawClient, startServer } from '../support/server.js';

const dashboard = dashboardOf('integrations/grafana/eddy.json');
const queries = queriesOf(dashboard);
const [hasPromtool, hasPrometheus] = [hasCommand('promtool'), hasCommand('prometheus')];
/** What Prometheus adds to every sample. */
const OF_PROMETHEUS = ['job', 'instance'];
/** Metrics that have samples only once something went wrong. */
const RARE = [
  'eddy_messages_refused_total',
  'eddy_slow_requests_total',
  'eddy_sockets_closed_total',
  'eddy_upgrades_refused_total',
];

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

/** A server that has all metrics: of a sequence that learns, of the process, of a webhook. */
async function busyServer(): Promise<{ httpUrl: string; text: () => Promise<string> }> {
  const { url, httpUrl } = await startServer({}, 0, {
    metricsSequences: '*',
    metricsOfProcess: true,
    webhooks: [{ url: 'https://hooks.example.com/eddy' }],
    alerts: ['health'],
  } as Parameters<typeof startServer>[2]);
  const rows = Array.from({ length: 300 }, (_, i) => ({ bar: 4 + Math.sin(i / 10) }));
  const { status } = await fetch(`${httpUrl}/sequences/pump/steps`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(rows),
  });
  expect(status).toBe(200);
  await RawClient.connect(url);
  return { httpUrl, text: async () => (await fetch(`${httpUrl}/metrics`)).text() };
}

describe('the dashboard for Grafana', () => {
  it('[GRA1] names only metrics that there are, with labels that they have', async () => {
    const metrics = parseMetrics(await (await busyServer()).text());
    expect(queries.length).toBeGreaterThan(30);
    for (const { where, expr, legend } of queries) {
      const { metrics: names, labels } = askedOf(expr);
      expect([where, names.length > 0]).toEqual([where, true]);
      for (const name of names) {
        const base = metrics.has(name) ? name : name.replace(/_bucket$/, '');
        const metric = metrics.get(base);
        expect([where, name, metric?.type ?? 'missing']).toEqual([
          where,
          name,
          base === name ? expect.stringMatching(/^(counter|gauge)$/) : 'histogram',
        ]);
        // what only grows says something as a rate
        if (metric?.type !== 'gauge') expect(expr).toMatch(new RegExp(`(rate|increase)\\(${name}\\b`));
        const samples = [...metric!.values.keys()];
        if (samples.length === 0) expect(RARE).toContain(name);
        else
          for (const label of [...labels, ...legend])
            expect([
              where,
              label,
              OF_PROMETHEUS.includes(label) || samples[0]!.includes(`${label}="`),
            ]).toEqual([where, label, true]);
      }
    }
    for (const { definition } of dashboard.templating.list)
      if (definition) expect([...metrics.keys()]).toContain(/\((\w+)/.exec(definition)?.[1]);
  });

  it('[GRA1] has panels beside each other, each with one number', () => {
    const { panels } = dashboard;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const taken = new Set<string>();
    for (const { title, gridPos } of panels) {
      expect([title, gridPos.x + gridPos.w <= 24]).toEqual([title, true]);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect([title, taken.has(`${x},${y}`)]).toEqual([title, false]);
          taken.add(`${x},${y}`);
        }
    }
  });

  it.runIf(hasPrometheus)(
    `[GRA2] has an answer of a real Prometheus to each of its queries${hasPrometheus ? '' : ' (skipped: prometheus is not installed)'}`,
    async () => {
      const { httpUrl, text } = await busyServer();
      const ask = await prometheus(httpUrl.replace('http://', ''));
      const first = filled(queries[0]!.expr, '5s');
      await expect.poll(async () => (await ask(first)).length, { timeout: 20_000 }).toBe(1);
      const scraped = async () => (await ask('count_over_time(eddy_info[1m])'))[0]?.value[1] ?? '0';
      await expect.poll(async () => Number(await scraped()), { timeout: 20_000 }).toBeGreaterThanOrEqual(4);
      const metrics = parseMetrics(await text());
      for (const { where, expr } of queries) {
        const answers = await ask(filled(expr, '5s'));
        // what is empty is rare, or an annotation of what did not happen
        const isRare = askedOf(expr).metrics.some((name) => metrics.get(name)?.values.size === 0);
        if (!isRare && where !== 'Restarts')
          expect([where, expr, answers.length > 0]).toEqual([where, expr, true]);
      }
    },
    60_000,
  );
});

describe('the metrics of a running server', () => {
  it.runIf(hasPromtool)(
    `[GRA3] are without a remark of promtool${hasPromtool ? '' : ' (skipped: promtool is not installed)'}`,
    async () => {
      const { text } = await busyServer();
      const told = execFileSync('promtool', ['check', 'metrics'], { input: await text(), encoding: 'utf8' });
      expect(told).toBe('');
    },
  );
});

/** Starts a Prometheus that reads a server every second, and gives what asks it. It fails where a query is wrong. */
async function prometheus(target: string) {
  const folder = mkdtempSync(join(tmpdir(), 'eddy-grafana-'));
  const port = await freePort();
  const config = join(folder, 'prometheus.yml');
  const job = `{ job_name: eddy, scrape_interval: 1s, static_configs: [{ targets: ['${target}'] }] }`;
  writeFileSync(config, `scrape_configs: [${job}]\n`);
  const child = spawn(
    'prometheus',
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  );
  const gone = new Promise((resolve) => child.once('exit', resolve));
  endings.push(async () => {
    child.kill('SIGTERM');
    await gone;
    rmSync(folder, { recursive: true, force: true });
  });
  const url = `http://127.0.0.1:${port}`;
  const isUp = () =>
    fetch(`${url}/-/ready`).then(
      ({ status }) => status,
      () => 0,
    );
  await expect.poll(isUp, { timeout: 20_000 }).toBe(200);
  return async (query: string): Promise<{ value: [number, string] }[]> => {
    const answer = await fetch(`${url}/api/v1/query`, {
      method: 'POST',
      body: new URLSearchParams({ query }),
    });
    const { status, error, data } = (await answer.json()) as {
      status: string;
      error?: string;
      data?: { result: { value: [number, string] }[] };
    };
    expect([query, status, error]).toEqual([query, 'success', undefined]);
    return data!.result;
  };
}
