/**
 * Serves built files from memory: all are read when the server starts, so that no path of a request ever reaches the
 * disk. A file may have a brotli (`.br`) and a gzip (`.gz`) version beside it.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
};

/** A file in one content encoding. */
interface Form {
  readonly bytes: Buffer;
  readonly etag: string;
}

export interface StaticFile {
  /** Path in its folder, with `/`. */
  readonly path: string;
  readonly type: string;
  readonly identity: Form;
  readonly br: Form | null;
  readonly gzip: Form | null;
}

/** Finds a folder of dist, seen from dist/src/server/http when installed, or from src/server/http. Null if missing. */
export function builtFolder(name: string): string | null {
  const places = ['../../../', '../../../dist/'].map((place) =>
    fileURLToPath(new URL(`${place}${name}/`, import.meta.url)),
  );
  return places.find((place) => existsSync(place)) ?? null;
}

export function readStaticFiles(folder: string): StaticFile[] {
  const form = (file: string): Form | null => {
    if (!existsSync(file)) return null;
    const bytes = readFileSync(file);
    return { bytes, etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"` };
  };
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.(br|gz)$/.test(entry.name))
    .map(({ parentPath, name }) => {
      const file = join(parentPath, name);
      return {
        path: relative(folder, file).replaceAll(sep, '/'),
        type: TYPES[extname(name)] ?? 'application/octet-stream',
        identity: form(file)!,
        br: form(`${file}.br`),
        gzip: form(`${file}.gz`),
      };
    });
}

/** Sends a file in the best available encoding that the client accepts, or 304 if the client has it. */
export function sendFile(
  { type, identity, br, gzip }: StaticFile,
  { headers }: IncomingMessage,
  response: ServerResponse,
  added: OutgoingHttpHeaders,
): void {
  const taken = [
    { coding: 'br', form: br },
    { coding: 'gzip', form: gzip },
  ].find(({ coding, form }) => form && takes(headers, coding));
  const { bytes, etag } = taken?.form ?? identity;
  const about = { ...added, etag, vary: 'accept-encoding' };
  if (hasAlready(headers, etag)) {
    response.writeHead(304, about).end();
    return;
  }
  response
    .writeHead(200, {
      ...about,
      'content-type': type,
      'content-length': bytes.length,
      ...(taken && { 'content-encoding': taken.coding }),
    })
    .end(bytes);
}

/** Tells whether a client accepts a coding: it names it without a weight, or with one above 0. */
function takes({ 'accept-encoding': accepted = '' }: IncomingHttpHeaders, coding: string): boolean {
  const offers = String(accepted)
    .split(',')
    .map((offer) =>
      offer
        .trim()
        .toLowerCase()
        .split(/\s*;\s*q=/),
    );
  return offers.some(([name, weight = '1']) => name === coding && Number(weight) > 0);
}

function hasAlready({ 'if-none-match': tags = '' }: IncomingHttpHeaders, etag: string): boolean {
  return tags.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}
