/** The public door of the client, for browsers and for every runtime with a WebSocket of its own. */
import type { Client, ConnectOptions } from './api.js';
import { EddyClient } from './client.js';
import { plainDialer } from './web-socket.js';

export { EddyError, type ErrorCode } from '../../src/errors.js';
export { TIME_KINDS, type TimeKind } from '../../src/features/time-features.js';
export type * from './api.js';
export { ClientError, type CodedError } from './coded-error.js';
export type { SocketConstructor, SocketLike } from './web-socket.js';

/**
 * Connects to a server: `ws://host:port`, or http(s); the stream's path is added if there is none.
 *
 * @throws TypeError if `url` is not such an address, the token is malformed, or there is no WebSocket class
 * @example
 * const client = connect('http://127.0.0.1:4000');
 * client.watch('room-1').states$.subscribe(({ seq, h }) => console.log(seq, h));
 */
export function connect(url: string, options: ConnectOptions = {}): Client {
  const WebSocket = options.WebSocket ?? globalThis.WebSocket;
  if (!WebSocket) throw new TypeError('this runtime has no WebSocket: pass one in options.WebSocket');
  return new EddyClient(url, plainDialer(WebSocket), options);
}
