/** A real browser: Debian's Chromium where it is found, or else the one that an npm package carries. */
import { existsSync, readFileSync } from 'node:fs';
import carried from '@sparticuz/chromium';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { colourScale, shadeOf } from '../../client/dashboard/charts/colour-scale.js';

const INSTALLED = ['/usr/bin/chromium', '/usr/bin/chromium-browser'];

export async function launchBrowser(): Promise<Browser> {
  const installed = INSTALLED.find((path) => existsSync(path));
  carried.setGraphicsMode = false;
  // not the package's own arguments: they switch off what keeps a page within its policy, and put all in one process
  return chromium.launch({
    executablePath: installed ?? (await carried.executablePath()),
    args: ['--no-sandbox', '--disable-gpu'],
  });
}

/** A page, and all that its console and its errors said. */
export interface WatchedPage {
  readonly page: Page;
  readonly said: string[];
}

export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<WatchedPage> {
  const context = await browser.newContext({
    locale: 'en-US',
    viewport: { width: 1280, height: 900 },
    ...options,
  });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const said: string[] = [];
  page.on('console', (message) => said.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => said.push(`error: ${error.message}`));
  return { page, said };
}

/** Presses the button that hands over the numbers of a chart, and reads them. */
export async function csvOf(page: Page, title: string): Promise<{ header: string; lines: string[][] }> {
  const coming = page.waitForEvent('download');
  await page.getByRole('button', { name: `${title} as CSV` }).click();
  const [header = '', ...lines] = readFileSync(await (await coming).path(), 'utf8')
    .trim()
    .split('\n');
  return { header, lines: lines.map((line) => line.split(',')) };
}

/** Gives the colours of the hidden states of steps, unit by unit, where `shown` steps fill the heatmap from `from` on. */
export const heatmapColours = (page: Page, steps: number[], units: number, from: number, shown: number) =>
  page.locator('.heatmap canvas').evaluate(
    (element, look) => {
      const canvas = element as HTMLCanvasElement;
      const { width, height } = canvas;
      // a copy: reading the page's own would slow it down, and it would say so
      const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
      if (!context) return [];
      context.drawImage(canvas, 0, 0);
      return look.steps.map((step) =>
        Array.from({ length: look.units }, (_, unit) => {
          const [x, y] = [
            ((step - look.from + 0.5) * width) / look.shown,
            ((unit + 0.5) * height) / look.units,
          ];
          return [...context.getImageData(Math.floor(x), Math.floor(y), 1, 1).data.subarray(0, 3)];
        }),
      );
    },
    { steps, units, from, shown },
  );

/** The colours that those should be. */
export function coloursOf(states: readonly ArrayLike<number>[]): number[][][] {
  const scale = colourScale('light');
  return states.map((h) =>
    Array.from(h, (value) => {
      const pixel = scale[shadeOf(value)] as number;
      return [pixel & 255, (pixel >> 8) & 255, (pixel >> 16) & 255];
    }),
  );
}

const AXE = readFileSync(new URL('../../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');

/** What axe finds on a page that is serious or critical. */
export async function axeFindings(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const found = await page.evaluate(async () => {
    const { axe } = window as unknown as {
      axe: { run(): Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }> };
    };
    return (await axe.run()).violations;
  });
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
}
