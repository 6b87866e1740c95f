import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalRunner } from '../../client/dashboard/try/local-runner.js';
import { specOf } from '../../client/dashboard/try/model-spec.js';
import { parseSetting } from '../../client/dashboard/try/setting.js';
import { createSignal, type Row } from '../../client/dashboard/try/signal.js';
import {
  axeFindings,
  coloursOf,
  csvOf,
  heatmapColours,
  launchBrowser,
  openPage,
} from '../support/browser.js';
import { startServer } from '../support/server.js';

const ENDED = '[data-testid=run][data-status=ended]';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
}, 60_000);
afterAll(() => browser.close());

const hashOf = (page: Page, runner: 'A' | 'B') =>
  page.locator(`[data-testid=hash-${runner}] code`).innerText();

/** What the library itself makes of a setting. */
function runHere(query: string) {
  const setting = parseSetting(query);
  const signal = createSignal(setting);
  const rows = Array.from({ length: setting.steps }, () => signal.next() as Row);
  const runner = new LocalRunner(specOf(setting, { features: 1 }, setting.a), setting.steps);
  const x = Float64Array.from(rows.flatMap((row) => row.x));
  return { rows, batch: runner.run({ first: 0, count: rows.length, x, t: null, targets: null }) };
}

describe('the page', () => {
  it('loads under its policy, finds its server, and says nothing on the console', async () => {
    const { httpUrl } = await startServer();
    const { page, said } = await openPage(browser);
    for (const path of ['#/', '#/try?v=1&steps=200&speed=0', '#/nowhere']) {
      await page.goto(`${httpUrl}/${path}`);
      await page.waitForSelector('.connection[data-status=open]');
    }
    await page.goto(`${httpUrl}/#/try?v=1&steps=200&speed=0`);
    await page.waitForSelector(ENDED);
    expect(said).toEqual([]);
    await page.context().close();
  });

  it('[BRW4] takes at most 150 KB to load, and the network itself only where it is tried', async () => {
    const { httpUrl } = await startServer();
    const { page } = await openPage(browser);
    const loaded: { path: string; bytes: number }[] = [];
    page.on('response', async (response) => {
      if (!response.url().startsWith('http')) return;
      const { responseBodySize } = await response.request().sizes();
      loaded.push({ path: new URL(response.url()).pathname, bytes: responseBodySize });
    });
    await page.goto(`${httpUrl}/`);
    await page.waitForSelector('.connection[data-status=open]');
    const total = loaded.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(total).toBeGreaterThan(20_000);
    expect(total).toBeLessThanOrEqual(150_000);
    expect(loaded.filter(({ path }) => /worker|TryIt/.test(path))).toEqual([]);
    await page.context().close();
  });

  it('tells that the server is gone, and finds it again', async () => {
    const { httpUrl, server, port } = await startServer();
    const { page } = await openPage(browser);
    await page.goto(httpUrl);
    await page.waitForSelector('.connection[data-status=open]');
    await server.stop();
    await page.waitForSelector('.connection[data-status=waiting]');
    expect(await page.locator('.connection .label').innerText()).toMatch(/^retrying in \d s$/);
    await startServer({}, port);
    await page.waitForSelector('.connection[data-status=open]');
    await page.context().close();
  });
});

