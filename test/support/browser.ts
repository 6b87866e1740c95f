/** A real browser: Debian's Chromium where it is found, or else the one that an npm package carries. */
import { existsSync } from 'node:fs';
import carried from '@sparticuz/chromium';
import { type Browser, chromium } from 'playwright-core';

const INSTALLED = ['/usr/bin/chromium', '/usr/bin/chromium-browser'];

export async function launchBrowser(): Promise<Browser> {
  const installed = INSTALLED.find((path) => existsSync(path));
  if (installed) return chromium.launch({ executablePath: installed, args: ['--no-sandbox'] });
  carried.setGraphicsMode = false;
  return chromium.launch({ executablePath: await carried.executablePath(), args: carried.args });
}
