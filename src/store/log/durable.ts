/** The store that outlives its process, over any disk: one atomic write at a time takes the pending records of all sequences. */
import { EddyError } from '../../errors.js';
import { PageRoom } from '../page-index.js';
import type { Store, StoredSummary, StoreListener } from '../store.js';
import { type Sweep, Sweeps } from './background-deletes.js';
import type { Disk } from './disk.js';
import { DurableSequence, type SequenceOwner } from './durable-sequence.js';
import { GroupCommit, type GroupCommitParts } from './group-commit.js';
import {
  calledKey,
  goneKey,
  idOf,
  isPageKey,
  keyedPage,
  ledgerKey,
  nameKey,
  nameOf,
  within,
} from './keys.js';
import { writeCalled } from './ledger.js';
import { LedgerDisk, type Witness } from './ledger-disk.js';
import { reconcile } from './reconcile.js';
import type { Opening } from './store-opening.js';
import { StoredLog } from './stored-log.js';
import { surveyOf } from './survey.js';

/** How many names are read from the disk at a time. */
const NAMES = 256;
/** Bytes that all pages together are to have by default: 8 GiB. */
const PAGE_BYTES = 8 * 2 ** 30;

export interface DurableStoreParts extends GroupCommitParts {
  /** How many bytes the pages of all sequences are to have together. */
  readonly pageBytes?: number;
  /** Is told of damage that is found when the store is opened; it names what is damaged. */
  readonly onDamage?: (error: EddyError) => void;
  /** Is told how many writes are durable, and knows it when the store is opened again. */
  readonly witness?: Witness | null;
}

const toBytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const toText = (bytes: Uint8Array | undefined): string | undefined =>
  bytes && new TextDecoder().decode(bytes);

/**
 * Opens a store on a disk, which belongs to the store from then on.
 *
 * @param opening how the store goes on with what is on the disk; by default that is looked at here
 * @throws EddyError `store-damaged` if the disk holds another format or something else
 */
export function createDurableStore(
  disk: Disk,
  parts: DurableStoreParts = {},
  opening: Opening = reconcile(surveyOf(disk), parts.witness ?? undefined),
): Store {
  return new DurableStore(disk, parts, opening);
}

class DurableStore implements Store, SequenceOwner {
  readonly commit: GroupCommit;
  readonly room: PageRoom;
  size = 0;
  /** Sequences that are open or have changes that are not durable yet; all others are on the disk only. */
  private readonly awake = new Map<string, DurableSequence>();
  /** Sequences with records in an unfinished chunk. */
  private readonly gathering = new Set<DurableSequence>();
  private readonly sweeps = new Sweeps();
  readonly ledgers: LedgerDisk;

  constructor(disk: Disk, parts: DurableStoreParts, opening: Opening) {
    const { witness = null, onDamage = () => undefined } = parts;
    this.room = new PageRoom(parts.pageBytes ?? PAGE_BYTES);
    this.room.bytes = opening.pageBytes;
    this.ledgers = new LedgerDisk(disk, opening, witness);
    this.commit = new GroupCommit(this.ledgers, () => this.fill(), parts);
    for (const [key, value] of opening.changes) this.commit.set(key, value);
    this.size = opening.size;
    for (const id of opening.gone) this.sweepGone(id);
    for (const { error } of opening.faults) onDamage(error);
  }

  get failure(): EddyError | null {
    return this.commit.failure;
  }

  get fileBytes(): number {
    return this.ledgers.bytes();
  }

  get pageBytes(): number {
    return this.room.bytes;
  }

  has(name: string): boolean {
    return this.awake.get(name)?.isKnown || this.commit.has(nameKey(name));
  }

  *names(after = ''): Generator<string> {
    const { from, to } = within('name');
    let start = after === '' ? from : `${nameKey(after)}\u0001`;
    for (;;) {
      const keys = this.commit.keys({ from: start, to, limit: NAMES });
      for (const key of keys) yield nameOf(key);
      if (keys.length < NAMES) return;
      start = `${keys.at(-1)}\u0001`;
    }
  }

  open(name: string, listener: StoreListener): DurableSequence {
    let sequence = this.awake.get(name);
    if (!sequence) {
      sequence = new DurableSequence(this, name, toText(this.commit.get(nameKey(name))) ?? null);
      this.awake.set(name, sequence);
    }
    if (sequence.listener)
      throw new EddyError('store-locked', `the sequence ${name} is open and cannot be opened twice`);
    sequence.listener = listener;
    return sequence;
  }

  summary(name: string): StoredSummary | null {
    this.awake.get(name)?.seal();
    const id = toText(this.commit.get(nameKey(name)));
    return id === undefined ? null : new StoredLog(this.commit, name, id, this.ledgers.ledger(id)).summary();
  }

  async remove(name: string): Promise<void> {
    const sequence = this.awake.get(name);
    if (sequence?.listener)
      throw new EddyError(
        'store-locked',
        `the sequence ${name} is open and cannot be removed from the store`,
      );
    const id = toText(this.commit.get(nameKey(name)));
    if (id === undefined) return;
    this.awake.delete(name);
    this.size--;
    this.commit.set(nameKey(name), null);
    this.commit.set(ledgerKey(id), null);
    this.commit.set(calledKey(id), null);
    this.commit.set(goneKey(id), toBytes(name));
    this.sweepGone(id);
    await new Promise<void>((resolve) => this.commit.whenDurable(resolve));
  }

  flushed(): Promise<void> {
    return this.commit.flushed();
  }

  close(): Promise<void> {
    return this.commit.close();
  }

  register(name: string): string {
    const id = idOf(this.ledgers.takeId());
    this.size++;
    this.commit.set(nameKey(name), toBytes(id));
    this.commit.set(calledKey(id), writeCalled(name));
    return id;
  }

  gathers(sequence: DurableSequence): void {
    this.gathering.add(sequence);
    this.commit.wake();
  }

  sweep(sweep: Sweep): void {
    this.sweeps.add(sweep, this.commit);
  }

  released(sequence: DurableSequence): void {
    const isIdle = sequence.listener === null && sequence.pending === 0;
    if (!isIdle || this.awake.get(sequence.name) !== sequence) return;
    this.awake.delete(sequence.name);
    if (sequence.id !== null) this.ledgers.forget(sequence.id);
  }

  private fill(): void {
    for (const sequence of this.gathering) sequence.seal();
    this.gathering.clear();
    this.sweeps.fill(this.commit);
  }

  /** Deletes everything stored for a removed sequence. */
  private sweepGone(id: string): void {
    const { commit } = this;
    const folders = [`log/${id}`, `checkpoint/${id}`, `aside/${id}`, `past/${id}`, `about/${id}`];
    this.sweep({
      keys: (limit) => {
        const keys: string[] = [];
        for (const folder of folders)
          if (keys.length < limit)
            keys.push(...commit.keys({ ...within(folder), limit: limit - keys.length }));
        for (const key of keys) if (isPageKey(key)) this.room.bytes -= keyedPage(key)?.bytes ?? 0;
        return keys;
      },
      done: () => commit.set(goneKey(id), null),
    });
  }
}
