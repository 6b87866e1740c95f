import type { SocketConstructor, SocketLike } from '../../client/sdk/index.js';

/** A WebSocket in memory. What the client sends is kept; the test plays the other end. */
export class FakeSocket implements SocketLike {
  binaryType = 'blob';
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  readonly sent: (string | Uint8Array)[] = [];
  /** The code that the client closed it with. */
  closedWith: number | undefined;

  constructor(
    readonly url: string,
    readonly protocols: readonly string[],
  ) {}

  send(data: string | Uint8Array): void {
    this.sent.push(data);
  }

  close(code?: number): void {
    this.closedWith = code ?? 1005;
  }

  accept(): void {
    this.onopen?.({} as never);
  }

  deliver(data: string | Uint8Array): void {
    const frame = typeof data === 'string' ? data : new Uint8Array(data).buffer;
    this.onmessage?.({ data: frame } as never);
  }

  /** Breaks the connection: `error` first, if there is something to tell, then `close`, as WebSockets do. */
  break(code = 1006, reason = '', message?: string): void {
    if (message !== undefined) this.onerror?.({ message } as never);
    this.onclose?.({ code, reason } as never);
  }
}

/** Gives a WebSocket class, and the sockets that were made with it. */
export function fakeSockets(): { readonly sockets: FakeSocket[]; readonly WebSocket: SocketConstructor } {
  const sockets: FakeSocket[] = [];
  class Recorded extends FakeSocket {
    constructor(url: string, protocols: string[]) {
      super(url, protocols);
      sockets.push(this);
    }
  }
  return { sockets, WebSocket: Recorded };
}