describe('a run on the page', () => {
  it('[BRW6] has the same hash in browser, server and library, each time its link is opened', async () => {
    const query = 'v=1&steps=600&speed=0&units=12&seed=7';
    const expected = runHere(query).batch.checkpoints.at(-1)!.hash;
    const { httpUrl } = await startServer();
    for (let time = 0; time < 2; time++) {
      const { page } = await openPage(browser);
      await page.goto(`${httpUrl}/#/try?${query}&compare=1&b.where=server`);
      await page.waitForSelector(ENDED);
      await page.waitForSelector('[data-testid=verdict][data-same=true]');
      await expect
        .poll(async () => [await hashOf(page, 'A'), await hashOf(page, 'B')])
        .toEqual([expected, expected]);
      await page.waitForSelector('[data-testid=verdict][data-same=true]');
      await page.context().close();
    }
  });

  it('[BRW7] draws what the model said: the numbers of its charts are those of the library', async () => {
    const query = 'v=1&steps=300&speed=0&units=6&horizon=2';
    const { rows, batch } = runHere(query);
    const { httpUrl } = await startServer();
    const { page } = await openPage(browser, { acceptDownloads: true });
    await page.goto(`${httpUrl}/#/try?${query}`);
    await page.waitForSelector(ENDED);
    const forecast = await csvOf(page, 'Truth and forecast');
    expect(forecast.header).toBe('step,x,forecast');
    expect(forecast.lines).toHaveLength(302);
    forecast.lines.forEach(([step, x, y], t) => {
      expect(Number(step)).toBe(t);
      expect(x).toBe(t < 300 ? String(rows[t]!.x[0]) : '');
      expect(y).toBe(t < 2 ? '' : String(batch.y[t - 2]));
    });
    const states = await csvOf(page, 'Hidden states');
    expect(states.lines.flatMap((line) => line.slice(1).map(Number))).toEqual([...batch.h]);

    // and the pixels: a column for each step, up to those that are forecast
    const steps = [5, 77, 150, 299];
    expect(await heatmapColours(page, steps, 6, 0, 302)).toEqual(
      coloursOf(steps.map((step) => batch.h.subarray(6 * step, 6 * step + 6))),
    );
    await page.context().close();
  });

  it('is paused, taken step by step, looked back through, and begun again', async () => {
    const { httpUrl } = await startServer();
    const { page } = await openPage(browser);
    await page.goto(`${httpUrl}/#/try?v=1&speed=500&steps=100000`);
    const run = page.locator('[data-testid=run]');
    const steps = async () => Number(await run.getAttribute('data-steps'));
    await expect.poll(steps).toBeGreaterThan(300);
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.waitForSelector('[data-testid=run][data-status=paused]');
    // what was under way comes back
    let before = -1;
    await expect
      .poll(async () => {
        const last = before;
        before = await steps();
        return before - last;
      })
      .toBe(0);
    await page.getByRole('button', { name: '20 steps' }).click();
    await expect.poll(steps).toBe(before + 20);

    await page.getByLabel('Last', { exact: true }).selectOption('100');
    await page.getByRole('slider', { name: 'Scrub' }).fill('150');
    const shown = page.locator('.timebar .value');
    await expect.poll(() => shown.innerText()).toBe('50 – 150, held');
    await page.getByRole('button', { name: 'Follow again' }).click();
    await expect.poll(() => shown.innerText()).toContain((before + 20).toLocaleString('en'));

    await page.getByLabel('Units', { exact: true }).fill('8');
    await page.getByLabel('Units', { exact: true }).press('Tab');
    await expect.poll(() => page.url()).toContain('units=8');
    await expect.poll(() => page.locator('.heatmap-key .value').innerText()).toBe('8 units');
    await page.context().close();
  });

  it('[BRW20] takes a file that is dropped, and says what is wrong with one that cannot be read', async () => {
    const { httpUrl } = await startServer();
    const { page } = await openPage(browser);
    await page.goto(`${httpUrl}/#/try?v=1&signal=csv&speed=0`);
    await page.waitForSelector('.drop');
    const drop = (name: string, text: string) =>
      page.evaluate(
        ([file, content]) => {
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File([content!], file!, { type: 'text/csv' }));
          window.dispatchEvent(new DragEvent('drop', { dataTransfer, cancelable: true }));
        },
        [name, text],
      );
    await drop('letter.txt', 'This is a letter.\nIt has no numbers.\n');
    await page.waitForSelector('.problem');
    expect(await page.locator('.problem').innerText()).toContain(
      'letter.txt cannot be read: no column holds a number',
    );
    const lines = Array.from({ length: 150 }, (_, i) => `${Math.sin(i / 5)},${i % 7 === 0 ? '' : i % 50}`);
    await drop('good.csv', `wave,ramp\n${lines.join('\n')}\noops,1\n${'0.5,1\n'.repeat(50)}`);
    await page.waitForSelector(ENDED);
    await expect.poll(() => page.locator('[data-testid=run]').getAttribute('data-steps')).toBe('200');
    expect(await page.getByLabel('Column shown').locator('option').allInnerTexts()).toEqual(['wave', 'ramp']);
    expect(await page.locator('.problem').count()).toBe(0);
    const notes = await page.getByLabel('What is to be known of the file').innerText();
    expect(notes).toContain('skipped: line 152: wave is "oops"');
    expect(notes).toContain('1 bad row skipped');
    expect(notes).toContain('gaps: ramp 22');
    await page.context().close();
  });

  it('[BRW20] reads what sensors write: decimal commas, units, gz, UTF-16, NDJSON', async () => {
    const { httpUrl } = await startServer();
    const { page, said } = await openPage(browser);
    await page.goto(`${httpUrl}/#/try?v=1&signal=csv&speed=0`);
    for (const [name, ...told] of [
      [
        'semi_deccomma.csv',
        'csv, delimiter ;',
        'timestamp (iso, UTC if it tells no zone): 2024-01-01',
        'temp',
      ],
      ['units.csv', 'temp [°C]', 'hum [%]'],
      ['packed.csv', 'packed.csv'],
      ['utf16.csv', '°C'],
      ['nested.ndjson', '(ndjson)', 'v.temp', 'id: text, such as "a"'],
    ] as const) {
      await page.getByLabel('Choose a file').setInputFiles(`test/fixtures/readings/${name}`);
      await page.locator('[data-testid=told]', { hasText: name }).waitFor();
      await page.waitForSelector(ENDED);
      const text = await page.getByRole('region', { name: 'The file' }).innerText();
      for (const part of told) expect(text).toContain(part);
    }
    expect(said).toEqual([]);
    await page.context().close();
  });

  it('[BRW20] is told how a file is read, what is taken of it and what is forecast, and its link holds that', async () => {
    const { httpUrl } = await startServer();
    const { page } = await openPage(browser);
    const file = page.getByLabel('Choose a file');
    const run = page.locator('[data-testid=run]');
    await page.goto(`${httpUrl}/#/try?v=1&signal=csv&speed=0`);
    await file.setInputFiles('test/fixtures/readings/time_ambiguous.csv');
    await page.waitForSelector('.problem');
    expect(await page.locator('.problem').innerText()).toContain('Say which with “Time format” DD/MM/YYYY');
    await page.getByLabel('Time format').fill('DD/MM/YYYY HH:mm');
    await page.getByLabel('Time format').press('Tab');
    await page.waitForSelector(ENDED);
    expect(await page.getByTestId('told').innerText()).toContain('2024-04-03 10:00:00');
    expect(page.url()).toContain('read.timeFormat=DD%2FMM%2FYYYY');

    const rows = Array.from({ length: 120 }, (_, i) => {
      const time = new Date(Date.UTC(2024, 0, 1) + i * 600_000).toISOString();
      return `${time},${20 + (i % 7)},${i % 5},${i % 11 === 0 ? '' : i % 3}`;
    });
    const content = Buffer.from(`time,temp [°C],hum (%),flow\n${rows.join('\n')}\n`);
    await page.goto(`${httpUrl}/#/try?v=1&signal=csv&speed=0&compare=1&b.where=server`);
    await file.setInputFiles({ name: 'room.csv', mimeType: 'text/csv', buffer: content });
    await page.waitForSelector(ENDED);
    await page.getByLabel('hum (%)', { exact: true }).uncheck();
    await expect.poll(() => page.url()).not.toContain('hum');
    await page.waitForSelector(ENDED);
    await page.getByLabel('Forecast', { exact: true }).selectOption('flow');
    await page.getByLabel('time of day').check();
    await expect.poll(() => page.url()).toContain('target=flow&calendar=hour');
    await page.waitForSelector(`${ENDED}[data-steps="120"]`);
    await page.waitForSelector('[data-testid=verdict][data-same=true]');
    expect(await page.getByLabel('Column shown').locator('option').allInnerTexts()).toEqual([
      'temp [°C], not forecast',
      'flow',
    ]);
    const { header, lines } = await csvOf(page, 'Truth and forecast');
    expect(header).toContain('flow,forecast A,forecast B');
    const flow = header.split(',').indexOf('flow');
    expect(lines[11]![flow]).toBe('');
    const hash = await hashOf(page, 'A');

    const other = await openPage(browser);
    await other.page.goto(page.url());
    await other.page.getByText('This link needs the file room.csv').waitFor();
    await other.page
      .getByLabel('Choose a file')
      .setInputFiles({ name: 'room.csv', mimeType: 'text/csv', buffer: content });
    await other.page.waitForSelector(`${ENDED}[data-steps="120"]`);
    expect(await hashOf(other.page, 'A')).toBe(hash);
    expect(await run.getAttribute('data-status')).toBe('ended');
    await other.page.context().close();
    await page.context().close();
  });

  it('is drawn with the pointer, and its link holds the drawing', async () => {
    const { httpUrl } = await startServer();
    const { page } = await openPage(browser);
    await page.goto(`${httpUrl}/#/try?v=1&signal=drawing&steps=200&speed=0`);
    const box = (await page.locator('.pad').boundingBox())!;
    await page.mouse.move(box.x + 2, box.y + 10);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2, box.y + box.height - 10, { steps: 8 });
    await page.mouse.move(box.x + box.width - 2, box.y + 10, { steps: 8 });
    await page.mouse.up();
    await page.waitForSelector(ENDED);
    const hash = await hashOf(page, 'A');
    const other = await openPage(browser);
    await other.page.goto(page.url());
    await other.page.waitForSelector(ENDED);
    expect(await hashOf(other.page, 'A')).toBe(hash);
    await other.page.context().close();
    await page.context().close();
  });

  it('is not begun from a link that cannot be read, which is told', async () => {
    const { httpUrl } = await startServer();
    const { page } = await openPage(browser);
    await page.goto(`${httpUrl}/#/try?v=1&units=many`);
    await page.waitForSelector('.empty');
    expect(await page.locator('.empty').innerText()).toContain('units: a whole number from 1 to 256');
    await page.getByRole('link', { name: 'Begin with the defaults' }).click();
    await page.waitForSelector('[data-testid=run]');
    await page.context().close();
  });
});

