/** Keys as bytes, where a walk over all of them has no time for text. */
import { ENTRY_KINDS } from './ledger.js';
import type { SurveyedEntry } from './survey-entry.js';

export const SLASH = 0x2f;
export const ID_DIGITS = 12;
const FOLDERS = ENTRY_KINDS.map((kind) => Buffer.from(`${kind}/`));
/** How the key of a ledger ends. */
export const LEDGER = Buffer.from('end');

/** Gives the kind of a sequence's entry, or -1. */
export function kindOfEntry({ key, keyFrom, keyEnd }: SurveyedEntry): number {
  for (let kind = 0; kind < FOLDERS.length; kind++) {
    const folder = FOLDERS[kind]!;
    if (folder[0] === key[keyFrom] && isAt(folder, key, keyFrom))
      return keyEnd - keyFrom > folder.length + ID_DIGITS ? kind : -1;
  }
  return -1;
}

/** Is a part of a key at a place? */
export function isAt(part: Uint8Array, key: Uint8Array, from: number): boolean {
  for (let i = part.length - 1; i >= 0; i--) if (key[from + i] !== part[i]) return false;
  return true;
}

/** Reads a number of so many digits; NaN if any is none. */
export function hexAt(key: Uint8Array, from: number, digits: number): number {
  let value = 0;
  for (let i = from; i < from + digits; i++) value = 16 * value + (DIGITS[key[i]!] ?? Number.NaN);
  return value;
}

/** The values of hexadecimal digits, by their characters. */
const DIGITS = Array.from({ length: 256 }, (_, code) => {
  const digit = '0123456789abcdef'.indexOf(String.fromCharCode(code));
  return digit < 0 ? Number.NaN : digit;
});

/** The bytes that the key of a page tells of: KIND/FIRST/COUNT/BYTES/..., from the kind on. */
export function pageBytesIn(key: Uint8Array, from: number, end: number): number {
  const slash = key.indexOf(SLASH, from);
  const at = slash + 1 + 14 + 1 + 8 + 1;
  return slash > 0 && at + 8 < end ? hexAt(key, at, 8) || 0 : 0;
}
