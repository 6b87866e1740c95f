import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { firstValueFrom, take, toArray } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import { connect } from '../../client/sdk/node.js';
import { launchBrowser, openPage } from '../support/browser.js';
import { startServer } from '../support/server.js';
import { waveAt } from '../support/stream.js';

const FILE = '/client/eddy-client.js';
const SPEC = { features: 2, units: 6 };
const STEPS = 40;

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

/** Asks as it stands, without the decompression that `fetch` does. */
function get(origin: string, headers: Record<string, string> = {}, method = 'GET') {
  return new Promise<{ status: number; headers: Record<string, unknown>; body: Buffer }>(
    (resolve, reject) => {
      request(`${origin}${FILE}`, { headers, method }, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(parts),
          }),
        );
      })
        .on('error', reject)
        .end();
    },
  );
}

/** Serves one page, from an origin of its own. */
async function servePage(html: () => string): Promise<string> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end(html());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endings.push(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const pageFor = (server: string) => `<!doctype html>
<title>no bundler</title>
<script type="module">
  import { connect } from '${server}${FILE}';
  const { joined$, states$ } = connect('${server}').watch('pump');
  const states = [];
  joined$.subscribe(() => { document.title = 'joined'; });
  states$.subscribe(({ seq, h }) => {
    states.push([seq, ...h]);
    if (states.length === ${STEPS}) document.body.textContent = JSON.stringify(states);
  });
</script>`;

describe('the client for a page without a bundler', () => {
  it('[PKG1] is served at an address that stays the same, to pages of any origin, and asked for again each time', async () => {
    const { httpUrl } = await startServer();
    const { status, headers, body } = await get(httpUrl);
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'no-cache',
      'access-control-allow-origin': '*',
      'x-content-type-options': 'nosniff',
      vary: 'accept-encoding',
      'content-length': String(body.length),
    });
    const again = await get(httpUrl, { 'if-none-match': String(headers.etag) });
    expect([again.status, again.body.length, again.headers.etag]).toEqual([304, 0, headers.etag]);
    const head = await get(httpUrl, {}, 'HEAD');
    expect([head.status, head.body.length, head.headers.etag]).toEqual([200, 0, headers.etag]);
    expect((await get(httpUrl, { 'if-none-match': '"another"' })).status).toBe(200);
  });

  it('[PKG1] comes compressed as it is taken, each form with an etag of its own', async () => {
    const { httpUrl } = await startServer();
    const [plain, gzip, brotli, refused] = await Promise.all(
      ['identity', 'gzip', 'gzip, br', 'br;q=0, gzip;q=0.5'].map((encoding) =>
        get(httpUrl, { 'accept-encoding': encoding }),
      ),
    );
    expect(gunzipSync(gzip!.body).equals(plain!.body)).toBe(true);
    expect(brotliDecompressSync(brotli!.body).equals(plain!.body)).toBe(true);
    expect(refused!.headers['content-encoding']).toBe('gzip');
    expect(new Set([plain, gzip, brotli].map((form) => form!.headers.etag)).size).toBe(3);
  });

  it('[PKG2] gives the page the same hidden states as a client in Node', async () => {
    let server = '';
    const page$ = await servePage(() => pageFor(server));
    const { httpUrl, url } = await startServer({}, 0, { security: { origins: [page$] } });
    server = httpUrl;
    const browser = await launchBrowser();
    endings.push(() => browser.close());
    const { page, said } = await openPage(browser);
    const client = connect(url);
    endings.push(() => client.close());
    const pump = client.open('pump', { spec: SPEC });
    await pump.opened;
    await page.goto(page$);
    await page.waitForFunction(() => document.title === 'joined');
    const states = firstValueFrom(pump.states$.pipe(take(STEPS), toArray()));
    await pump.pump(Array.from({ length: STEPS }, (_, t) => waveAt(t, SPEC.features)));
    await page.waitForFunction(() => document.body.textContent?.startsWith('[['));
    const seen = JSON.parse(await page.locator('body').innerText());
    expect(seen).toEqual((await states).map(({ seq, h }) => [seq, ...h]));
    expect(seen).toHaveLength(STEPS);
    expect(said).toEqual([]);
  });
});
