/**
 * Checks MessagePack bytes before they are decoded, so that a few hostile bytes cannot make the decoder allocate
 * gigabytes, recurse endlessly, or build anything but plain data. One pass, no allocation.
 */
const MAX_DEPTH = 16;

/** Bytes that follow each type from 0xc0 on: its length field, or its payload if that is fixed. -1: refused. */
const FIXED = [0, -1, 0, 0, 0, 0, 0, -1, -1, -1, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, -1, -1, -1, -1, -1];

/** Gives what is wrong with the bytes, or null if they are exactly one plain value. */
export function scanMsgpack(bytes: Uint8Array): string | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  /** Values still to come at each depth. */
  const open: number[] = [1];
  let at = 0;
  while (open.length > 0) {
    const depth = open.length - 1;
    if (open[depth] === 0) {
      open.pop();
      continue;
    }
    open[depth]!--;
    if (at >= bytes.length) return 'the bytes end too early';
    const type = bytes[at++]!;
    let skip = 0;
    let children = 0;
    if (type < 0x80 || type >= 0xe0) skip = 0;
    else if (type < 0x90) children = 2 * (type & 15);
    else if (type < 0xa0) children = type & 15;
    else if (type < 0xc0) skip = type & 31;
    else if (type >= 0xc4 && type <= 0xc6) skip = readLength(view, at, type - 0xc4);
    else if (type >= 0xd9 && type <= 0xdb) skip = readLength(view, at, type - 0xd9);
    else if (type === 0xdc || type === 0xdd) children = readLength(view, at, type - 0xdb);
    else if (type === 0xde || type === 0xdf) children = 2 * readLength(view, at, type - 0xdd);
    else skip = FIXED[type - 0xc0] ?? -1;
    if (Number.isNaN(skip) || Number.isNaN(children)) return 'the bytes end too early';
    if (skip < 0) return `type 0x${type.toString(16)} is not allowed: extension types are refused`;
    at += lengthBytes(type) + skip;
    if (at > bytes.length || children > bytes.length - at) return 'the bytes end too early';
    if (children > 0) {
      if (open.length > MAX_DEPTH) return `values are nested more than ${MAX_DEPTH} deep`;
      open.push(children);
    }
  }
  return at === bytes.length ? null : `${bytes.length - at} bytes follow the value`;
}

/** Reads a big-endian length of 1 << power bytes; NaN if the bytes end before it does. */
function readLength(view: DataView, at: number, power: number): number {
  if (at + (1 << power) > view.byteLength) return Number.NaN;
  return power === 0 ? view.getUint8(at) : power === 1 ? view.getUint16(at) : view.getUint32(at);
}

/** Gives the size of the length field after a type byte. */
function lengthBytes(type: number): number {
  if (type >= 0xc4 && type <= 0xc6) return 1 << (type - 0xc4);
  if (type >= 0xd9 && type <= 0xdb) return 1 << (type - 0xd9);
  if (type === 0xdc || type === 0xde) return 2;
  return type === 0xdd || type === 0xdf ? 4 : 0;
}
