/**
 * Refuses requests that two readers could understand differently: a proxy that takes the first of two `Host` headers and
 * a server that takes the last, say. Node's parser refuses what breaks the frame of a request (two lengths, a folded
 * line, a bare line feed); what is here is well framed, and means two things or none.
 */
import type { IncomingMessage } from 'node:http';
import type { Refusal } from '../auth/origins.js';

/** Headers that say one thing: twice they say two. */
const ONCE: ReadonlySet<string> = new Set([
  'authorization',
  'content-length',
  'content-type',
  'expect',
  'host',
  'origin',
  'referer',
  'sec-fetch-site',
  'sec-websocket-key',
  'sec-websocket-protocol',
  'sec-websocket-version',
  'transfer-encoding',
  'upgrade',
]);

/** A path and a query of printable ASCII, without a fragment or a backslash, which browsers read as a slash. */
const TARGET = /^\/[\x21-\x7e]*$/;
const UNCLEAR = /[#\\]|%(?![\da-f]{2})|%[01][\da-f]|%7f/i;

/** Gives the refusal of an ambiguous request, or null if it can be understood in one way only. */
export function ambiguityOf(request: IncomingMessage, isUpgrade: boolean): Refusal | null {
  const fault = targetFault(request) ?? headerFault(request) ?? (isUpgrade ? upgradeFault(request) : null);
  return fault === null ? null : { status: 400, reason: fault };
}

function targetFault({ url = '', method }: IncomingMessage): string | null {
  if (url === '*' && method === 'OPTIONS') return null;
  if (!url.startsWith('/')) return 'the request names another server than Host, or none: ask for a path';
  if (!TARGET.test(url) || UNCLEAR.test(url)) return 'the path has a character that must not be there';
  return null;
}

function headerFault({
  rawHeaders,
  headers,
  httpVersionMajor,
  httpVersionMinor,
}: IncomingMessage): string | null {
  const seen = new Set<string>();
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase();
    if (ONCE.has(name) && seen.has(name)) return `the header ${name} is there more than once`;
    seen.add(name);
  }
  const isOld = httpVersionMajor < 1 || (httpVersionMajor === 1 && httpVersionMinor === 0);
  if (!isOld && headers.host === undefined) return 'the header host is missing';
  if (headers['content-length'] !== undefined && headers['transfer-encoding'] !== undefined)
    return 'the request has two lengths: content-length and transfer-encoding';
  return null;
}

/** What follows an upgrade is the new protocol's: a body before it would be read as frames. */
function upgradeFault({
  headers,
  method,
  httpVersionMajor,
  httpVersionMinor,
}: IncomingMessage): string | null {
  if (httpVersionMajor !== 1 || httpVersionMinor !== 1 || method !== 'GET')
    return 'an upgrade is a GET of HTTP/1.1';
  if (headers.upgrade?.toLowerCase() !== 'websocket') return 'the header upgrade must be websocket';
  if (headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0')
    return 'an upgrade has no body';
  return null;
}
