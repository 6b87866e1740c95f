#!/usr/bin/env node
// Takes pictures of the dashboard as it really runs: npm run screenshots [-- --out FOLDER --only NAME]
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import carried from '@sparticuz/chromium';
import { chromium } from 'playwright-core';
import { composeServer, createLogger } from '../dist/src/cli/compose.js';

const WIDTHS = { 390: 844, 1280: 900, 1920: 1080 };
const THEMES = ['light', 'dark'];
/** Each with what it waits for until the picture is taken. */
const PAGES = [
  { name: 'fleet', path: '#/', ready: '[data-status=open]' },
  { name: 'try', path: '#/try?v=1&steps=3000&speed=2000', ready: '[data-testid=run][data-status=ended]' },
  {
    name: 'memory',
    path: '#/try?v=1&signal=add-task&steps=12000&speed=0&units=16&k1=2&k2=2&rate=0.005&compare=1&b.k2=12',
    ready: '[data-testid=run][data-status=ended]',
  },
  {
    name: 'same-bits',
    path: '#/try?v=1&steps=1500&speed=0&compare=1&b.where=server',
    ready: '[data-testid=verdict][data-same=true]',
  },
  { name: 'csv', path: '#/try?v=1&signal=csv', ready: '.drop' },
  { name: 'drawing', path: '#/try?v=1&signal=drawing', ready: '.pad' },
  { name: 'bad-link', path: '#/try?v=1&units=many&colour=red', ready: '.empty' },
];

const { values } = parseArgs({
  options: { out: { type: 'string', default: 'dist/screenshots' }, only: { type: 'string' } },
});
mkdirSync(values.out, { recursive: true });

const server = composeServer({ logger: createLogger('silent') });
const { port } = await server.listen('127.0.0.1', 0);
const installed = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path));
carried.setGraphicsMode = false;
const browser = await chromium.launch({
  executablePath: installed ?? (await carried.executablePath()),
  args: ['--no-sandbox', '--disable-gpu'],
});
try {
  for (const theme of THEMES)
    for (const [width, height] of Object.entries(WIDTHS)) await shoot(theme, Number(width), height);
} finally {
  await browser.close();
  await server.stop();
}

async function shoot(theme, width, height) {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    locale: 'en-US',
  });
  for (const { name, path, ready } of PAGES) {
    if (values.only && name !== values.only) continue;
    const page = await context.newPage();
    page.on('console', (message) => console.error(`${name}: ${message.text()}`));
    page.on('pageerror', (error) => console.error(`${name}: ${error.message}`));
    await page.goto(`http://127.0.0.1:${port}/${path}`);
    await page.waitForSelector(ready, { timeout: 60_000 });
    // the last draw comes within a frame or two
    await page.waitForTimeout(300);
    await page.screenshot({ path: join(values.out, `${name}-${width}-${theme}.png`), fullPage: true });
    await page.close();
  }
  await context.close();
}
