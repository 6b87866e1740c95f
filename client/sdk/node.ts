/** The public door of the client for Node: the same, with the WebSocket of `ws`. */
import { type CloseEvent, WebSocket } from 'ws';
import { ERRORS } from '../../src/errors.js';
import type { Client, ConnectOptions } from './api.js';
import { EddyClient } from './client.js';
import { type Dialer, plainDialer } from './web-socket.js';

export * from './index.js';

/**
 * Connects to a server: `ws://host:port`, or http(s); the stream's path is added where there is none.
 *
 * @throws TypeError where `url` is no such address, or the token is none
 * @example
 * const client = connect('ws://127.0.0.1:4000');
 * const room = client.open('room-1', { spec: { features: 3, units: 32 } });
 * room.push([1015.2, 11.5, 3.1]);
 * await room.close();
 * client.close();
 */
export function connect(url: string, options: ConnectOptions = {}): Client {
  return new EddyClient(url, options.WebSocket ? plainDialer(options.WebSocket) : nodeDialer, options);
}

/** Connects with `ws`, and sends the token with the upgrade. What HTTP answers instead becomes a close code. */
const nodeDialer: Dialer = {
  sendsToken: true,
  dial(url, protocols, token) {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const socket = new WebSocket(url, protocols, { headers });
    socket.once('unexpected-response', (_request, { statusCode = 0, statusMessage = '' }) => {
      const code = statusCode === UNAUTHORIZED ? ERRORS.unauthorized.close : ABNORMAL;
      socket.onclose?.({ code, reason: `HTTP ${statusCode} ${statusMessage}` } as CloseEvent);
      socket.terminate();
    });
    return socket;
  },
};

const UNAUTHORIZED = 401;
const ABNORMAL = 1006;
