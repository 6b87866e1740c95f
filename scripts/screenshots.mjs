#!/usr/bin/env node
// Takes pictures of the dashboard as it really runs, and puts those of the README in docs:
// npm run screenshots [-- --out FOLDER --only NAME]
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import carried from '@sparticuz/chromium';
import { chromium } from 'playwright-core';
import { connect } from '../dist/client/sdk/node.js';
import { createLogger, createServer } from '../dist/src/server/create-server.js';

const WIDTHS = { 390: 844, 1280: 900, 1920: 1080 };
const THEMES = ['light', 'dark'];
/** Each with what it waits for until the picture is taken. */
const PAGES = [
  { name: 'fleet', path: '#/', ready: 'tbody .fleet-row', wait: 8000 },
  { name: 'sequence', path: '#/s/plant%2Fpump-1', ready: '[data-testid=numbers]', wait: 6000 },
  { name: 'waiting', path: '#/s/boiler', ready: '.empty' },
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

/** What the README shows: the top of a page. */
const README = {
  'sequence-1280-light': 'sequence',
  'fleet-1280-dark': 'sequences',
  'memory-1280-light': 'memory',
};
const DOCS = 'docs';
const TOP = 1290;

const { values } = parseArgs({
  options: { out: { type: 'string', default: 'dist/screenshots' }, only: { type: 'string' } },
});
mkdirSync(values.out, { recursive: true });
mkdirSync(DOCS, { recursive: true });

const server = createServer({ logger: createLogger('silent') });
const { port } = await server.listen({ port: 0 });
const client = connect(`http://127.0.0.1:${port}`);
const stopStream = await stream(client);
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
  stopStream();
  client.close();
  await browser.close();
  await server.stop();
}

async function shoot(theme, width, height) {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    locale: 'en-US',
  });
  for (const { name, path, ready, wait = 300 } of PAGES) {
    if (values.only && name !== values.only) continue;
    const page = await context.newPage();
    page.on('console', (message) => console.error(`${name}: ${message.text()}`));
    page.on('pageerror', (error) => console.error(`${name}: ${error.message}`));
    await page.goto(`http://127.0.0.1:${port}/${path}`);
    await page.waitForSelector(ready, { timeout: 60_000 });
    // what is out of sight is not drawn: the window is made as high as the page
    const high = await page.evaluate(() => document.documentElement.scrollHeight);
    if (name !== 'fleet') await page.setViewportSize({ width, height: Math.max(height, high) });
    await page.waitForTimeout(wait);
    if (name === 'sequence') await pin(page);
    const file = join(values.out, `${name}-${width}-${theme}.png`);
    await page.screenshot({ path: file, fullPage: name !== 'fleet' });
    const shown = README[`${name}-${width}-${theme}`];
    const clip = { x: 0, y: 0, width, height: Math.min(high, TOP) };
    if (shown) await page.screenshot({ path: join(DOCS, `${shown}.png`), clip, fullPage: true });
    await page.close();
  }
  await context.close();
}

/** Pins two units, and takes the pointer away. */
async function pin(page) {
  for (const y of [40, 150]) {
    await page.locator('.heatmap canvas').hover({ position: { x: 120, y } });
    await page.locator('.heatmap canvas').click({ position: { x: 120, y } });
  }
  await page.mouse.move(0, 0);
  await page.waitForTimeout(500);
}

/** Streams into twelve sequences until the function that it gives is called. */
async function stream(client) {
  const spec = { units: 32, task: { kind: 'forecast', horizon: [1, 12] } };
  const fields = [
    { name: 'pressure', unit: 'bar' },
    { name: 'flow', unit: 'm³/h' },
  ];
  const names = [
    'plant/pump-1',
    'plant/pump-2',
    'plant/fan',
    ...Array.from({ length: 9 }, (_, i) => `room-${i + 1}`),
  ];
  const handles = names.map((name, i) =>
    client.open(name, {
      fields,
      spec: i === 0 ? spec : { ...spec, units: 8 + 4 * (i % 4), seed: i + 1, task: { kind: 'forecast' } },
    }),
  );
  await Promise.all(handles.map((handle) => handle.opened));
  let t = 0;
  const round = (value) => Math.round(1000 * value) / 1000;
  const noise = () => 0.06 * (Math.random() + Math.random() - 1);
  const push = () => {
    for (const [i, handle] of handles.entries()) {
      if (handle.room === 0) continue;
      const odd = i === 0 && t % 900 > 896 ? 3 : 0;
      const pressure = 4 + Math.sin(t / (9 + i)) + 0.4 * Math.sin(t / 41) + noise() + odd;
      const flow = 12 + Math.cos(t / (23 + i)) + noise();
      // now and then a sensor says nothing for a while
      const isGap = t % 600 > 560;
      handle.push({ values: { pressure: round(pressure), flow: isGap ? null : round(flow) } });
    }
    t++;
  };
  for (let i = 0; i < 40; i++) {
    for (let k = 0; k < 100; k++) push();
    await Promise.all(handles.map((handle) => handle.drained()));
  }
  const timer = setInterval(push, 10);
  return () => clearInterval(timer);
}
