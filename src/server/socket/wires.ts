import type { Limits } from '../../limits.js';
import { Codec, type Encoding } from '../../protocol/codec.js';
import type { ServerMessage } from '../../protocol/messages.js';

/** Reads and writes messages of one encoding. */
export interface Wire {
  readonly codec: Codec;
  readonly encode: (message: ServerMessage, packed: boolean) => Uint8Array;
}

/**
 * Makes the wires of one kind of socket. Fan-out hands the same message to one socket after another, so it is encoded
 * once per form.
 *
 * @param finish turns an encoded message into the bytes that such a socket writes
 */
export function createWires(
  limits: Limits,
  finish: (message: Uint8Array | string) => Uint8Array,
): Record<Encoding, Wire> {
  const wire = (encoding: Encoding): Wire => {
    const codec = new Codec(encoding, limits);
    const asPacked = once((message: ServerMessage) => finish(codec.encode(message, true)));
    const asPlain = once((message: ServerMessage) => finish(codec.encode(message)));
    return { codec, encode: (message, packed) => (packed ? asPacked(message) : asPlain(message)) };
  };
  return { msgpack: wire('msgpack'), json: wire('json') };
}

/** Keeps the last result. */
function once<T, R>(make: (value: T) => R): (value: T) => R {
  let last: { value: T; result: R } | null = null;
  return (value) => {
    if (last?.value !== value) last = { value, result: make(value) };
    return last.result;
  };
}
