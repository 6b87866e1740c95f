/**
 * LMDB as a disk.
 *
 * LMDB runs without `overlappingSync`: then a commit writes its pages, flushes them, and only then writes and flushes the
 * head that makes them valid, so that what `write` resolves for survives kill -9 and the loss of power, and whatever
 * happens the file holds one of the last two commits whole. With `overlappingSync` a commit would be visible before it is
 * flushed, could be forgotten after a failed flush, and would never settle then; it gains nothing, since the store has
 * one write under way at a time.
 */
import { join } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import { EddyError } from '../../errors.js';
import type { Changes, Disk, KeyRange } from '../log/disk.js';
import { flushFolder } from './flush-folder.js';
import { checkLmdbFile } from './lmdb-file.js';

/** A folder of LMDB as a disk. */
export class LmdbDisk implements Disk {
  /** Null where it could not be opened anew after a failure. */
  private opened: RootDatabase<Buffer, string> | null;
  /** After a failed write LMDB may refuse all others, and never say so: it is opened anew before the next. */
  private hasFailed = false;

  constructor(
    private readonly folder: string,
    private readonly unlock: () => void,
  ) {
    checkLmdbFile(join(folder, 'data.mdb'));
    this.opened = this.open();
    flushFolder(folder);
  }

  get(key: string): Uint8Array | undefined {
    return this.database.get(key);
  }

  keys({ from, to, limit, last = false }: KeyRange): string[] {
    const range = last
      ? { start: to, end: from, exclusiveStart: true, inclusiveEnd: true, reverse: true }
      : { start: from, end: to };
    const keys: string[] = [];
    for (const key of this.database.getKeys({ ...range, limit: Math.min(limit, 2 ** 31) })) keys.push(key);
    return keys;
  }

  async write(changes: Changes): Promise<void> {
    if (this.hasFailed) await this.reopen();
    try {
      await this.database.batch(() => {
        for (const [key, value] of changes) {
          if (value) void this.database.put(key, value as Buffer);
          else void this.database.remove(key);
        }
      });
    } catch (error) {
      this.hasFailed = true;
      throw await reasonOf(error);
    }
  }

  async close(): Promise<void> {
    await this.opened?.close();
    this.unlock();
  }

  private get database(): RootDatabase<Buffer, string> {
    if (!this.opened)
      throw new EddyError('store-unavailable', `the store in ${this.folder} cannot be read now`);
    return this.opened;
  }

  private open(): RootDatabase<Buffer, string> {
    return open<Buffer, string>({
      path: this.folder,
      noSubdir: false,
      encoding: 'binary',
      overlappingSync: false,
      // else LMDB opens a batch of its own around each, whose promise nobody sees: when it rejects, the process ends
      eventTurnBatching: false,
    });
  }

  private async reopen(): Promise<void> {
    const { opened } = this;
    this.opened = null;
    await opened?.close();
    this.opened = this.open();
    this.hasFailed = false;
  }
}

/** LMDB tells why a commit failed in a second promise. */
async function reasonOf(error: unknown): Promise<unknown> {
  const { commitError } = error as { commitError?: Promise<unknown> };
  try {
    await commitError;
    return error;
  } catch (reason) {
    return reason;
  }
}
