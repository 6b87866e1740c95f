/**
 * Records of a log as bytes. Consecutive records share a chunk; all numbers are little-endian, like every machine
 * that the store's native parts are built for. A chunk:
 *
 *    0  u32  0x4c474445, "EDGL"
 *    4  u32  version 2
 *    8  u64  position of the first record
 *   16  u32  records
 *   20  u32  bytes of the records
 *   24  u32  CRC-32 of the id of the sequence, in ASCII, the bytes before and the records; in version 1 without the id
 *   28  u32  0
 *   32       the records, each on a multiple of 4:
 *
 *    0  u8   kind: 1 created, 4 configured, 5 reset, 6 steps, 7 targets, 8 named; 2 steps and 3 targets of version 0.1
 *    1  u56  of steps and targets: the number of the first step; then
 *    8  u32  numbers of x, 0 in a record of targets
 *   12  u32  numbers of the targets, 2^32 - 1 without targets
 *   16  u32  of kinds 6 and 7: numbers of t
 *   20  u16  flags: 1 x is float32, 2 the targets are float32, because float32 holds all of them
 *   22  u16  0
 *   24  u32  bytes of the keys, 0 without keys
 *   28       t as float64, x and the targets as float64 or float32, the keys as JSON, zeros up to a multiple of 4
 *   16       of kinds 2 and 3: x, then the targets, as float32
 *    4  u32  of the others: length of what follows, their fields as plain data, and zeros up to a multiple of 4
 *
 * Numbers come back to the bit.
 */
import { crc32 } from 'node:zlib';

export const MAGIC = 0x4c474445;
export const VERSION = 2;
/** Chunks of this version say nothing of their sequence. */
export const OLD_VERSION = 1;
export const HEADER_BYTES = 32;
export const HEADER_WORDS = HEADER_BYTES / 4;
/** Where the checksum is, and where the bytes it covers continue. */
export const CRC_AT = 24;

export const KINDS = ['', 'created', '', '', 'configured', 'reset', '', '', 'named'] as const;
/** Steps and targets of version 0.1, of float32 and without times. */
export const OLD_STEPS = 2;
export const OLD_TARGETS = 3;
export const OLD_HEAD = 4;
export const STEPS = 6;
export const TARGETS = 7;
export const HEAD = 7;
export const NARROW_X = 1;
export const NARROW_TARGETS = 2;
export const NO_TARGETS = 0xffff_ffff;
export const WORD = 2 ** 32;

/** The checksum of a chunk: of its sequence's id, and all its bytes except the checksum itself. */
export const checksum = (bytes: Uint8Array, id: string): number =>
  crc32(bytes.subarray(HEADER_BYTES), crc32(bytes.subarray(0, CRC_AT), crc32(id)));
