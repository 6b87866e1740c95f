/** Serves the dashboard: the bundle that scripts/build-dashboard.mjs builds and compresses. */
import type { HttpServer } from './http.js';
import { builtFolder, readStaticFiles, sendFile } from './static-files.js';

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
};

/** Serves the page at `/`. Its hashed files never change; the page itself is asked for again each time. */
export function addDashboard(http: HttpServer, warn: (text: string) => void): void {
  const folder = builtFolder('dashboard');
  if (!folder) {
    warn('the dashboard is missing: `npm run build` builds it');
    return;
  }
  for (const file of readStaticFiles(folder)) {
    const isHashed = file.path.startsWith('assets/');
    const headers = {
      ...HEADERS,
      'cache-control': isHashed ? 'public, max-age=31536000, immutable' : 'no-cache',
    };
    http.on('GET', file.path === 'index.html' ? '/' : `/${file.path}`, ({ request, response }) => {
      sendFile(file, request, response, headers);
    });
  }
}
