/** Counts what one write changes, and adds to it the ledgers of the sequences it touches and the roster. */
import type { Changes, Disk } from './disk.js';
import { chunkRange, idIn, isLedgerKey, ledgerKey, numberOf, OLD_KEYS, ROSTER_KEY } from './keys.js';
import { count, ENTRY_KINDS, emptySums, type Ledger, readNote, writeLedger } from './ledger.js';
import { type Roster, writeRoster } from './roster.js';
import { stampOf } from './stamp.js';

/** A ledger in memory, which changes with each write. */
export interface Known {
  readonly ledger: Ledger;
  /** The stamp of its entry on the disk; null if it is not there yet. */
  stamp: number | null;
  /** Position from which on every chunk is new to the disk. */
  diskEnd: number;
  /** Where the chunks of the write that is being counted end. */
  chunksEnd: number;
}

const LOG = ENTRY_KINDS.indexOf('log');
const FOLDERS = ENTRY_KINDS.map((kind) => `${kind}/`);

/** Gives the kind of a sequence's entry, or -1. */
function kindOfKey(key: string): number {
  for (let kind = 0; kind < FOLDERS.length; kind++) if (key.startsWith(FOLDERS[kind]!)) return kind;
  return -1;
}

/** A write with the ledgers and the roster that belong to it. */
export interface Sealed {
  readonly changes: Changes;
  /** The ledgers it changes, and the sequences it removes. */
  readonly touched: ReadonlyMap<string, Known>;
  readonly removed: ReadonlySet<string>;
  readonly roster: Roster;
}

export class Sealing {
  private readonly changes = new Map<string, Uint8Array | null>();
  private readonly touched = new Map<string, Known>();
  private readonly removed = new Set<string>();
  private readonly roster: Roster;

  constructor(
    roster: Roster,
    private readonly waiting: ReadonlyMap<string, Ledger>,
    private readonly load: (id: string) => Known | null,
    private readonly disk: Pick<Disk, 'get'>,
  ) {
    this.roster = { ...roster, writes: roster.writes + 1 };
  }

  seal(changes: Changes): Sealed {
    const { touched, removed, roster } = this;
    for (const id of this.waiting.keys()) this.touch(id);
    for (const [key, value] of changes) {
      const kind = kindOfKey(key);
      if (kind === LOG && isLedgerKey(key)) {
        this.note(idIn(key), value);
        continue;
      }
      this.changes.set(key, value);
      if (kind < 0) this.countOther(key, value);
      else this.countEntry(key, value, kind);
    }
    for (const [id, known] of touched) this.finish(id, known);
    this.changes.set(ROSTER_KEY, writeRoster(roster));
    return { changes: this.changes, touched, removed, roster };
  }

  /** Takes what a sequence tells of its log; null when it is removed. */
  private note(id: string, value: Uint8Array | null): void {
    if (value === null) {
      const key = ledgerKey(id);
      const before = this.disk.get(key);
      if (before) this.recount(stampOf(key, before), null);
      this.removed.add(id);
      this.touched.delete(id);
      this.changes.set(key, null);
      return;
    }
    const note = readNote(value);
    if (!note) return;
    const { ledger } = this.touch(id) ?? this.begin(id, note.name);
    ledger.end = note.end;
    if (!note.isSettled) return;
    ledger.flags = 0;
    ledger.settled = this.roster.doubts;
  }

  private begin(id: string, name: string): Known {
    const settled = this.roster.doubts;
    const ledger = { id: numberOf(id), name, end: 0, settled, flags: 0, sums: emptySums() };
    const begun = { ledger, stamp: null, diskEnd: 0, chunksEnd: 0 };
    this.touched.set(id, begun);
    return begun;
  }

  /** Gives the ledger to be changed; null if the sequence has none, because it was removed. */
  private touch(id: string): Known | null {
    const found = this.touched.get(id);
    if (found) return found;
    if (this.removed.has(id)) return null;
    const waiting = this.waiting.get(id);
    const known = waiting
      ? {
          ledger: { ...waiting, sums: waiting.sums.slice() },
          stamp: this.stampOnDisk(id),
          diskEnd: Number.POSITIVE_INFINITY,
          chunksEnd: 0,
        }
      : this.load(id);
    if (known) this.touched.set(id, known);
    return known;
  }

  /** A damaged ledger cannot be loaded, and is counted nevertheless. */
  private stampOnDisk(id: string): number | null {
    const key = ledgerKey(id);
    const bytes = this.disk.get(key);
    return bytes ? stampOf(key, bytes) : null;
  }

  private countEntry(key: string, value: Uint8Array | null, kind: number): void {
    const known = this.touch(idIn(key));
    if (!known) return;
    const { ledger, diskEnd } = known;
    let isNew = false;
    if (kind === LOG) {
      const { first, end } = chunkRange(key);
      isNew = first >= diskEnd;
      if (value) known.chunksEnd = Math.max(known.chunksEnd, end);
    }
    const before = isNew ? undefined : this.disk.get(key);
    if (before) count(ledger.sums, kind, stampOf(key, before), -1);
    if (value) count(ledger.sums, kind, stampOf(key, value), 1);
  }

  private countOther(key: string, value: Uint8Array | null): void {
    if (key === OLD_KEYS.nextId || key === OLD_KEYS.pageBytes) return;
    const before = this.disk.get(key);
    this.recount(before ? stampOf(key, before) : null, value ? stampOf(key, value) : null);
  }

  private finish(id: string, known: Known): void {
    const { ledger, chunksEnd } = known;
    // whatever was discarded before, the chunks of this write are its log
    ledger.end = Math.max(ledger.end, chunksEnd);
    known.chunksEnd = 0;
    const key = ledgerKey(id);
    const bytes = writeLedger(ledger);
    const stamp = stampOf(key, bytes);
    this.changes.set(key, bytes);
    this.recount(known.stamp, stamp);
    known.stamp = stamp;
  }

  private recount(before: number | null, after: number | null): void {
    const { roster } = this;
    roster.entries += (after === null ? 0 : 1) - (before === null ? 0 : 1);
    roster.sum = (roster.sum + (after ?? 0) - (before ?? 0)) >>> 0;
  }
}
