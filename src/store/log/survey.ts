/** What a walk over all entries of a disk finds, by sequence: what ledgers and the roster are held against. */
import type { Disk } from './disk.js';
import { FORMAT_KEY, idOf, nameOf, numberOf, OLD_KEYS, ROSTER_KEY } from './keys.js';
import { count, ENTRY_KINDS, emptySums, type Ledger, readCalled, readLedger } from './ledger.js';
import { type Roster, readRoster } from './roster.js';
import { stampOfEntry } from './stamp.js';
import { HEAD_BYTES, type SurveyedEntry, type Visit } from './survey-entry.js';
import { hexAt, ID_DIGITS, isAt, kindOfEntry, LEDGER, pageBytesIn, SLASH } from './survey-keys.js';

/** What there is of a sequence. */
export interface Found {
  readonly id: string;
  readonly sums: Uint32Array;
  /** Position after the last record or checkpoint, by their keys. */
  end: number;
  /** Its ledger; `damaged` if it cannot be read; null if there is none. */
  ledger: Ledger | 'damaged' | null;
}

const LOG = ENTRY_KINDS.indexOf('log');
const CHECKPOINT = ENTRY_KINDS.indexOf('checkpoint');
const PAST = ENTRY_KINDS.indexOf('past');

const toText = (bytes: Uint8Array) =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');

export class Survey {
  readonly sequences = new Map<string, Found>();
  /** The ids of names. */
  readonly names = new Map<string, string>();
  readonly gone = new Set<string>();
  /** The names that are kept apart, by id; null for one that is damaged. */
  readonly called = new Map<string, string | null>();
  format: string | null = null;
  roster: Roster | 'damaged' | null = null;
  /** Of format 1. */
  nextId = 1;
  /** Bytes of all pages. */
  pageBytes = 0;
  /** The entries that the roster counts, and the sum of their stamps. */
  entries = 0;
  sum = 0;
  /** Keys that are none of Eddy's. */
  readonly foreign: string[] = [];
  private readonly byNumber = new Map<number, Found>();
  private last: Found | null = null;
  private lastNumber = -1;

  readonly visit = (entry: SurveyedEntry): void => {
    const kind = kindOfEntry(entry);
    if (kind < 0) this.visitOther(entry);
    else this.visitEntry(entry, kind);
  };

  private visitEntry(entry: SurveyedEntry, kind: number): void {
    const { key, keyFrom, keyEnd } = entry;
    const from = keyFrom + ENTRY_KINDS[kind]!.length + 1;
    const found = this.found(key, from);
    if (!found) {
      this.visitOther(entry);
      return;
    }
    const rest = from + ID_DIGITS + 1;
    if (kind === LOG && keyEnd - rest === LEDGER.length && isAt(LEDGER, key, rest)) {
      found.ledger = readLedger(entry.value()) ?? 'damaged';
      this.count(entry);
      return;
    }
    count(found.sums, kind, stampOfEntry(entry), 1);
    if (kind === LOG) found.end = later(found.end, hexAt(key, rest, 14) + hexAt(key, rest + 15, 8));
    else if (kind === CHECKPOINT) found.end = later(found.end, hexAt(key, rest, 14));
    else if (kind === PAST) this.pageBytes += pageBytesIn(key, rest, keyEnd);
  }

  /** Gives what is found of the sequence whose id is at a place; null if no id is there. */
  private found(key: Uint8Array, from: number): Found | null {
    const number = key[from + ID_DIGITS] === SLASH ? hexAt(key, from, ID_DIGITS) : Number.NaN;
    if (Number.isNaN(number)) return null;
    if (number === this.lastNumber) return this.last;
    let found = this.byNumber.get(number);
    if (!found) {
      const id = idOf(number);
      found = { id, sums: emptySums(), end: 0, ledger: null };
      this.sequences.set(id, found);
      this.byNumber.set(number, found);
    }
    this.last = found;
    this.lastNumber = number;
    return found;
  }

  private visitOther(entry: SurveyedEntry): void {
    const key = entry.text();
    if (key === ROSTER_KEY) {
      this.roster = readRoster(entry.value()) ?? 'damaged';
      return;
    }
    if (key === OLD_KEYS.nextId) this.nextId = Number(toText(entry.value()));
    if (key === OLD_KEYS.nextId || key === OLD_KEYS.pageBytes) return;
    this.count(entry);
    if (key === FORMAT_KEY) this.format = toText(entry.value());
    else if (key.startsWith('name/')) this.names.set(nameOf(key), toText(entry.value()));
    else if (/^gone\/[0-9a-f]{12}$/.test(key)) this.gone.add(key.slice(5));
    else if (/^called\/[0-9a-f]{12}$/.test(key)) this.called.set(key.slice(7), readCalled(entry.value()));
    else this.foreign.push(key);
  }

  private count(entry: SurveyedEntry): void {
    this.entries++;
    this.sum = (this.sum + stampOfEntry(entry)) >>> 0;
  }
}

/** Surveys a disk through its keys. */
export function surveyOf(disk: Disk): Survey {
  const survey = new Survey();
  visitAll(disk, survey.visit);
  return survey;
}

/** Visits all entries of a disk through its keys. */
export function visitAll(disk: Disk, visit: Visit): void {
  for (const text of disk.keys({ from: ' ', to: '\u007f', limit: Number.MAX_SAFE_INTEGER })) {
    const value = disk.get(text) ?? new Uint8Array(0);
    const key = Buffer.from(text, 'latin1');
    visit({
      key,
      keyFrom: 0,
      keyEnd: key.length,
      head: value,
      headFrom: 0,
      headEnd: Math.min(value.length, HEAD_BYTES),
      size: value.length,
      value: () => value,
      text: () => text,
    });
  }
}

/** A position that a damaged key does not tell is none. */
const later = (end: number, other: number): number => (other > end ? other : end);

export const highestId = ({ sequences, names, gone }: Survey): number => {
  let highest = 0;
  for (const ids of [sequences.keys(), names.values(), gone])
    for (const id of ids) highest = Math.max(highest, numberOf(id) || 0);
  return highest;
};
