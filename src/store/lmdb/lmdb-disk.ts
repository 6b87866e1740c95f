/**
 * LMDB as a disk.
 *
 * LMDB runs without `overlappingSync`: then a commit writes its pages, flushes them, and only then writes and flushes the
 * head that makes them valid. So a resolved `write` survives kill -9 and power cuts, and whatever happens the file
 * holds one of the last two commits completely. With `overlappingSync` a commit would be visible before it is
 * flushed, could be lost after a failed flush, and would then never settle; it gains nothing, since the store has
 * one write under way at a time.
 */
import { randomUUID } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import { EddyError } from '../../errors.js';
import type { Changes, Disk, KeyRange } from '../log/disk.js';
import type { Visit } from '../log/survey-entry.js';
import { DataFile } from './data-file.js';
import { Place } from './data-place.js';
import { diskWords } from './disk-words.js';
import { flushFolder } from './flush-folder.js';
import { FolderLock, isMarked } from './folder-lock.js';
import { checkLmdbFile } from './lmdb-file.js';

/** The lock, the data file and the place of a folder while it is open. */
class Hold {
  readonly file: DataFile;
  readonly place: Place;

  constructor(
    readonly lock: FolderLock,
    folder: string,
  ) {
    this.file = new DataFile(lock.data);
    this.place = new Place(folder, lock.data);
  }

  close(): void {
    this.place.close();
    this.file.close();
    this.lock.close();
  }
}

/** A folder of LMDB as a disk. */
export class LmdbDisk implements Disk {
  /** Called before the folder is given up. */
  onClose: (() => void) | null = null;
  private readonly path: string;
  /** Marks the folder as held by this disk. */
  private readonly word = randomUUID();
  private hold: Hold;
  /** Null if it could not be reopened after a failure. */
  private opened: RootDatabase<Buffer, string> | null = null;
  /** After a failed write LMDB may silently refuse all others, so it is reopened before the next one. */
  private hasFailed = false;
  /** The last commit in the file. */
  private transaction = 0n;
  private isWriting = false;
  /** Looks for the files elsewhere at present. */
  private settling: Promise<void> | null = null;
  /** What was found at the path and was not as it should be. */
  private refused: string | null = null;

  /**
   * Takes the folder, which must be there.
   *
   * @param visit sees all entries that are there
   * @throws EddyError `store-locked`, `store-damaged`
   */
  constructor(
    private readonly folder: string,
    visit?: Visit,
  ) {
    this.path = resolve(folder);
    this.hold = this.take();
    try {
      this.begin(visit);
      flushFolder(this.path);
    } catch (error) {
      this.hold.close();
      throw error;
    }
  }

  get(key: string): Uint8Array | undefined {
    return this.database.get(key);
  }

  keys({ from, to, limit, last = false }: KeyRange): string[] {
    const range = last
      ? { start: to, end: from, exclusiveStart: true, inclusiveEnd: true, reverse: true }
      : { start: from, end: to };
    const keys: string[] = [];
    // a damaged key may be no text; the survey has told of it
    for (const key of this.database.getKeys({ ...range, limit: Math.min(limit, 2 ** 31) }))
      if (typeof key === 'string') keys.push(key);
    return keys;
  }

  async write(changes: Changes): Promise<void> {
    if (this.hold.place.wrong() !== null) await this.settled();
    this.isWriting = true;
    try {
      await this.makeReady(changes);
      await this.commit(changes);
    } finally {
      this.isWriting = false;
    }
  }

  private async commit(changes: Changes): Promise<void> {
    try {
      await this.database.batch(() => {
        for (const [key, value] of changes) {
          if (value) void this.database.put(key, value as Buffer);
          else void this.database.remove(key);
        }
      });
    } catch (error) {
      this.hasFailed = true;
      throw new Error(diskWords(await reasonOf(error)), { cause: error });
    }
    this.noteCommit();
    this.checkPlace();
    this.hold.place.measure();
  }

  bytes(): number {
    return this.hold.file.size;
  }

  fault(): string | null {
    const wrong = this.hold.place.wrong();
    if (wrong !== null) {
      if (!this.isWriting) void this.settled();
      return wrong;
    }
    try {
      this.checkFit();
      return null;
    } catch (error) {
      return (error as Error).message;
    }
  }

  async close(): Promise<void> {
    await this.settling;
    await this.opened?.close();
    if (this.hold.place.wrong() === null) this.hold.file.giveBack();
    this.onClose?.();
    this.hold.close();
  }

