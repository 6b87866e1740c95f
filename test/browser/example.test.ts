import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../client/sdk/node.js';
import { launchBrowser, openPage } from '../support/browser.js';
import { startServer } from '../support/server.js';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

describe('the page without a bundler', () => {
  it('[EXA4] shows the hidden states of a sequence as they come', async () => {
    const pages = createServer((_request, response) =>
      response
        .setHeader('content-type', 'text/html')
        .end(readFileSync(new URL('../../examples/page.html', import.meta.url))),
    );
    await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve));
    const origin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;
    const { url, httpUrl } = await startServer({}, 0, { origins: [origin] });
    const client = connect(url);
    const pump = client.open('pump', { spec: { features: 1, units: 4 } });
    let h: Float32Array = new Float32Array();
    pump.states$.subscribe((state) => {
      h = state.h;
    });
    const { page, said } = await openPage(browser);
    await page.goto(`${origin}/?server=${httpUrl}&sequence=pump`);
    await pump.opened;
    let seq = 0;
    await expect
      .poll(async () => {
        for (let i = 0; i < 10; i++) pump.push([Math.sin(seq++)]);
        return page.locator('#step').textContent();
      })
      .toMatch(/^\d\d+: h\[0\]/);
    await pump.drained();
    await expect.poll(() => page.locator('#step').textContent()).toBe(`${seq - 1}: h[0] ${h[0]}`);
    expect(said.filter((line) => !line.includes('favicon'))).toEqual([]);
    const shades = await page.locator('canvas').evaluate((element) => {
      const context = (element as HTMLCanvasElement).getContext('2d')!;
      return [80, 240, 400, 560].map((x) => [...context.getImageData(x, 32, 1, 1).data.slice(0, 3)]);
    });
    // blue below 0, red above
    expect(shades.map(([red = 0, , blue = 0]) => Math.sign(red - blue))).toEqual([...h].map(Math.sign));
    client.close();
    await new Promise((resolve) => pages.close(resolve));
  });
});
