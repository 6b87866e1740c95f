import type { SocketLike } from './socket-like.js';

/**
 * A WebSocket that another program accepted: one of `ws`, of a fastify plugin, or a pair in memory. Its messages are
 * complete, as `ws` gives them; `ping` and `pause` are optional.
 */
export interface AcceptedSocket {
  /** The negotiated subprotocol: `eddy.v1.msgpack`, the default, or `eddy.v1.json`. */
  readonly protocol: string;
  readonly readyState: number;
  readonly bufferedAmount: number;
  send(message: Uint8Array | string): void;
  close(code: number, reason: string): void;
  terminate?(): void;
  ping?(): void;
  pause?(): void;
  resume?(): void;
  on(event: 'message', listener: (data: MessageData, isBinary: boolean) => void): unknown;
  on(event: 'close', listener: (code: number) => void): unknown;
  on(event: 'pong', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/** A message as `ws` delivers it. */
export type MessageData = Uint8Array | ArrayBuffer | readonly Uint8Array[];

const OPEN = 1;

/** Gives a socket that writes messages one by one. @param onPing called for a ping that the socket cannot send */
export function plainSocket(socket: AcceptedSocket, isText: boolean, onPing: () => void): SocketLike {
  return {
    get bufferedAmount() {
      return socket.bufferedAmount;
    },
    write(messages) {
      if (socket.readyState !== OPEN) return;
      for (const message of messages) socket.send(isText ? textOf(message) : message);
    },
    close: (code, reason) => socket.close(code, reason),
    terminate: () => (socket.terminate ? socket.terminate() : socket.close(3001, 'silent')),
    ping: () => (socket.ping ? socket.ping() : onPing()),
    pause: () => socket.pause?.(),
    resume: () => socket.resume?.(),
  };
}

/** Gives the bytes of a message in one piece. */
export function bytesOf(data: MessageData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : (data as Uint8Array);
}

const decoder = new TextDecoder();
const textOf = (message: Uint8Array) => decoder.decode(message);
