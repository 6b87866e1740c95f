/** How vite bundles the dashboard (scripts/build-dashboard.mjs) and serves it while somebody works on it (scripts/dev.mjs). */
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type ProxyOptions } from 'vite';

const browsers = ['chrome123', 'edge123', 'firefox128', 'safari17.5'];

/** The server whose sequences the page shows; `npm run dev` starts one and names it here. */
const SERVER = process.env.DASHBOARD_SERVER ?? 'http://127.0.0.1:4000';

/** What the page asks its server for. */
const PATHS = ['/stream', '/sequences', '/metrics', '/livez', '/readyz'];

export default defineConfig({
  base: './',
  plugins: [svelte({ configFile: false })],
  worker: { format: 'es' },
  server: { proxy: proxyTo(SERVER) },
  build: {
    outDir: '../../dist/dashboard',
    emptyOutDir: true,
    target: browsers,
    cssTarget: browsers,
    // a data: URI would escape the cache, and the policy for scripts
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});

/**
 * Sends the page's requests on to an Eddy server, as if that server had sent the page: it refuses the origins of other
 * pages, and this one comes from vite's port. The origin of any other page passes unchanged, and stays refused.
 */
function proxyTo(target: string): Record<string, ProxyOptions> {
  const { origin } = new URL(target);
  const isOwn = (headers: Readonly<Record<string, unknown>>) => headers.origin === `http://${headers.host}`;
  const options: ProxyOptions = {
    target,
    ws: true,
    configure: (proxy) => {
      proxy.on('proxyReq', (request, { headers }) => isOwn(headers) && request.setHeader('origin', origin));
      proxy.on('proxyReqWs', (request, { headers }) => isOwn(headers) && request.setHeader('origin', origin));
    },
  };
  return Object.fromEntries(PATHS.map((path) => [path, options]));
}
