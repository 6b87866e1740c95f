/** Answers a refused upgrade, on the bare stream. */
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { EddyError } from '../../errors.js';
import { CHALLENGE, type Refusal } from '../auth/origins.js';

export const STOPPING: Refusal = { status: 503, reason: 'shutting down', headers: { 'Retry-After': '5' } };

const FAULT: Refusal = { status: 500, reason: 'a fault inside Eddy' };

/** The HTTP answer for a refused token. */
export function refusalBy(error: unknown): Refusal {
  if (!(error instanceof EddyError)) return FAULT;
  const reason = `${error.code}: ${error.message}`;
  if (error.code === 'authorize-failed') return { status: 503, reason, headers: { 'Retry-After': '5' } };
  if (error.temporary) return { status: 429, reason, headers: { 'Retry-After': '60' } };
  return {
    status: 401,
    reason,
    headers: { 'WWW-Authenticate': `${CHALLENGE['WWW-Authenticate']}, error="invalid_token"` },
  };
}

export function answer(socket: Duplex, { status, reason, headers = {} }: Refusal): void {
  socket.once('finish', () => socket.destroy());
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Connection: close',
    'Content-Type: text/plain',
    `Content-Length: ${Buffer.byteLength(reason)}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${reason}`);
}
