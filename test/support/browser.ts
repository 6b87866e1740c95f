/** A real browser: Debian's Chromium where it is found, or else the one that an npm package carries. */
import { existsSync } from 'node:fs';
import carried from '@sparticuz/chromium';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

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
  const page = await context.newPage();
  const said: string[] = [];
  page.on('console', (message) => said.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => said.push(`error: ${error.message}`));
  return { page, said };
}
