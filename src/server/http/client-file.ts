/** Serves the client for pages without a bundler, which scripts/build-client.mjs has made, at `/client/eddy-client.js`. */
import type { HttpServer } from './http.js';
import { builtFolder, readStaticFiles, sendFile } from './static-files.js';

/** Any page may load the code; which pages may connect with it is another matter, and decided when they do. */
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
    warn('there is no client for browsers: `npm run build` makes it');
    return;
  }
  for (const file of readStaticFiles(folder))
    http.on('GET', `/client/${file.path}`, ({ request, response }) => {
      sendFile(file, request, response, HEADERS);
    });
}
