/** Serves the dashboard: the bundle that scripts/build-dashboard.mjs builds and compresses. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import serveFiles from '@fastify/static';
import type { FastifyInstance } from 'fastify';

/** A page may load its own files, talk to its own server, and run WebAssembly: no inline script, no eval, no frames. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "connect-src 'self' ws: wss:",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy':
    'accelerometer=(self), gyroscope=(self), microphone=(self), camera=(), geolocation=()',
  // the same URL is sent compressed or not, as the browser accepts
  vary: 'accept-encoding',
};

/** Where the bundle is: seen from dist/src/server/http when installed, or from src/server/http. */
const PLACES = ['../../../dashboard/', '../../../dist/dashboard/'];

/** A fastify plugin that serves the bundle at `/`. Hashed files are cached for ever; the page itself is revalidated. */
export async function dashboard(app: FastifyInstance): Promise<void> {
  const root = PLACES.map((place) => fileURLToPath(new URL(place, import.meta.url))).find((place) =>
    existsSync(`${place}index.html`),
  );
  if (!root) {
    app.log.warn('the dashboard is missing: `npm run build` builds it');
    return;
  }
  app.addHook('onSend', async (_request, reply) => {
    reply.headers(HEADERS);
  });
  await app.register(serveFiles, {
    root,
    wildcard: false,
    preCompressed: true,
    cacheControl: false,
    setHeaders: (reply, path) => {
      const isHashed = path.startsWith(`${root}assets/`);
      reply.setHeader('cache-control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
}
