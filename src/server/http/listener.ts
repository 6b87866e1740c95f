/** Node's HTTP server, with or without TLS, and its timeouts. */
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Limits } from '../../limits.js';
import type { TlsContext } from '../auth/tls.js';

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
  };
  return tls
    ? createTlsServer({ ...options, ...tls, handshakeTimeout: headersMs }, onRequest)
    : createServer(options, onRequest);
}
