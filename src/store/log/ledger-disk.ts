/**
 * Keeps ledgers and the roster: takes each write on its way to the disk, counts what it changes, and adds the ledgers of the sequences
 * it touches and the roster, so that they are true with every write and with none in between.
 */
import type { Changes, Disk, KeyRange } from './disk.js';
import { ledgerKey, ROSTER_KEY } from './keys.js';
import { type Ledger, readLedger } from './ledger.js';
import { type Roster, readRoster } from './roster.js';
import { type Known, type Sealed, Sealing } from './sealing.js';
import { stampOf } from './stamp.js';
import type { Opening } from './store-opening.js';

/** Is told how many writes are durable, beside the disk. */
export interface Witness {
  /** What it was told last; null if that is not known. */
  readonly last: number | null;
  /** Was the store put there from a backup, so that it has fewer writes than that on purpose? */
  readonly isRestored?: boolean;
  tell(writes: number): void;
}

const NOTHING: Changes = new Map();

export class LedgerDisk implements Disk {
  readonly fault?: () => string | null;
  /** Ledgers as they are on the disk, of sequences that are in use. */
  private readonly known = new Map<string, Known>();
  /** Ledgers that replace those on the disk with the next write. */
  private waiting: Map<string, Ledger>;
  private roster: Roster;
  /** Did the last write fail, so that it is not known whether it was made? */
  private isUnsure = false;

  constructor(
    private readonly disk: Disk,
    { roster, ledgers }: Opening,
    private readonly witness: Witness | null,
  ) {
    if (disk.fault) this.fault = () => disk.fault?.() ?? null;
    this.roster = roster;
    this.waiting = new Map(ledgers);
  }

  bytes(): number {
    return this.disk.bytes?.() ?? 0;
  }

  get nextId(): number {
    return this.roster.nextId;
  }

  /** How often the whole store was in doubt. */
  get doubts(): number {
    return this.roster.doubts;
  }

  /** Takes the next id. */
  takeId(): number {
    return this.roster.nextId++;
  }

  /** Gives the ledger of a sequence as it is on the disk; null if it has none yet. */
  ledger(id: string): Ledger | null {
    return this.waiting.get(id) ?? this.load(id)?.ledger ?? null;
  }

  /** A sequence is no longer in use. */
  forget(id: string): void {
    this.known.delete(id);
  }

  get(key: string): Uint8Array | undefined {
    return this.disk.get(key);
  }

  keys(range: KeyRange): string[] {
    return this.disk.keys(range);
  }

  close(): Promise<void> {
    return this.disk.close();
  }

  async write(changes: Changes): Promise<void> {
    let sealed: Sealed;
    try {
      sealed = this.seal(changes);
    } catch {
      // a disk that cannot be read after a failure is brought back by a write
      await this.disk.write(NOTHING);
      sealed = this.seal(changes);
    }
    try {
      await this.disk.write(sealed.changes);
    } catch (error) {
      this.isUnsure = true;
      throw error;
    }
    this.settle(sealed);
    this.witness?.tell(sealed.roster.writes);
  }

  /** Takes over what a write has made. */
  private settle({ touched, removed, roster }: Sealed): void {
    for (const id of removed) this.known.delete(id);
    for (const [id, known] of touched) {
      known.diskEnd = known.ledger.flags === 0 ? known.ledger.end : Number.POSITIVE_INFINITY;
      this.known.set(id, known);
    }
    if (this.waiting.size > 0) this.waiting = new Map();
    this.roster = { ...roster, nextId: Math.max(roster.nextId, this.roster.nextId) };
  }

  private seal(changes: Changes): Sealed {
    if (this.isUnsure) this.lookAgain();
    // ledgers change as they are counted, so that after a failure they are read again
    this.isUnsure = true;
    const sealed = new Sealing(this.roster, this.waiting, (id) => this.load(id), this.disk).seal(changes);
    this.isUnsure = false;
    return sealed;
  }

  /** After a failure the disk says what it has. */
  private lookAgain(): void {
    this.known.clear();
    const bytes = this.disk.get(ROSTER_KEY);
    const found = bytes ? readRoster(bytes) : null;
    if (found && found.writes > this.roster.writes) {
      this.waiting = new Map();
      this.roster = { ...found, nextId: Math.max(found.nextId, this.roster.nextId) };
    }
    this.isUnsure = false;
  }

  private load(id: string): Known | null {
    const known = this.known.get(id);
    if (known) return known;
    const key = ledgerKey(id);
    const bytes = this.disk.get(key);
    const ledger = bytes ? readLedger(bytes) : null;
    if (!bytes || !ledger) return null;
    const diskEnd = ledger.flags === 0 ? ledger.end : Number.POSITIVE_INFINITY;
    const loaded = { ledger, stamp: stampOf(key, bytes), diskEnd, chunksEnd: 0 };
    this.known.set(id, loaded);
    return loaded;
  }
}
