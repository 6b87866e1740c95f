/** Node's HTTP server, with or without TLS, and its timeouts. */
import {
  createServer,
  type RequestListener,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import type { Limits } from '../../limits.js';
import type { TlsContext } from '../auth/tls.js';
import { answer } from './raw-answer.js';

/** The status for what Node's parser refuses, if it is not 400. */
const STATUS: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/**
 * Creates the server. A peer that is slow with its TLS handshake or its headers is disconnected after `headersMs`, one
 * that is slow with its request after `requestMs`. Node checks only from time to time, so the interval is set to match.
 */
export function createListener(
  onRequest: RequestListener,
  { headerBytes, headersMs, requestMs }: Pick<Limits, 'headerBytes' | 'headersMs' | 'requestMs'>,
  tls: TlsContext | null,
): Server {
  const options = {
    headersTimeout: headersMs,
    requestTimeout: requestMs,
    keepAliveTimeout: requestMs,
    connectionsCheckingInterval: Math.ceil(headersMs / 10),
    maxHeaderSize: headerBytes,
    // a request without Host is answered with a reason by who reads it
    requireHostHeader: false,
  };
  const server = tls
    ? createTlsServer({ ...options, ...tls, handshakeTimeout: headersMs }, onRequest)
    : createServer(options, onRequest);
  // by default Node drops what comes after 2,000 headers without a word; their bytes are limited already
  server.maxHeadersCount = 0;
  server.on('clientError', answerUnreadable);
  return server;
}

/** Says what is wrong with a request that Node's parser refused, quoting nothing; a broken connection or handshake is closed. */
function answerUnreadable(error: NodeJS.ErrnoException & { readonly reason?: string }, socket: Duplex): void {
  const { code = '', reason } = error;
  const { _httpMessage: answering } = socket as Duplex & { readonly _httpMessage?: ServerResponse | null };
  if (!/^(HPE_|ERR_HTTP_)/.test(code) || !socket.writable || answering?.headersSent) {
    socket.destroy();
    return;
  }
  const status = STATUS[code] ?? 400;
  const why = status === 400 ? (reason ?? 'it is not HTTP') : STATUS_CODES[status];
  answer(socket, { status, reason: `the request cannot be read: ${why}` });
}
