import { STREAM_PATH } from '../../src/protocol/messages.js';

/** The part of a WebSocket that the client needs: browsers, `ws` and the tests' fake all have it. */
export interface SocketLike {
  binaryType: string;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
}

export type SocketConstructor = new (url: string, protocols: string[]) => SocketLike;

export interface Dialer {
  /** Does the token travel with the upgrade? Otherwise it travels in hello. */
  readonly sendsToken: boolean;
  dial(url: string, protocols: string[], token: string | undefined): SocketLike;
}

/** Connects with a WebSocket class like the browser's, which cannot send headers. */
export const plainDialer = (WebSocket: SocketConstructor): Dialer => ({
  sendsToken: false,
  dial: (url, protocols) => new WebSocket(url, protocols),
});

/**
 * Checks that a token has only characters that a header can carry; the error does not show it.
 *
 * @throws TypeError
 */
export function checkToken(token: string): string {
  if (/^[\w.~+/-]+=*$/.test(token)) return token;
  throw new TypeError('a token may contain letters, digits and - . _ ~ + / only');
}

/**
 * Gives the address of a server's WebSocket: http becomes ws, and the stream's path is added if there is none.
 *
 * @throws TypeError if `server` is not a ws, wss, http or https URL
 */
export function streamUrl(server: string): string {
  const url = new URL(server);
  if (!/^(ws|http)s?:$/.test(url.protocol)) throw new TypeError(`${server}: ws, wss, http or https expected`);
  url.protocol = url.protocol.replace('http', 'ws');
  if (url.pathname === '/') url.pathname = STREAM_PATH;
  url.hash = '';
  return url.href;
}
