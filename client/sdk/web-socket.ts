import { STREAM_PATH } from '../../src/protocol/messages.js';

/** What the client needs of a WebSocket: the browser's, `ws`' and a test's fake have it. */
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

/** How a runtime connects. */
export interface Dialer {
  /** Does the token go with the upgrade? Otherwise hello says it. */
  readonly sendsToken: boolean;
  dial(url: string, protocols: string[], token: string | undefined): SocketLike;
}

/** Connects with a WebSocket class of the browser's kind, which can send no headers. */
export const plainDialer = (WebSocket: SocketConstructor): Dialer => ({
  sendsToken: false,
  dial: (url, protocols) => new WebSocket(url, protocols),
});

/**
 * Checks that a token is made of what a header can carry; the error does not show it.
 *
 * @throws TypeError
 */
export function checkToken(token: string): string {
  if (/^[\w.~+/-]+=*$/.test(token)) return token;
  throw new TypeError('a token is made of letters, digits and - . _ ~ + /');
}

/**
 * Gives the address of the WebSocket of a server: http becomes ws, and the stream's path is put where there is none.
 *
 * @throws TypeError where `server` is no ws, wss, http or https URL
 */
export function streamUrl(server: string): string {
  const url = new URL(server);
  if (!/^(ws|http)s?:$/.test(url.protocol)) throw new TypeError(`${server}: ws, wss, http or https expected`);
  url.protocol = url.protocol.replace('http', 'ws');
  if (url.pathname === '/') url.pathname = STREAM_PATH;
  url.hash = '';
  return url.href;
}
