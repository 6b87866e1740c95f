import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Client, type ConnectOptions, connect, type Results } from '../../client/sdk/node.js';
import { openLmdbStore } from '../../src/store/lmdb/lmdb.js';
import { newToken, tokenFile } from '../support/access.js';
import {
  axeFindings,
  coloursOf,
  csvOf,
  heatmapColours,
  launchBrowser,
  openPage,
} from '../support/browser.js';
import { startProxy } from '../support/proxy.js';
import { startServer } from '../support/server.js';
import { Stream, waveAt } from '../support/stream.js';

const SPEC = { features: 2, units: 6, task: { kind: 'forecast' as const, horizon: [1, 5] } };

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
}, 60_000);
afterAll(() => browser.close());

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

function dial(url: string, options: ConnectOptions = {}): Client {
  const client = connect(url, options);
  endings.push(() => client.close());
  return client;
}

async function openSequence(httpUrl: string, name = 's') {
  const opened = await openPage(browser, { acceptDownloads: true });
  endings.push(() => opened.page.context().close());
  await opened.page.goto(`${httpUrl}/#/s/${name}`);
  return opened;
}

const steps = async (page: Page) =>
  Number((await page.locator('[data-testid=numbers] dd').first().innerText()).replaceAll(',', ''));
const shown = (page: Page) => page.locator('.timebar .value').innerText();
const said = (page: Page) => page.locator('[data-testid=said]').innerText();

