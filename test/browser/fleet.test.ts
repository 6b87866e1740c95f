import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, connect } from '../../client/sdk/node.js';
import { axeFindings, launchBrowser, openPage } from '../support/browser.js';
import { startServer } from '../support/server.js';
import { Stream } from '../support/stream.js';

let browser: Browser;
const clients: Client[] = [];
beforeAll(async () => {
  browser = await launchBrowser();
}, 60_000);
afterAll(async () => {
  for (const client of clients) client.close();
  await browser.close();
});

/** Makes sequences `plant-0/pump-0` .. with 20 steps each; a socket holds 200 of them. */
async function openMany(url: string, count: number): Promise<void> {
  for (let first = 0; first < count; first += 200) {
    const client = connect(url);
    clients.push(client);
    const streams = Array.from(
      { length: Math.min(200, count - first) },
      (_, i) => new Stream(client, `plant-${(first + i) % 7}/pump-${first + i}`, { features: 1, units: 2 }),
    );
    for (const stream of streams) stream.push(20);
    await Promise.all(streams.map((stream) => stream.stop()));
  }
}

describe('the list of sequences', () => {
  it('has a thousand of them with the rows in sight only, and is searched, sorted and gone through', async () => {
    const { httpUrl, url } = await startServer();
    await openMany(url, 1000);
    const { page, said } = await openPage(browser);
    await page.goto(httpUrl);
    await page.getByRole('heading', { name: '1,000 sequences' }).waitFor();
    const rows = page.locator('tbody .fleet-row');
    expect(await rows.count()).toBeGreaterThan(10);
    expect(await rows.count()).toBeLessThan(60);

    await page.locator('tbody a').first().focus();
    await page.keyboard.press('End');
    const focused = () => page.evaluate(() => document.activeElement?.textContent);
    await expect.poll(focused).toBe('plant-6/pump-993' satisfies string);
    expect(await rows.count()).toBeLessThan(60);
    await page.keyboard.press('ArrowUp');
    await expect.poll(focused).toBe('plant-6/pump-986');
    await page.keyboard.press('Home');
    await expect.poll(focused).toBe('plant-0/pump-0');

    await page.keyboard.press('/');
    await page.keyboard.type('PUMP-99 plant-1');
    await expect
      .poll(() => rows.locator('a').allInnerTexts())
      .toEqual(['plant-1/pump-99', 'plant-1/pump-995']);
    await page.getByRole('searchbox').fill('');
    await page.getByRole('button', { name: 'name' }).click();
    await expect.poll(() => rows.locator('a').first().innerText()).toBe('plant-6/pump-993');
    expect(await page.locator('th[data-column=name]').getAttribute('aria-sort')).toBe('descending');
    await page.getByRole('searchbox').fill('nothing of this');
    await page.getByRole('button', { name: 'Show all' }).click();
    await rows.locator('a').first().click();
    await page.getByRole('heading', { name: 'plant-6/pump-993' }).waitFor();
    expect(said).toEqual([]);
    await page.context().close();
  });

  it('says what to do while there is none', async () => {
    const { httpUrl, url } = await startServer();
    const { page } = await openPage(browser);
    await page.goto(httpUrl);
    await page.getByRole('heading', { name: 'No sequence is known' }).waitFor();
    expect(await page.locator('.command code').innerText()).toContain('npx eddy push');
    await openMany(url, 1);
    await page.getByRole('heading', { name: '1 sequence' }).waitFor();
    const cell = (column: string) => page.locator(`tbody [data-column="${column}"]`).innerText();
    expect(await cell('steps')).toBe('20');
    expect(await cell('fields')).toBe('x0 -0.6119');
    expect((await cell('state')).trim()).toBe('awake');
    await page.context().close();
  });

  it.each(['light', 'dark'] as const)(
    'fits every width, and axe finds nothing serious: %s',
    async (colorScheme) => {
      const { httpUrl, url } = await startServer();
      await openMany(url, 40);
      for (const width of [390, 768, 1280, 1920]) {
        const { page } = await openPage(browser, { colorScheme, viewport: { width, height: 900 } });
        await page.goto(httpUrl);
        await page.getByRole('heading', { name: '40 sequences' }).waitFor();
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
        if (width === 1280) expect(await axeFindings(page)).toEqual([]);
        await page.context().close();
      }
    },
  );
});
