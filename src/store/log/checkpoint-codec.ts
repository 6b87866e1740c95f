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
import { plainFromBytes, plainToBytes } from '../../formats/typed-json.js';
import type { Checkpoint } from '../store.js';

const MAGIC = 0x50434445;
const VERSION = 2;
const OLD_VERSION = 1;
const HEADER_BYTES = 32;
const CRC_AT = 28;

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const checksum = (bytes: Uint8Array, id: string): number =>
  crc32(bytes.subarray(HEADER_BYTES), crc32(bytes.subarray(0, CRC_AT), crc32(id)));

/** Writes a checkpoint, which says to which sequence it belongs if that has an id. Its arrays are copied. */
export function writeCheckpoint({ position, savedAt, state }: Checkpoint, id = ''): Uint8Array<ArrayBuffer> {
  const body = plainToBytes(state);
  const bytes = new Uint8Array(HEADER_BYTES + body.length);
  const view = viewOf(bytes);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, VERSION, true);
  view.setFloat64(8, position, true);
  view.setFloat64(16, savedAt, true);
  view.setUint32(24, body.length, true);
  bytes.set(body, HEADER_BYTES);
  view.setUint32(CRC_AT, checksum(bytes, id), true);
  return bytes;
}

/**
 * Reads a checkpoint.
 *
 * @param position the position it must have
 * @param id that of the sequence it must belong to, if that has one
 * @throws EddyError `store-damaged`, which says what is wrong
 */
export function readCheckpoint(bytes: Uint8Array, position: number, id = ''): Checkpoint {
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
  if (view.getUint32(CRC_AT, true) !== checksum(bytes, version === OLD_VERSION ? '' : id))
    damaged('its checksum does not match');
  const found = view.getFloat64(8, true);
  if (found !== position) damaged(`it belongs to position ${found}, not ${position}`);
  try {
    const state = plainFromBytes(bytes.subarray(HEADER_BYTES));
    return { position, savedAt: view.getFloat64(16, true), state };
  } catch (cause) {
    throw new EddyError('store-damaged', `its state cannot be read: ${String(cause)}`, { cause });
  }
}

function damaged(why: string): never {
  throw new EddyError('store-damaged', why);
}
