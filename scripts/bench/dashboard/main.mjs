/**
 * What pages that watch live sequences cost their browser: work of the main thread from frame to frame, and the heap.
 *
 *   node scripts/bench/dashboard/main.mjs [--minutes 10] [--pages 4] [--rate 200] [--units 128]     after npm run build
 *
 * The server has a process of its own, each page one too. A trace of ten seconds is taken at the begin, in the middle and
 * at the end; the heap each minute, after a collection.
 */
import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import carried from '@sparticuz/chromium';
import { chromium } from 'playwright-core';
import { connect } from '../../../dist/client/sdk/node.js';
import { traceFrames } from './trace.mjs';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    pages: { type: 'string', default: '4' },
    rate: { type: 'string', default: '200' },
    units: { type: 'string', default: '128' },
  },
});
const [minutes, count, rate, units] = [values.minutes, values.pages, values.rate, values.units].map(Number);
const TRACE_MS = 10_000;

const server = fork(new URL('../wire/server.mjs', import.meta.url), ['eddy']);
const { port } = await new Promise((resolve) => server.once('message', resolve));
const client = connect(`ws://127.0.0.1:${port}`);
const handles = Array.from({ length: count }, (_, i) =>
  client.open(`bench-${i}`, { spec: { features: 4, units, seed: i + 1 } }),
);
await Promise.all(handles.map((handle) => handle.opened));

let began = performance.now();
let t = 0;
const timer = setInterval(() => {
  const due = Math.floor(((performance.now() - began) / 1000) * rate);
  for (; t < due; t++)
    for (const handle of handles)
      if (handle.room > 0)
        handle.push(
          Float32Array.from({ length: 4 }, (_, f) => Math.sin(t / (9 + 4 * f)) + 0.1 * Math.random()),
        );
}, 10);

carried.setGraphicsMode = false;
const installed = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path));
const browser = await chromium.launch({
  executablePath: installed ?? (await carried.executablePath()),
  args: ['--no-sandbox', '--disable-gpu'],
});
const pages = await Promise.all(
  handles.map(async (_, i) => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en-US' });
    const page = await context.newPage();
    page.on('pageerror', (error) => console.error(error.message));
    await page.goto(`http://127.0.0.1:${port}/#/s/bench-${i}`);
    await page.waitForSelector('[data-testid=numbers]');
    return { page, session: await context.newCDPSession(page) };
  }),
);
const trace = await browser.newBrowserCDPSession();
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

console.log(
  `${count} pages, ${rate} steps/s each, ${units} units, ${minutes} minutes; ${new Date().toISOString().slice(0, 10)}\n`,
);
const HEAD = [
  'minute',
  'draws/s a page',
  'work from draw to draw: median / p95 / p99 ms',
  'the same on the clock',
  'work in 1/60 s: p95 / p99 ms',
  'main threads busy',
  'heap MB',
  'arrays MB',
];
console.log(`| ${HEAD.join(' | ')} |\n|${' ---: |'.repeat(HEAD.length)}`);
const traced = new Set([1, Math.ceil(minutes / 2), minutes]);
began = performance.now() - (t / rate) * 1000;
const start = performance.now();
for (let minute = 1; minute <= minutes; minute++) {
  await sleep(Math.max(0, start + minute * 60_000 - TRACE_MS - 2000 - performance.now()));
  const frames = traced.has(minute) ? await traceFrames(trace, TRACE_MS) : null;
  await sleep(Math.max(0, start + minute * 60_000 - performance.now()));
  const heap = await heaps();
  const cells = frames
    ? [
        (frames.draws / (TRACE_MS / 1000) / count).toFixed(1),
        frames.drawn.map((ms) => ms.toFixed(1)).join(' / '),
        frames.onClock.map((ms) => ms.toFixed(1)).join(' / '),
        frames.slots.map((ms) => ms.toFixed(1)).join(' / '),
        `${(100 * frames.busy).toFixed(0)} %`,
      ]
    : ['', '', '', '', ''];
  console.log(`| ${[minute, ...cells, heap.used.toFixed(2), heap.arrays.toFixed(2)].join(' | ')} |`);
}
const left = await pages[0].page.locator('[data-testid=numbers] dd').last().innerText();
console.log(`\nresults left out on the first page: ${left}`);
clearInterval(timer);
await browser.close();
client.close();
server.kill();

/** The mean of all pages, after a collection. */
async function heaps() {
  const all = [];
  for (const { session } of pages) {
    await session.send('HeapProfiler.enable');
    await session.send('HeapProfiler.collectGarbage');
    all.push(await session.send('Runtime.getHeapUsage'));
  }
  const mean = (of) => all.reduce((sum, each) => sum + of(each), 0) / all.length / 1e6;
  return {
    used: mean(({ usedSize, embedderHeapUsedSize = 0 }) => usedSize + embedderHeapUsedSize),
    arrays: mean(({ backingStorageSize = 0 }) => backingStorageSize),
  };
}
