/**
 * The keys of the durable store: text, so that a person can read them. Numbers are hexadecimal and of fixed width, so that
 * keys sort like numbers. All keys of a sequence carry its id, which is never reused: a new sequence of the same name
 * sees nothing of the old one. A ledger lies beside the last chunk of its log, so that both are on one page of the disk as a rule.
 *
 *     format                                 version of this layout
 *     roster                                 what the whole store has: the next id, and a checksum of names and ledgers
 *     name/NAME                              id of the sequence of that name
 *     called/ID                              its name once more, far from its other entries, so that no lost page takes all of them
 *     log/ID/FIRST/COUNT                     a chunk of records
 *     log/ID/end                             its ledger: its name, where its log ends, and a checksum of all it has
 *     checkpoint/ID/POSITION                 a checkpoint
 *     aside/ID/TIME/log/ID/FIRST/COUNT       records discarded in discard number TIME; checkpoints likewise
 *     past/ID/KIND/FIRST/COUNT/BYTES/TIME/C  a page of steps or states: its first step, its steps, its bytes, when it was written, and
 *                                            a checksum of the key
 *     about/ID/POSITION                      what is told of the sequence while it is closed, as of a position of its log
 *     gone/ID                                a removed sequence whose data is still being deleted
 */
import { crc32 } from 'node:zlib';
import type { PageHead, PageKind } from '../store.js';
import type { KeyRange } from './disk.js';

export const FORMAT_KEY = 'format';
export const ROSTER_KEY = 'roster';
/** Keys of format 1 whose values are in the roster since, or are counted. */
export const OLD_KEYS = { nextId: 'next', pageBytes: 'past' } as const;

const POSITION_DIGITS = 14;
const ID_DIGITS = 12;
const COUNT_DIGITS = 8;
const TIME_DIGITS = 12;
/** Where the first position is in the key of a chunk. */
const FIRST_AT = 'log/'.length + ID_DIGITS + 1;
/** The character after `/`, which ends a range of keys below a folder. */
const AFTER = '0';

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');
const unhex = (text: string | undefined): number => Number.parseInt(text ?? '', 16);

export const idOf = (value: number): string => hex(value, ID_DIGITS);
export const nameKey = (name: string): string => `name/${name}`;
export const calledKey = (id: string): string => `called/${id}`;
export const ledgerKey = (id: string): string => `log/${id}/end`;
export const goneKey = (id: string): string => `gone/${id}`;
export const checkpointKey = (id: string, position: number): string =>
  `checkpoint/${id}/${hex(position, POSITION_DIGITS)}`;
export const logKey = (id: string, first: number, count: number): string =>
  `log/${id}/${hex(first, POSITION_DIGITS)}/${hex(count, COUNT_DIGITS)}`;
export const asideKey = (id: string, time: number, key: string): string =>
  `aside/${id}/${hex(time, COUNT_DIGITS)}/${key}`;
export const summaryKey = (id: string, position: number): string =>
  `about/${id}/${hex(position, POSITION_DIGITS)}`;
export function pageKey(id: string, kind: PageKind, { first, count, bytes, savedAt }: PageHead): string {
  const key = [
    `past/${id}/${kind}`,
    hex(first, POSITION_DIGITS),
    hex(count, COUNT_DIGITS),
    hex(bytes, COUNT_DIGITS),
    hex(savedAt, TIME_DIGITS),
  ].join('/');
  return `${key}/${checksumOf(key)}`;
}

const checksumOf = (key: string): string => hex(crc32(key), COUNT_DIGITS);

/** A page as its key tells of it: with that key if it is one of format 1, which has no checksum. */
export interface KeyedPage extends PageHead {
  readonly key?: string;
}

/** Gives what the key of a page says of it; null if the key is damaged. */
export function keyedPage(key: string): KeyedPage | null {
  const parts = key.split('/');
  const [, , , first, count, bytes, savedAt, checksum] = parts;
  const head = { first: unhex(first), count: unhex(count), bytes: unhex(bytes), savedAt: unhex(savedAt) };
  if (parts.length === 7) return { ...head, key };
  return parts.length === 8 && checksum === checksumOf(key.slice(0, -1 - COUNT_DIGITS)) ? head : null;
}

export const isPageKey = (key: string): boolean => key.startsWith('past/');
export const isLedgerKey = (key: string): boolean => key.startsWith('log/') && key.endsWith('/end');

/** Gives the first position of a key's chunk, and the position after its last record. */
export function chunkRange(key: string): { first: number; end: number } {
  const first = unhex(key.slice(FIRST_AT, FIRST_AT + POSITION_DIGITS));
  return { first, end: first + unhex(key.slice(FIRST_AT + POSITION_DIGITS + 1)) };
}

/** The position of a checkpoint, or of a summary. */
export const checkpointPosition = (key: string): number => unhex(key.split('/')[2]);
export const abandonmentTime = (key: string): number => unhex(key.split('/')[2]);
export const nameOf = (key: string): string => key.slice('name/'.length);

/** All keys of a folder. */
export const within = (folder: string): Omit<KeyRange, 'limit'> => ({
  from: `${folder}/`,
  to: `${folder}${AFTER}`,
});

/** The keys of a sequence's chunks or checkpoints that begin before a position. */
export const before = (
  folder: 'log' | 'checkpoint',
  id: string,
  position: number,
): Omit<KeyRange, 'limit'> => ({
  from: `${folder}/${id}/`,
  to: `${folder}/${id}/${hex(position, POSITION_DIGITS)}`,
});

/** The id in the key of a sequence's entry. */
export const idIn = (key: string): string =>
  key.slice(key.indexOf('/') + 1, key.indexOf('/') + 1 + ID_DIGITS);
export const numberOf = (id: string): number => unhex(id);
