/** The public door of the client for Node: the same, with the WebSocket of `ws` where that is installed. */
import { createRequire } from 'node:module';
import type { CloseEvent, WebSocket } from 'ws';
import { ERRORS } from '../../src/errors.js';
import type { Client, ConnectOptions } from './api.js';
import { EddyClient } from './client.js';
import { type Dialer, plainDialer, type SocketConstructor, type SocketLike } from './web-socket.js';

export * from './index.js';

/**
 * Connects to a server: `ws://host:port`, or http(s); the stream's path is added if there is none.
 *
 * It connects with the package `ws`, or where that is not installed with Node's own WebSocket, which Node has from version
 * 22 on. Node's own does not tell why HTTP refused a connection: a token that is not good looks like a broken connection,
 * and is tried again.
 *
 * @throws TypeError where `url` is no such address, the token is none, or there is no WebSocket: install `ws`
 * @example
 * const client = connect('ws://127.0.0.1:4000');
 * const room = client.open('room-1', { spec: { features: 3, units: 32 } });
 * room.push([1015.2, 11.5, 3.1]);
 * await room.close();
 * client.close();
 */
export function connect(url: string, options: ConnectOptions = {}): Client {
  return new EddyClient(url, dialerOf(options.WebSocket), options);
}

function dialerOf(given: SocketConstructor | undefined): Dialer {
  if (given) return plainDialer(given);
  const ws = installed();
  if (ws) return wsDialer(ws);
  const { WebSocket: own }: { readonly WebSocket?: unknown } = globalThis;
  if (typeof own === 'function') return ownDialer(own as OwnSocket);
  throw new TypeError(
    'this Node has no WebSocket: `npm install ws`, use Node 22 or later, or give one in options.WebSocket',
  );
}

type Headers = Readonly<Record<string, string>>;
type WsSocket = new (url: string, protocols: string[], options: { headers: Headers }) => WebSocket;
/** Node's WebSocket, which takes headers, as the browser's does not. */
type OwnSocket = new (url: string, options: { protocols: string[]; headers: Headers }) => SocketLike;

/** Loads `ws`, or gives null where it is not installed. */
function installed(): WsSocket | null {
  try {
    return (createRequire(import.meta.url)('ws') as { WebSocket: WsSocket }).WebSocket;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return null;
    throw error;
  }
}

const headersFor = (token: string | undefined): Headers =>
  token === undefined ? {} : { authorization: `Bearer ${token}` };

const ownDialer = (Socket: OwnSocket): Dialer => ({
  sendsToken: true,
  dial: (url, protocols, token) => new Socket(url, { protocols, headers: headersFor(token) }),
});

/** Connects with `ws`. What HTTP answers instead becomes a close code. */
const wsDialer = (Socket: WsSocket): Dialer => ({
  sendsToken: true,
  dial(url, protocols, token) {
    const socket = new Socket(url, protocols, { headers: headersFor(token) });
    // where all addresses of a name fail, Node's error has a code and no message
    socket.once('error', (error: NodeJS.ErrnoException) => {
      error.message ||= `connect ${error.code}`;
    });
    socket.once('unexpected-response', (_request, { statusCode = 0, statusMessage = '' }) => {
      const code = statusCode === UNAUTHORIZED ? ERRORS.unauthorized.close : ABNORMAL;
      socket.onclose?.({ code, reason: `HTTP ${statusCode} ${statusMessage}` } as CloseEvent);
      socket.terminate();
    });
    return socket;
  },
});

const UNAUTHORIZED = 401;
const ABNORMAL = 1006;
