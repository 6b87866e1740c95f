/**
 * Checkpoints as bytes: a header, then the state as a safetensors file. All numbers are little-endian.
 *
 *    0  u32  0x50434445, "EDCP"
 *    4  u32  version 2
 *    8  f64  position of the first record after it
 *   16  f64  when it was made, in milliseconds since 1970
 *   24  u32  bytes of the state
 *   28  u32  CRC-32 of the id of the sequence, in ASCII, the bytes before and the state; in version 1 without the id
 *   32       the state
 */
import { crc32 } from 'node:zlib';
import { EddyError } from '../../errors.js';
import { plainFromBytesInPieces, plainToBytesInPieces } from '../../formats/typed-json.js';
import { BYTE, finish, inRanges, type Pieces } from '../../math/pieces.js';
import type { Checkpoint } from '../store.js';

const MAGIC = 0x50434445;
const VERSION = 2;
const OLD_VERSION = 1;
const HEADER_BYTES = 32;
const CRC_AT = 28;

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function* checksum(bytes: Uint8Array, id: string): Pieces<number> {
  let crc = crc32(bytes.subarray(0, CRC_AT), crc32(id));
  const add = (from: number, to: number) => {
    crc = crc32(bytes.subarray(from, to), crc);
  };
  yield* inRanges(bytes.length, BYTE, add, HEADER_BYTES);
  return crc;
}

/** Writes a checkpoint, which says to which sequence it belongs if that has an id. Its arrays are copied. */
export const writeCheckpoint = (checkpoint: Checkpoint, id = ''): Uint8Array<ArrayBuffer> =>
  finish(writeCheckpointInPieces(checkpoint, id));

/** Does the same in pieces, between which the state must not change. */
export function* writeCheckpointInPieces(
  { position, savedAt, state }: Checkpoint,
  id = '',
): Pieces<Uint8Array<ArrayBuffer>> {
  const bytes = yield* plainToBytesInPieces(state, HEADER_BYTES);
  const view = viewOf(bytes);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, VERSION, true);
  view.setFloat64(8, position, true);
  view.setFloat64(16, savedAt, true);
  view.setUint32(24, bytes.length - HEADER_BYTES, true);
  view.setUint32(CRC_AT, yield* checksum(bytes, id), true);
  return bytes;
}

/**
 * Reads a checkpoint. Its arrays may lie in the bytes, which must never change.
 *
 * @param position the position it must have
 * @param id that of the sequence it must belong to, if that has one
 * @throws EddyError `store-damaged`, which says what is wrong
 */
export const readCheckpoint = (bytes: Uint8Array, position: number, id = ''): Checkpoint =>
  finish(readCheckpointInPieces(bytes, position, id));

/** Does the same in pieces, between which the bytes must not change. */
export function* readCheckpointInPieces(bytes: Uint8Array, position: number, id = ''): Pieces<Checkpoint> {
  if (bytes.length < HEADER_BYTES)
    damaged(`it has ${bytes.length} bytes; its header alone takes ${HEADER_BYTES}`);
  const view = viewOf(bytes);
  if (view.getUint32(0, true) !== MAGIC) damaged('it does not start like a checkpoint');
  const version = view.getUint32(4, true);
  if (version !== VERSION && version !== OLD_VERSION)
    damaged(`it has version ${version}; this version of Eddy reads ${OLD_VERSION} and ${VERSION}`);
  const told = view.getUint32(24, true);
  if (told !== bytes.length - HEADER_BYTES)
    damaged(`its header announces ${told} bytes of state; it has ${bytes.length - HEADER_BYTES}`);
  const expected = yield* checksum(bytes, version === OLD_VERSION ? '' : id);
  if (view.getUint32(CRC_AT, true) !== expected) damaged('its checksum does not match');
  const found = view.getFloat64(8, true);
  if (found !== position) damaged(`it belongs to position ${found}, not ${position}`);
  try {
    const state = yield* plainFromBytesInPieces(bytes.subarray(HEADER_BYTES), true);
    return { position, savedAt: view.getFloat64(16, true), state };
  } catch (cause) {
    throw new EddyError('store-damaged', `its state cannot be read: ${String(cause)}`, { cause });
  }
}

function damaged(why: string): never {
  throw new EddyError('store-damaged', why);
}
