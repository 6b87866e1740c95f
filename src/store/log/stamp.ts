/**
 * Stamps of entries: 32 bits of a key, the size of its value and the first bytes of it, which hold the checksum of the rest where there is
 * more. Sums of stamps tell whether a set of entries is the one that was written, in whatever order they are added.
 */
import { HEAD_BYTES, type SurveyedEntry } from './survey-entry.js';

const FIRST = 0x9e3779b9;

/** Where keys are written out for their stamps: a key has 1978 bytes at most. */
const scratch = Buffer.alloc(2048);

/** Gives the stamp of a key with a value. */
export function stampOf(key: string, value: Uint8Array): number {
  const length = scratch.write(key, 0, 'latin1');
  const head = mix(mix(FIRST, scratch, 0, length), value, 0, Math.min(value.length, HEAD_BYTES));
  return finish(head, length, value.length);
}

/** Gives the stamp of an entry that is met on a walk. */
export function stampOfEntry({ key, keyFrom, keyEnd, head, headFrom, headEnd, size }: SurveyedEntry): number {
  return finish(mix(mix(FIRST, key, keyFrom, keyEnd), head, headFrom, headEnd), keyEnd - keyFrom, size);
}

/** Gives 32 bits of some bytes; any single changed word changes them. */
export function hashOf(bytes: Uint8Array, from: number, end: number): number {
  return finish(mix(FIRST, bytes, from, end), 0, end - from);
}

/** Each step is a bijection of the state, so a single changed word always changes the stamp. */
function mix(state: number, bytes: Uint8Array, from: number, end: number): number {
  let hash = state;
  let i = from;
  for (; i + 4 <= end; i += 4) {
    const word = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    hash = rotate(hash ^ scramble(word));
  }
  let rest = 0;
  for (let shift = 0; i < end; i++, shift += 8) rest |= bytes[i]! << shift;
  return rotate(hash ^ scramble(rest));
}

const scramble = (word: number): number => {
  const k = Math.imul(word, 0xcc9e2d51);
  return Math.imul((k << 15) | (k >>> 17), 0x1b873593);
};

const rotate = (hash: number): number => (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;

function finish(hash: number, keyBytes: number, size: number): number {
  let h = hash ^ scramble(keyBytes) ^ Math.imul(size, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