describe('the page is for everybody', () => {
  it.each(['light', 'dark'] as const)('[BRW11] axe finds nothing serious: %s', async (colorScheme) => {
    const { httpUrl } = await startServer();
    const { page } = await openPage(browser, { colorScheme });
    for (const path of [
      '#/',
      '#/try?v=1&steps=300&speed=0&compare=1&b.units=8',
      '#/try?v=1&signal=csv',
      '#/try?v=9',
    ]) {
      await page.goto(`${httpUrl}/${path}`);
      await page.waitForSelector(path.includes('steps') ? ENDED : '.empty, .drop');
      expect(await axeFindings(page)).toEqual([]);
    }
    await page.goto(`${httpUrl}/#/try?v=1&signal=csv&speed=0`);
    for (const [file, ready] of [
      ['time_ambiguous.csv', '.problem'],
      ['nested.ndjson', ENDED],
    ] as const) {
      await page.getByLabel('Choose a file').setInputFiles(`test/fixtures/readings/${file}`);
      await page.waitForSelector(ready);
      expect(await axeFindings(page)).toEqual([]);
    }
    await page.context().close();
  });

  it('[BRW12] fits from a phone to a projector, and every control can be reached with the keyboard', async () => {
    const { httpUrl } = await startServer();
    for (const width of [390, 768, 1280, 1920]) {
      const { page } = await openPage(browser, { viewport: { width, height: 900 } });
      await page.goto(`${httpUrl}/#/try?v=1&steps=100&speed=0&compare=1`);
      await page.waitForSelector(ENDED);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
      await page.context().close();
    }
    const { page } = await openPage(browser);
    await page.goto(`${httpUrl}/#/try?v=1&steps=100&speed=0`);
    await page.waitForSelector(ENDED);
    const unreachable = await page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>('button, a[href], select, input, .heatmap')]
        .filter((element) => element.tabIndex < 0 && !(element as HTMLInputElement).disabled)
        .map((element) => element.outerHTML),
    );
    expect(unreachable).toEqual([]);
    await page.locator('.heatmap').focus();
    await page.keyboard.press('ArrowDown');
    expect(await page.locator('.heatmap-key .value').innerText()).toMatch(/^unit 1, step 99: /);
    await page.context().close();
  });

  it('is light or dark as the system is, until the other is chosen, which outlasts a reload', async () => {
    const { httpUrl } = await startServer();
    const { page } = await openPage(browser, { colorScheme: 'dark' });
    await page.goto(httpUrl);
    const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
    expect(await theme()).toBe('dark');
    await page.getByRole('button', { name: 'Dark theme' }).click();
    expect(await theme()).toBe('light');
    await page.reload();
    expect(await theme()).toBe('light');
    await page.context().close();
  });
});
