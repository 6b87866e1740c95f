/** Serves the client for pages without a bundler, built by scripts/build-client.mjs, at `/client/eddy-client.js`. */
import type { HttpServer } from './http.js';
import { builtFolder, readStaticFiles, sendFile } from './static-files.js';

/** Any page may load the code; whether it may connect is decided when it does. */
const HEADERS = {
  'access-control-allow-origin': '*',
  'cross-origin-resource-policy': 'cross-origin',
  'x-content-type-options': 'nosniff',
  // the address stays the same from one version to the next, so a browser asks whether its copy is the present one
  'cache-control': 'no-cache',
};

export function addClientFile(http: HttpServer, warn: (text: string) => void): void {
  const folder = builtFolder('browser/client');
  if (!folder) {
    warn('the browser client is missing: `npm run build` builds it');
    return;
  }
  for (const file of readStaticFiles(folder))
    http.on('GET', `/client/${file.path}`, ({ request, response }) => {
      sendFile(file, request, response, HEADERS);
    });
}
