/**
 * LMDB as a disk.
 *
 * LMDB runs without `overlappingSync`: then a commit writes its pages, flushes them, and only then writes and flushes the
 * head that makes them valid. So a resolved `write` survives kill -9 and power cuts, and whatever happens the file
 * holds one of the last two commits completely. With `overlappingSync` a commit would be visible before it is
 * flushed, could be lost after a failed flush, and would then never settle; it gains nothing, since the store has
 * one write under way at a time.
 */
import { join } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import { EddyError } from '../../errors.js';
import type { Changes, Disk, KeyRange } from '../log/disk.js';
import type { Visit } from '../log/survey-entry.js';
import { flushFolder } from './flush-folder.js';
import { checkLmdbFile } from './lmdb-file.js';

/** A folder of LMDB as a disk. */
export class LmdbDisk implements Disk {
  /** Null if it could not be reopened after a failure. */
  private opened: RootDatabase<Buffer, string> | null;
  /** After a failed write LMDB may silently refuse all others, so it is reopened before the next one. */
  private hasFailed = false;

  /** @param visit sees all entries that are there */
  constructor(
    private readonly folder: string,
    private readonly unlock: () => void,
    visit?: Visit,
  ) {
    checkLmdbFile(join(folder, 'data.mdb'), visit);
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
    // a damaged key may be no text; the survey has told of it
    for (const key of this.database.getKeys({ ...range, limit: Math.min(limit, 2 ** 31) }))
      if (typeof key === 'string') keys.push(key);
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
      throw new EddyError('store-unavailable', `the store in ${this.folder} cannot be read at present`);
    return this.opened;
  }

  private open(): RootDatabase<Buffer, string> {
    return open<Buffer, string>({
      path: this.folder,
      noSubdir: false,
      encoding: 'binary',
      overlappingSync: false,
      // otherwise LMDB wraps each change in a batch of its own whose promise nobody handles: its rejection ends the process
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
