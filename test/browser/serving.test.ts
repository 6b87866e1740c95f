import { request } from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { startServer } from '../support/server.js';

/** Asks without the decompression, and the tidying of paths, that `fetch` does. */
function get(origin: string, path: string, encoding = 'identity') {
  const { hostname, port } = new URL(origin);
  return new Promise<{ status: number; headers: Record<string, unknown>; body: Buffer }>(
    (resolve, reject) => {
      request({ hostname, port, path, headers: { 'accept-encoding': encoding } }, (response) => {
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

/** The files that the page itself names. */
const filesOf = (page: string) =>
  [...page.matchAll(/(?:src|href)="\.\/(assets\/[^"]+)"/g)].map(([, file]) => `/${file}`);

describe('the server', () => {
  it('serves the page anew each time, and its files, which are named after what is in them, for ever', async () => {
    const { httpUrl } = await startServer();
    const page = await get(httpUrl, '/');
    expect([page.status, page.headers['cache-control']]).toEqual([200, 'no-cache']);
    const files = filesOf(String(page.body));
    expect(files.map((file) => file.replace(/.*\./, '')).sort()).toEqual(['css', 'js', 'svg']);
    for (const file of files) {
      const { status, headers } = await get(httpUrl, file);
      expect([status, headers['cache-control']]).toEqual([200, 'public, max-age=31536000, immutable']);
      expect(file).toMatch(/-[\w-]{8}\.\w+$/);
    }
  });

  it('sends them compressed as the browser takes them', async () => {
    const { httpUrl } = await startServer();
    const script = filesOf(String((await get(httpUrl, '/')).body)).find((file) => file.endsWith('.js'))!;
    const [plain, gzip, brotli] = await Promise.all(
      ['identity', 'gzip', 'gzip, br'].map((encoding) => get(httpUrl, script, encoding)),
    );
    expect([plain, gzip, brotli].map((each) => each!.headers['content-encoding'])).toEqual([
      undefined,
      'gzip',
      'br',
    ]);
    expect(gunzipSync(gzip!.body).equals(plain!.body)).toBe(true);
    expect(brotliDecompressSync(brotli!.body).equals(plain!.body)).toBe(true);
    expect(brotli!.headers).toMatchObject({ vary: 'accept-encoding' });
    expect(brotli!.headers['content-type']).toMatch(/^(text|application)\/javascript/);
  });

  it('[BRW2] forbids the page inline scripts, eval, foreign addresses and frames', async () => {
    const { httpUrl } = await startServer();
    const { headers, body } = await get(httpUrl, '/');
    const policy = String(headers['content-security-policy']).split('; ');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy.join(' ')).not.toContain('unsafe-inline');
    expect(policy.join(' ')).not.toContain("'unsafe-eval'");
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
    expect(String(body)).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=/);
  });

  it('[BRW2] has nothing else to give, whatever the path', async () => {
    const { httpUrl } = await startServer();
    for (const path of [
      '/nope',
      '/assets/',
      '/../package.json',
      '/%2e%2e/package.json',
      '/assets/..%2f..%2fpackage.json',
    ])
      expect((await get(httpUrl, path)).status, path).toBeGreaterThanOrEqual(400);
  });
});
