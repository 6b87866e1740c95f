import type { Limits } from '../../limits.js';
import { Codec, type Encoding, type WireForm } from '../../protocol/codec.js';
import type { ServerMessage } from '../../protocol/messages.js';
import { partsOf } from '../../protocol/parts.js';

/** Reads and writes messages of one encoding. */
export interface Wire {
  readonly codec: Codec;
  /** Gives what a socket writes; several pieces, in order, for a message that is too large to be sent whole. */
  readonly encode: (message: ServerMessage, form: WireForm) => Uint8Array | readonly Uint8Array[];
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
    const [narrow, wide, packedNarrow, packedWide] = FORMS.map((form) =>
      once((message: ServerMessage) => {
        const encoded = codec.encode(message, form);
        return partsOf(encoded)?.map((part) => finish(codec.encode(part))) ?? finish(encoded);
      }),
    );
    return {
      codec,
      encode: (message, { packed, float64 }) =>
        packed ? (float64 ? packedWide! : packedNarrow!)(message) : (float64 ? wide! : narrow!)(message),
    };
  };
  return { msgpack: wire('msgpack'), json: wire('json') };
}

const FORMS: readonly WireForm[] = [false, true].flatMap((packed) =>
  [false, true].map((float64) => ({ packed, float64 })),
);

/** Keeps the last result. */
function once<T, R>(make: (value: T) => R): (value: T) => R {
  let last: { value: T; result: R } | null = null;
  return (value) => {
    if (last?.value !== value) last = { value, result: make(value) };
    return last.result;
  };
}