  private get database(): RootDatabase<Buffer, string> {
    if (!this.opened)
      throw new EddyError('store-unavailable', `the store in ${this.folder} cannot be read at present`);
    return this.opened;
  }

  private take(): Hold {
    return new Hold(FolderLock.take(this.folder, this.path, this.word), this.path);
  }

  /** Opens what was taken, once its file is known to be whole. */
  private begin(visit?: Visit): void {
    checkLmdbFile(join(this.path, 'data.mdb'), visit);
    this.opened = this.open();
    this.transaction = this.hold.file.head()?.transaction ?? 0n;
    this.hold.place.measure();
  }

  private open(): RootDatabase<Buffer, string> {
    return open<Buffer, string>({
      path: this.path,
      noSubdir: false,
      encoding: 'binary',
      overlappingSync: false,
      // otherwise LMDB wraps each change in a batch of its own whose promise nobody handles: its rejection ends the process
      eventTurnBatching: false,
    });
  }

  /** Sees to it that a write can begin. @throws what is wrong, in words */
  private async makeReady(changes: Changes): Promise<void> {
    this.checkPlace();
    this.checkFit();
    if (this.hasFailed || !this.opened) await this.reopen();
    try {
      await this.hold.file.makeRoom(changes);
    } catch (error) {
      throw new Error(`${diskWords(error)} (${this.folder})`, { cause: error });
    }
  }

  /** @throws what is wrong with the place, in words */
  private checkPlace(): void {
    const wrong = this.hold.place.wrong();
    if (wrong !== null) throw new Error(wrong);
  }

  /** Writes a sign of life, and looks for commits of others. @throws what is wrong, in words */
  private checkFit(): void {
    try {
      this.hold.lock.beat();
    } catch (error) {
      throw new Error(`${diskWords(error)} (${this.folder})`, { cause: error });
    }
    this.noteCommit();
  }

  /** Takes down the last commit: the one before the last write, or that write's. @throws if it is neither, in words */
  private noteCommit(): void {
    const last = this.hold.file.head()?.transaction;
    if (last === undefined || !this.isOwn(last))
      throw new Error(
        `something else has written to ${join(this.folder, 'data.mdb')}: its last commit is ${last ?? 'none'}, not ${this.transaction}`,
      );
    this.transaction = last;
  }

  private isOwn(transaction: bigint): boolean {
    return transaction === this.transaction || transaction === this.transaction + 1n;
  }

  /** One look at a time. */
  private settled(): Promise<void> {
    this.settling ??= this.settle().finally(() => {
      this.settling = null;
    });
    return this.settling;
  }

  /** Goes over to what lies at the path, if that is another file that holds exactly what this disk has written. */
  private async settle(): Promise<void> {
    try {
      const other = this.hold.place.other();
      if (other === null || other === this.refused) return;
      this.refused = other;
      if (!this.isOwnAt(this.path)) return;
      await this.moveIn();
      this.refused = null;
    } catch {
      // what is wrong with the place stays so, and is told
    }
  }

  /** Is the folder at a path one that this disk was the last to have, up to its last commit? */
  private isOwnAt(path: string): boolean {
    if (!isMarked(path, this.word)) return false;
    const file = openSync(join(path, 'data.mdb'), 'r');
    try {
      const head = new DataFile(file).head();
      return head !== null && this.isOwn(head.transaction);
    } finally {
      closeSync(file);
    }
  }

  private async moveIn(): Promise<void> {
    const { hold, opened } = this;
    // in the same folder it is one and the same lock
    hold.lock.close();
    const next = this.take();
    try {
      checkLmdbFile(join(this.path, 'data.mdb'));
    } catch (error) {
      next.close();
      throw error;
    }
    this.opened = null;
    await opened?.close();
    hold.close();
    this.hold = next;
    this.hasFailed = true;
    await this.reopen();
    this.transaction = next.file.head()?.transaction ?? 0n;
    next.place.measure();
  }

  private async reopen(): Promise<void> {
    const { opened } = this;
    this.opened = null;
    await opened?.close();
    this.opened = this.open();
    this.hasFailed = false;
  }
}

/** LMDB reports why a commit failed in a second promise. */
async function reasonOf(error: unknown): Promise<unknown> {
  const { commitError } = error as { commitError?: Promise<unknown> };
  try {
    await commitError;
    return error;
  } catch (reason) {
    return reason;
  }
}
