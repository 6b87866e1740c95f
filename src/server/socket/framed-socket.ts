/**
 * A WebSocket whose frames of one turn leave as one buffer. `ws` frames a message once, however many sockets receive it:
 * a server masks nothing, so a frame is the same for all. Node's stream then gets one write per socket and
 * turn, instead of two per message.
 */
import type { Duplex } from 'node:stream';
import { Sender, WebSocket } from 'ws';
import type { SocketLike } from './socket-like.js';

declare module 'ws' {
  /** Public in `ws`, and missing in its types. */
  const Sender: {
    frame(data: Uint8Array, options: FrameOptions): Buffer[];
  };
}

interface FrameOptions {
  readonly fin: true;
  readonly mask: false;
  readonly rsv1: false;
  readonly readOnly: true;
  readonly opcode: typeof TEXT | typeof BINARY;
}

const TEXT = 1;
const BINARY = 2;

/** Frames one message: text, or bytes. */
export function frame(message: Uint8Array | string): Uint8Array {
  const isText = typeof message === 'string';
  const opcode = isText ? TEXT : BINARY;
  const options = { fin: true, mask: false, rsv1: false, readOnly: true, opcode } as const;
  return Buffer.concat(Sender.frame(isText ? Buffer.from(message) : message, options));
}

/** Gives a socket that writes frames. `stream` is the stream below `socket`. */
export function framedSocket(socket: WebSocket, stream: Duplex): SocketLike {
  return {
    get bufferedAmount() {
      return stream.writableLength;
    },
    write(frames) {
      if (socket.readyState !== WebSocket.OPEN) return;
      const [first] = frames;
      stream.write(frames.length === 1 ? first : Buffer.concat(frames));
    },
    close: (code, reason) => socket.close(code, reason),
    terminate: () => socket.terminate(),
    ping: () => socket.ping(),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
  };
}
