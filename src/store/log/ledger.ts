/**
 * The ledger of a sequence: what the store has of it, written in each write that changes any of it, at the end of its log. All
 * numbers are little-endian.
 *
 *    0  u32  0x454c4445, "EDLE"
 *    4  u32  hash of the bytes after (stamp.ts)
 *    8  f64  number of the sequence, its id
 *   16  f64  position after the last record of its log
 *   24  u32  how many doubts of the whole store are settled for it
 *   28  u16  flags, one for each kind: entries of this kind were not as they should be when the store was opened
 *   30  u16  bytes of the name
 *   32       of each kind, chunks, checkpoints, summaries, pages, put aside: u32 number of entries, u32 sum of their stamps
 *   72       the name
 */
import { hashOf } from './stamp.js';

const MAGIC = 0x454c4445;
const NAME_AT = 72;

/** The kinds of a sequence's entries, in the order of their sums. */
export const ENTRY_KINDS = ['log', 'checkpoint', 'about', 'past', 'aside'] as const;
export type EntryKind = (typeof ENTRY_KINDS)[number];

/** Flag of a ledger that was itself lost: where the log ended is not known. */
export const LOST = 1 << ENTRY_KINDS.length;
export const flagOf = (kind: EntryKind): number => 1 << ENTRY_KINDS.indexOf(kind);

export interface Ledger {
  id: number;
  name: string;
  end: number;
  /** How many doubts of the whole store are settled for it. */
  settled: number;
  flags: number;
  /** Of each kind: entries, and the sum of their stamps. */
  readonly sums: Uint32Array;
}

export const emptySums = (): Uint32Array => new Uint32Array(2 * ENTRY_KINDS.length);

/** Adds an entry to the sums that begin at a place, or takes it out. */
export function count(sums: Uint32Array, kind: number, stamp: number, sign: 1 | -1, place = 0): void {
  const at = place + 2 * kind;
  sums[at] = sums[at]! + sign;
  sums[at + 1] = sums[at + 1]! + sign * stamp;
}

export function writeLedger({ id, name, end, settled, flags, sums }: Ledger): Uint8Array {
  const bytes = Buffer.allocUnsafe(NAME_AT + name.length);
  bytes.writeUInt32LE(MAGIC, 0);
  bytes.writeDoubleLE(id, 8);
  bytes.writeDoubleLE(end, 16);
  bytes.writeUInt32LE(settled, 24);
  bytes.writeUInt16LE(flags, 28);
  bytes.writeUInt16LE(name.length, 30);
  for (let i = 0; i < sums.length; i++) bytes.writeUInt32LE(sums[i]!, 32 + 4 * i);
  bytes.write(name, NAME_AT, 'latin1');
  bytes.writeUInt32LE(hashOf(bytes, 8, bytes.length), 4);
  return bytes;
}

/** Reads a ledger; null if it is damaged. */
export function readLedger(from: Uint8Array): Ledger | null {
  const bytes = Buffer.from(from.buffer, from.byteOffset, from.byteLength);
  if (bytes.length < NAME_AT || bytes.readUInt32LE(0) !== MAGIC) return null;
  if (bytes.readUInt32LE(4) !== hashOf(bytes, 8, bytes.length)) return null;
  if (bytes.readUInt16LE(30) !== bytes.length - NAME_AT) return null;
  const sums = emptySums();
  for (let i = 0; i < sums.length; i++) sums[i] = bytes.readUInt32LE(32 + 4 * i);
  return {
    id: bytes.readDoubleLE(8),
    name: bytes.toString('latin1', NAME_AT),
    end: bytes.readDoubleLE(16),
    settled: bytes.readUInt32LE(24),
    flags: bytes.readUInt16LE(28),
    sums,
  };
}

/** Writes the sums of a ledger from a place on; gives false if it is damaged or of another sequence. */
export function takeLedger(from: Uint8Array, id: number, into: Uint32Array, place: number): boolean {
  if (from.length < NAME_AT) return false;
  const bytes = Buffer.from(from.buffer, from.byteOffset, from.byteLength);
  if (bytes.readUInt32LE(0) !== MAGIC || bytes.readUInt32LE(4) !== hashOf(bytes, 8, bytes.length))
    return false;
  for (let i = 0; i < 2 * ENTRY_KINDS.length; i++) into[place + i] = bytes.readUInt32LE(32 + 4 * i);
  return bytes.readDoubleLE(8) === id;
}

const HASH_DIGITS = 8;

/** A name as it is kept apart from the ledger: after a hash of it. */
export const writeCalled = (name: string): Uint8Array => Buffer.from(`${hashText(name)} ${name}`, 'latin1');

/** Reads such a name; null if it is damaged. */
export function readCalled(bytes: Uint8Array): string | null {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const name = text.slice(HASH_DIGITS + 1);
  return text === `${hashText(name)} ${name}` ? name : null;
}

const hashText = (text: string): string =>
  hashOf(Buffer.from(text, 'latin1'), 0, text.length).toString(16).padStart(HASH_DIGITS, '0');

/** What a sequence tells of its ledger with a write; its sums are added as it is written. */
export interface LedgerNote {
  readonly name: string;
  /** Where its log ends then. */
  readonly end: number;
  /** Is everything as it should be again, whatever was found when the store was opened? */
  readonly isSettled: boolean;
}

const NOTE_MAGIC = 0x4e4c4445;
const NOTE_BYTES = 13;

export function writeNote({ name, end, isSettled }: LedgerNote): Uint8Array {
  const bytes = Buffer.allocUnsafe(NOTE_BYTES + name.length);
  bytes.writeUInt32LE(NOTE_MAGIC, 0);
  bytes.writeDoubleLE(end, 4);
  bytes[12] = isSettled ? 1 : 0;
  bytes.write(name, NOTE_BYTES, 'latin1');
  return bytes;
}

/** Reads a note; null if the bytes are none. */
export function readNote(from: Uint8Array): LedgerNote | null {
  const bytes = Buffer.from(from.buffer, from.byteOffset, from.byteLength);
  if (bytes.length < NOTE_BYTES || bytes.readUInt32LE(0) !== NOTE_MAGIC) return null;
  return {
    end: bytes.readDoubleLE(4),
    isSettled: bytes[12] === 1,
    name: bytes.toString('latin1', NOTE_BYTES),
  };
}
