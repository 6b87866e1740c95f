/** The public door of the client for Node: the same, with the WebSocket of `ws`. */
import { WebSocket } from 'ws';
import type { Client, ConnectOptions } from './api.js';
import { EddyClient } from './client.js';

export * from './index.js';

/**
 * Connects to a server: `ws://host:port`, or http(s); the stream's path is added where there is none.
 *
 * @throws TypeError where `url` is no such address
 * @example
 * const client = connect('ws://127.0.0.1:4000');
 * const room = client.open('room-1', { spec: { features: 3, units: 32 } });
 * room.push([1015.2, 11.5, 3.1]);
 * await room.close();
 * client.close();
 */
export function connect(url: string, options: ConnectOptions = {}): Client {
  return new EddyClient(url, options.WebSocket ?? WebSocket, options);
}
