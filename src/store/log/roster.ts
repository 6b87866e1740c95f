/**
 * The roster: what the whole store has, written in each write. All numbers are little-endian.
 *
 *    0  u32  0x4f524445, "EDRO"
 *    4  u32  hash of the bytes after (stamp.ts)
 *    8  f64  how many writes there were
 *   16  f64  the next id
 *   24  u32  how often the whole store was in doubt
 *   28  u32  entries other than those of sequences: names, ledgers, what is being deleted, the format
 *   32  u32  the sum of their stamps
 */
import { hashOf } from './stamp.js';

const MAGIC = 0x4f524445;
const BYTES = 36;

export interface Roster {
  /** How many writes there were. */
  writes: number;
  nextId: number;
  /** How often the whole store was in doubt. */
  doubts: number;
  /** The entries other than those of sequences, and the sum of their stamps. */
  entries: number;
  sum: number;
}

export const newRoster = (): Roster => ({ writes: 0, nextId: 1, doubts: 0, entries: 0, sum: 0 });

export function writeRoster({ writes, nextId, doubts, entries, sum }: Roster): Uint8Array {
  const bytes = Buffer.allocUnsafe(BYTES);
  bytes.writeUInt32LE(MAGIC, 0);
  bytes.writeDoubleLE(writes, 8);
  bytes.writeDoubleLE(nextId, 16);
  bytes.writeUInt32LE(doubts, 24);
  bytes.writeUInt32LE(entries, 28);
  bytes.writeUInt32LE(sum >>> 0, 32);
  bytes.writeUInt32LE(hashOf(bytes, 8, bytes.length), 4);
  return bytes;
}

/** Reads a roster; null if it is damaged. */
export function readRoster(from: Uint8Array): Roster | null {
  const bytes = Buffer.from(from.buffer, from.byteOffset, from.byteLength);
  if (bytes.length !== BYTES || bytes.readUInt32LE(0) !== MAGIC) return null;
  if (bytes.readUInt32LE(4) !== hashOf(bytes, 8, bytes.length)) return null;
  return {
    writes: bytes.readDoubleLE(8),
    nextId: bytes.readDoubleLE(16),
    doubts: bytes.readUInt32LE(24),
    entries: bytes.readUInt32LE(28),
    sum: bytes.readUInt32LE(32),
  };
}