describe('the page of a sequence', () => {
  it('waits for one that nobody has opened, and goes on by itself', async () => {
    const { httpUrl, url } = await startServer();
    const { page, said: console } = await openSequence(httpUrl);
    await page.getByRole('heading', { name: 'Waiting for s' }).waitFor();
    expect(await page.locator('.command code').innerText()).toContain('--sequence s');
    const stream = new Stream(dial(url), 's', SPEC);
    stream.push(50);
    await stream.stop();
    await page.waitForSelector('[data-testid=numbers]');
    expect(console).toEqual([]);
  });

  it('[BRW16] holds and draws what the server sent, under load', async () => {
    const { httpUrl, url } = await startServer();
    const client = dial(url);
    const stream = new Stream(client, 's', SPEC);
    await stream.handle.opened;
    const states: Results['states'][] = [];
    const predictions: Results['predictions'][] = [];
    stream.handle.states$.subscribe((item) => states.push(item));
    stream.handle.predictions$.subscribe((item) => predictions.push(item));
    const { page, said: console } = await openSequence(httpUrl);
    await page.waitForSelector('[data-testid=numbers]');
    await page.locator('[data-testid=freshness]', { hasText: 'no step' }).waitFor();
    stream.start(400);
    await expect.poll(() => steps(page)).toBeGreaterThan(1500);

    // held while the stream goes on, and looked back through
    await page.getByRole('button', { name: 'Hold the view' }).click();
    await page.getByLabel('Last', { exact: true }).selectOption('100');
    const slider = page.getByRole('slider', { name: 'Scrub' });
    await expect.poll(() => slider.getAttribute('min')).toBe('100');
    await slider.fill('600');
    await expect.poll(() => shown(page)).toBe('500 – 600, held');
    const before = await steps(page);
    await expect.poll(() => steps(page)).toBeGreaterThan(before + 200);
    expect(await shown(page)).toBe('500 – 600, held');

    const asked = Array.from({ length: 101 }, (_, i) => 500 + i);
    const csv = await csvOf(page, 'Hidden states');
    expect(csv.lines.map(([step]) => Number(step))).toEqual(asked);
    const sent = asked.map((step) => states.find(({ seq }) => seq === step)?.h as Float32Array);
    expect(csv.lines.map((line) => line.slice(2).map(Number))).toEqual(sent.map((h) => [...h]));
    const some = [500, 531, 566, 600];
    expect(await heatmapColours(page, some, 6, 500, 101)).toEqual(
      coloursOf(some.map((step) => sent[step - 500] as Float32Array)),
    );
    // feature 1, five steps ahead
    await page.locator('[data-testid=output]').selectOption('3');
    const forecast = await csvOf(page, 'Truth and forecast');
    const y1 = 'x1, 5 steps ahead';
    expect(forecast.header).toBe(`step,time,x1,"${y1} + range","${y1} − range","${y1}",anomaly`);
    expect(forecast.lines).toHaveLength(101);
    for (const [step, time, truth, upper, lower, y] of forecast.lines) {
      expect(time).toBe(new Date(states.find(({ seq }) => seq === Number(step))?.t ?? 0).toISOString());
      expect(truth).toBe(String(waveAt(Number(step), 2)[1]));
      const made = predictions.find(({ seq }) => seq === Number(step) - 5);
      expect(y).toBe(String(made?.y[3]));
      expect((Number(upper) + Number(lower)) / 2).toBeCloseTo(Number(y), 5);
    }
    await stream.stop();

    // zoomed by a drag over a chart, and back by a double click
    const chart = page.locator('.chart .u-over').first();
    const box = await chart.boundingBox();
    if (!box) throw new Error('no chart');
    await page.mouse.move(box.x + box.width * 0.25, box.y + 60);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.75, box.y + 60, { steps: 4 });
    await page.mouse.up();
    await expect.poll(() => shown(page)).toMatch(/^52\d – 57\d, held$/);
    await chart.dblclick();
    await page.getByRole('button', { name: 'Hold the view' }).waitFor();

    // a unit is pinned with a click, and its trace is its own
    await page.locator('.heatmap canvas').hover({ position: { x: 150, y: 60 } });
    const pointed = await page.locator('.heatmap-key .value').first().innerText();
    const unit = Number(/^unit (\d)/.exec(pointed)?.[1]);
    await page.locator('.heatmap canvas').click({ position: { x: 150, y: 60 } });
    const trace = await csvOf(page, 'Pinned units');
    expect(trace.header).toBe(`step,time,unit ${unit}`);
    const [step, , value] = trace.lines[7] as string[];
    expect(value).toBe(String(states.find(({ seq }) => seq === Number(step))?.h[unit]));
    expect(states.every(({ skipped }) => skipped === 0)).toBe(true);
    expect(console).toEqual([]);
  });

  it('speaks of fields by name, at their times, with their digits and their gaps', async () => {
    const { httpUrl, url } = await startServer();
    const client = dial(url);
    const fields = [
      { name: 'meter', unit: 'kWh' },
      { name: 'flow', unit: 'm³/h' },
    ];
    const handle = client.open('s', {
      fields,
      spec: { ...SPEC, task: { kind: 'forecast', horizon: [1, 6] } },
    });
    const start = Date.UTC(2026, 5, 1, 22);
    const pushTen = (from: number) => {
      for (let i = from; i < from + 10; i++)
        handle.push({
          t: start + i * 600_000,
          values: { meter: 123465789.12 + i, flow: i % 5 === 3 ? null : i },
        });
      return handle.drained();
    };
    await pushTen(0);
    const opened = await openPage(browser, { acceptDownloads: true, timezoneId: 'Europe/Berlin' });
    const { page, said: console } = opened;
    endings.push(() => page.context().close());
    await page.goto(`${httpUrl}/#/s/s`);
    await page.waitForSelector('[data-testid=numbers]');
    for (let i = 1; i < 5; i++) await pushTen(10 * i);
    await expect.poll(() => steps(page)).toBe(50);
    const text = (selector: string) => page.locator(selector).innerText();
    await expect
      .poll(() => text('[data-testid=last-time]'))
      .toBe('last step of 2026-06-02 08:10:00 (Europe/Berlin, GMT+2)');
    await expect
      .poll(() => text('.timebar .times'))
      .toMatch(/^2026-06-02 0.:.* – .* \(Europe\/Berlin, GMT\+2\)$/);
    await expect
      .poll(() => page.locator('[data-testid=output] option').allInnerTexts())
      .toEqual([
        'meter (kWh), 10 min ahead',
        'flow (m³/h), 10 min ahead',
        'meter (kWh), 1 h ahead',
        'flow (m³/h), 1 h ahead',
      ]);
    const table = page.getByRole('region', { name: 'Fields, all of them' });
    await expect.poll(() => table.innerText()).toContain('123465838.12 kWh');
    await page.locator('[data-testid=output]').selectOption('3');
    await page.getByText('8 gaps in the last 40 steps').waitFor();
    const { header, lines } = await csvOf(page, 'Truth and forecast');
    expect(header).toContain('step,time,flow (m³/h),');
    const row = (step: number) => lines.find(([each]) => each === String(step));
    expect(row(12)?.slice(0, 3)).toEqual(['12', '2026-06-02T00:00:00.000Z', '12']);
    expect(row(13)?.[2]).toBe('');
    // the last forecast is for an hour after the last step
    expect(lines.at(-1)?.slice(0, 2)).toEqual(['55', '2026-06-02T07:10:00.000Z']);
    await page.getByLabel('Axis').selectOption('step');
    await expect.poll(() => page.locator('.timebar .times').count()).toBe(0);
    expect(console).toEqual([]);
  });

  it('[BRW17] steers learning, resets, makes checkpoints and files, and says so', async () => {
    const { httpUrl, url } = await startServer();
    const stream = new Stream(dial(url), 's', SPEC);
    const rates: number[] = [];
    const events: string[] = [];
    stream.handle.updates$.subscribe(({ learningRate }) => rates.push(learningRate));
    stream.handle.events$.subscribe(({ event }) => events.push(event));
    stream.start(200);
    const { page } = await openSequence(httpUrl);
    const learning = page.getByLabel('Learning', { exact: true });
    await expect.poll(() => learning.isEnabled()).toBe(true);
    expect(await learning.isChecked()).toBe(true);
    await page.getByRole('spinbutton', { name: 'Learning rate' }).fill('0.0005');
    await page.getByRole('button', { name: 'Set', exact: true }).click();
    await expect.poll(() => said(page)).toBe('The learning rate is 0.0005.');
    await expect.poll(() => rates.at(-1)).toBe(0.0005);
    const rateOf = async () => (await csvOf(page, 'Learning rate')).lines.at(-1)?.[2];
    await expect.poll(rateOf).toBe('0.0005');

    await learning.click();
    await expect.poll(() => said(page)).toBe('Learning is off.');
    await expect.poll(() => events).toContain('learning-paused');
    await page.getByRole('button', { name: 'Checkpoint' }).click();
    await expect.poll(() => said(page)).toBe('A checkpoint is made and durable.');
    await page.getByRole('button', { name: 'Reset state' }).click();
    expect(events).not.toContain('reset');
    await page.getByRole('button', { name: 'Reset the state: sure?' }).click();
    await expect.poll(() => said(page)).toBe('The hidden state is zero again.');
    await expect.poll(() => events).toContain('reset');
    await page.getByText(/^The last \d+$/).click();
    await expect.poll(() => page.locator('[data-testid=events]').innerText()).toContain('reset');

    const coming = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Export' }).click();
    const download = await coming;
    expect(download.suggestedFilename()).toBe('s.safetensors');
    const file = readFileSync(await download.path());
    await dial(url).import('copy', file);
    await stream.stop();
  });

  it('[BRW17] says why who may only watch cannot steer', async () => {
    const [owner, guest] = [newToken(['produce', 'admin', 'subscribe']), newToken(['subscribe'])];
    const { httpUrl, url } = await startServer({}, 0, { security: { tokens: tokenFile(owner, guest) } });
    const stream = new Stream(dial(url, { token: owner.token }), 's', SPEC);
    stream.push(30);
    await stream.stop();
    const { page } = await openSequence(httpUrl);
    await page.getByRole('textbox').fill(guest.token);
    await page.keyboard.press('Enter');
    await page.waitForSelector('[data-testid=numbers]');
    await expect.poll(() => said(page)).toMatch(/^They are not yours to steer: .*\(permission-denied\)$/);
    expect(await page.getByRole('button', { name: 'Checkpoint' }).isDisabled()).toBe(true);
  });

  it('[BRW18] has every step after its connection broke', async () => {
    let port = 0;
    const proxy = await startProxy(() => port);
    endings.push(() => proxy.close());
    const address = proxy.url.replace('ws:', 'http:');
    const server = await startServer({}, 0, { security: { origins: [address] } });
    const { url } = server;
    port = server.port;
    const stream = new Stream(dial(url), 's', SPEC);
    await stream.handle.opened;
    stream.push(20);
    const { page } = await openSequence(address);
    await page.waitForSelector('[data-testid=numbers]');
    stream.start(200);
    await expect.poll(() => steps(page)).toBeGreaterThan(200);
    proxy.block(true);
    proxy.cut();
    await page.locator('[data-testid=freshness]', { hasText: 'not connected' }).waitFor();
    const during = stream.pushed;
    await expect.poll(() => stream.pushed).toBeGreaterThan(during + 100);
    proxy.block(false);
    await expect.poll(() => steps(page)).toBeGreaterThan(during + 200);
    await stream.stop();
    await expectWhole(page);
    await page.getByText(/^The last \d+$/).click();
    expect(await page.locator('[data-testid=events]').innerText()).toContain('page disconnected');
  });

  it('[BRW18] has every step after the server started anew', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'eddy-page-'));
    endings.push(() => rmSync(folder, { recursive: true }));
    const first = await startServer({}, 0, { store: await openLmdbStore(folder) });
    const stream = new Stream(dial(first.url), 's', SPEC);
    await stream.handle.opened;
    const { page } = await openSequence(first.httpUrl);
    await page.waitForSelector('[data-testid=numbers]');
    stream.start(200);
    await expect.poll(() => steps(page)).toBeGreaterThan(200);
    await first.server.stop();
    await page.waitForSelector('.connection[data-status=waiting]');
    const before = await steps(page);
    const second = await startServer({}, first.port, { store: await openLmdbStore(folder) });
    await expect.poll(() => steps(page)).toBeGreaterThan(before + 200);
    await stream.stop();
    await expectWhole(page);
    await second.server.stop();
  });

  it('[BRW19] refuses a wrong token, and shows itself for the right one', async () => {
    const owner = newToken(['produce', 'admin', 'subscribe']);
    const { httpUrl, url } = await startServer({}, 0, { security: { tokens: tokenFile(owner) } });
    const stream = new Stream(dial(url, { token: owner.token }), 's', SPEC);
    stream.push(30);
    await stream.stop();
    const { page } = await openSequence(httpUrl);
    await page.getByRole('textbox').fill('not-a-token');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.connection[data-status=closed]');
    expect(await page.locator('[data-testid=numbers]').count()).toBe(0);
    await page.getByRole('textbox').fill(owner.token);
    await page.keyboard.press('Enter');
    await page.waitForSelector('.connection[data-status=open]');
    await page.waitForSelector('[data-testid=numbers]');
    stream.push(10);
    await expect.poll(() => steps(page)).toBe(40);
    expect(await page.getByRole('textbox').count()).toBe(0);
  });

  it.each(['light', 'dark'] as const)(
    'fits every width, and axe finds nothing serious: %s',
    async (colorScheme) => {
      const { httpUrl, url } = await startServer();
      const stream = new Stream(dial(url), 's', SPEC);
      stream.push(200);
      await stream.stop();
      for (const width of [390, 768, 1280, 1920]) {
        const { page } = await openPage(browser, { colorScheme, viewport: { width, height: 900 } });
        await page.goto(`${httpUrl}/#/s/s`);
        await page.waitForSelector('[data-testid=numbers]');
        stream.push(100);
        await expect.poll(() => steps(page)).toBeGreaterThan(99);
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
        if (width === 1280) {
          expect(await axeFindings(page)).toEqual([]);
          const unreachable = await page.evaluate(() =>
            [...document.querySelectorAll<HTMLElement>('button, a[href], select, input, summary, .heatmap')]
              .filter((element) => element.tabIndex < 0 && !(element as HTMLInputElement).disabled)
              .map((element) => element.outerHTML),
          );
          expect(unreachable).toEqual([]);
        }
        await page.context().close();
      }
    },
  );
});

/** Expects all steps that the page keeps to follow one another. */
async function expectWhole(page: Page): Promise<void> {
  await page.getByLabel('Last', { exact: true }).selectOption('5000');
  await page.locator('.timebar .value', { hasText: /^\d/ }).waitFor();
  const { lines } = await csvOf(page, 'Hidden states');
  const first = Number(lines[0]?.[0]);
  // what was kept before the break is still there
  expect(first).toBeLessThanOrEqual(20);
  expect(lines.map(([step]) => Number(step))).toEqual(lines.map((_, i) => first + i));
  expect(lines.length).toBeGreaterThan(400);
  expect(lines.flat()).not.toContain('NaN');
  const left = await page.locator('[data-testid=numbers] dd').last().innerText();
  expect(left).toBe('0');
}
