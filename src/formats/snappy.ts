/**
 * Snappy's block format, unpacked: the length as a varint, then literals, and copies of what came before.
 *
 * Source: google/snappy, format_description.txt. Pure: any bytes give bytes or a coded error.
 */
import { EddyError } from '../errors.js';
import { BYTE, type Pieces } from '../math/pieces.js';

/** A literal of so many bytes is copied as fast byte by byte. */
const SHORT = 16;

const refuse = (why: string): never => {
  throw new EddyError('input-invalid', `the body is no snappy block: ${why}`);
};

/** A piece is over after so many literals and copies, or so many bytes. */
const [PIECE_ELEMENTS, PIECE_BYTES] = [2 ** 12, 2 ** 16];
/** What a literal or a copy costs, in multiply-adds. */
const ELEMENT = 2 ** 7;

/**
 * Unpacks a block, a part of it in each piece.
 *
 * @param most the most bytes that it may become
 * @param onLength told how many it becomes, before there is room for them; what it throws ends the unpacking
 * @throws EddyError `input-invalid`, `message-too-large`
 */
export function* unpackSnappy(
  packed: Uint8Array,
  most: number,
  onLength?: (bytes: number) => void,
): Pieces<Uint8Array> {
  const [length, start] = lengthOf(packed);
  if (length > most)
    throw new EddyError(
      'message-too-large',
      `the body has ${length} bytes when it is unpacked; the limit is ${most}`,
    );
  onLength?.(length);
  const out = new Uint8Array(length);
  let size = 0;
  let elements = 0;
  let told = 0;
  for (let at = start; at < packed.length; ) {
    if (++elements === PIECE_ELEMENTS || size - told >= PIECE_BYTES) {
      yield elements * ELEMENT + (size - told) * BYTE;
      elements = 0;
      told = size;
    }
    const tag = packed[at++]!;
    if ((tag & 3) === 0) {
      let count = (tag >> 2) + 1;
      if (count > 60) {
        const bytes = count - 60;
        count = 1 + littleEndian(packed, at, bytes);
        at += bytes;
      }
      if (count > packed.length - at || count > length - size)
        refuse(`a literal of ${count} bytes extends beyond its end`);
      if (count > SHORT) out.set(packed.subarray(at, at + count), size);
      else for (let i = 0; i < count; i++) out[size + i] = packed[at + i]!;
      at += count;
      size += count;
      continue;
    }
    const width = tag & 3;
    const offset =
      width === 1 ? ((tag >> 5) << 8) | (packed[at] ?? 0) : littleEndian(packed, at, width === 2 ? 2 : 4);
    const count = width === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
    at += width === 3 ? 4 : width;
    if (at > packed.length) refuse('it ends within a copy');
    if (offset === 0 || offset > size) refuse(`a copy begins ${offset} bytes before byte ${size}`);
    if (count > length - size) refuse(`a copy of ${count} bytes extends beyond its end`);
    // a copy may overlap itself, and then repeats what it has just written
    for (const end = size + count; size < end; size++) out[size] = out[size - offset]!;
  }
  if (size !== length) refuse(`it has ${size} bytes, and announces ${length}`);
  return out;
}

function lengthOf(packed: Uint8Array): [length: number, start: number] {
  let length = 0;
  for (let at = 0; at < 5; at++) {
    const byte = packed[at] ?? refuse('it ends within its length');
    length += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) return [length, at + 1];
  }
  return refuse('its length has more than 32 bits');
}

function littleEndian(bytes: Uint8Array, at: number, count: number): number {
  if (at + count > bytes.length) refuse('it ends within a length');
  let value = 0;
  for (let i = 0; i < count; i++) value += bytes[at + i]! * 2 ** (8 * i);
  return value;
}
