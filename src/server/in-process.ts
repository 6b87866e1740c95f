/** A client in the server's own process: two ends of one socket, without a network between them. */
import { EventEmitter } from 'node:events';
import { EddyClient } from '../../client/sdk/client.js';
import type { Client } from '../../client/sdk/index.js';
import { plainDialer, type SocketLike } from '../../client/sdk/web-socket.js';
import type { AcceptedSocket } from './socket/accepted-socket.js';

/** Connects a client; `accept` gets the server's end. */
export function connectInProcess(accept: (socket: AcceptedSocket) => void): Client {
  class InProcessSocket extends ClientEnd {
    constructor(_url: string, protocols: readonly string[]) {
      super(protocols);
      queueMicrotask(() => {
        accept(this.serverEnd);
        this.onopen?.({} as never);
      });
    }
  }
  return new EddyClient('ws://in-process', plainDialer(InProcessSocket), {});
}

const [OPEN, CLOSED] = [1, 3];

/** The client's end. What it says in one turn arrives in the next, so that a client which never rests starves nobody else. */
class ClientEnd implements SocketLike {
  binaryType = 'arraybuffer';
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  readonly serverEnd: ServerEnd;
  private said: (() => void)[] = [];

  constructor(protocols: readonly string[]) {
    this.serverEnd = new ServerEnd(protocols[0] ?? '', this);
  }

  send(data: string | Uint8Array): void {
    const isText = typeof data === 'string';
    const bytes = isText ? new TextEncoder().encode(data) : data;
    this.say(() => this.serverEnd.hear(bytes, !isText));
  }

  close(code = 1000, reason = ''): void {
    this.say(() => this.serverEnd.close(code, reason));
  }

  private say(what: () => void): void {
    if (this.said.length === 0) setImmediate(() => this.arrive());
    this.said.push(what);
  }

  private arrive(): void {
    const { said } = this;
    this.said = [];
    for (const what of said) what();
  }
}

/**
 * The server's end. Its messages arrive in the same turn, after the present call, in order. The client lives as long as the
 * process: a ping is answered at once.
 */
class ServerEnd extends EventEmitter implements AcceptedSocket {
  readonly bufferedAmount = 0;
  readyState = OPEN;

  constructor(
    readonly protocol: string,
    private readonly client: ClientEnd,
  ) {
    super();
  }

  send(message: Uint8Array | string): void {
    const data = typeof message === 'string' ? message : new Uint8Array(message).buffer;
    queueMicrotask(() => this.client.onmessage?.({ data } as never));
  }

  hear(message: Uint8Array, isBinary: boolean): void {
    if (this.readyState === OPEN) this.emit('message', message, isBinary);
  }

  ping(): void {
    this.emit('pong');
  }

  close(code: number, reason: string): void {
    if (this.readyState === CLOSED) return;
    this.readyState = CLOSED;
    queueMicrotask(() => {
      this.emit('close', code);
      this.client.onclose?.({ code, reason } as never);
    });
  }
}
