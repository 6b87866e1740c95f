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

/** Hands over as a network would: after the present call, in order. So neither end is ever entered from within itself. */
const later = queueMicrotask;

/** The client's end. The server's messages are delivered in the same turn, in order. */
class ClientEnd implements SocketLike {
  binaryType = 'arraybuffer';
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  readonly serverEnd: ServerEnd;

  constructor(protocols: readonly string[]) {
    this.serverEnd = new ServerEnd(protocols[0] ?? '', this);
  }

  send(data: string | Uint8Array): void {
    const isText = typeof data === 'string';
    const bytes = isText ? new TextEncoder().encode(data) : data;
    later(() => this.serverEnd.readyState === OPEN && this.serverEnd.emit('message', bytes, !isText));
  }

  close(code = 1000, reason = ''): void {
    this.serverEnd.close(code, reason);
  }
}

/** The server's end. The client lives as long as the process: a ping is answered at once. */
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
    later(() => this.client.onmessage?.({ data } as never));
  }

  ping(): void {
    this.emit('pong');
  }

  close(code: number, reason: string): void {
    if (this.readyState === CLOSED) return;
    this.readyState = CLOSED;
    later(() => {
      this.emit('close', code);
      this.client.onclose?.({ code, reason } as never);
    });
  }
}
