/**
 * The file of LMDB beside LMDB: which commit is its last, and room for the next one.
 *
 * LMDB tells of a write that its file system refuses on stderr, in words of its own. So the room that a commit may take
 * is taken before it: what a disk, a quota or a limit refuses is refused here, where it has a code, and LMDB writes
 * only to pages that are there. The room is given back when the file is closed.
 */
import { closeSync, fstatSync, ftruncateSync, readSync, write } from 'node:fs';
import { promisify } from 'node:util';
import type { Changes } from '../log/disk.js';
import { isAboutRoom } from './disk-words.js';

const writeAt = promisify(write);

/** The last commit of a file. */
export interface FileHead {
  readonly transaction: bigint;
  /** Bytes up to the end of its last page. */
  readonly end: number;
  readonly pageSize: number;
}

/** Bytes that the file grows by, where there is room for so many. */
const STEP = 2 ** 20;
/** Pages that any commit may take: those on the way to what it changes, and its list of free pages. */
const SPARE_PAGES = 16;

/** An open file of LMDB. */
export class DataFile {
  private readonly first = Buffer.alloc(160);
  private readonly second = Buffer.alloc(160);
  private hasGrown = false;

  /** @param file its descriptor, open for reading and writing */
  constructor(readonly file: number) {}

  get size(): number {
    return fstatSync(this.file).size;
  }

  /** Gives the last commit, or null if the file has none that can be read. */
  head(): FileHead | null {
    const { file, first, second } = this;
    if (readSync(file, first, 0, first.length, 0) < first.length) return null;
    // offsets as in lmdb-file.ts
    const pageSize = first.readUInt32LE(48);
    if (readSync(file, second, 0, second.length, pageSize) < second.length) return null;
    const newer = first.readBigUInt64LE(152) > second.readBigUInt64LE(152) ? first : second;
    return {
      transaction: newer.readBigUInt64LE(152),
      end: (Number(newer.readBigUInt64LE(144)) + 1) * pageSize,
      pageSize,
    };
  }

  /** Takes the room that a commit may need. Rejects with what the file system says. */
  async makeRoom(changes: Changes): Promise<void> {
    const head = this.head();
    if (!head) return;
    const { size } = fstatSync(this.file);
    const needed = head.end + pagesOf(changes, head.pageSize) * head.pageSize;
    if (needed <= size) return;
    this.hasGrown = true;
    try {
      await this.fill(size, Math.max(needed, size + STEP));
    } catch (error) {
      ftruncateSync(this.file, size);
      if (!isAboutRoom(error)) throw error;
      try {
        await this.fill(size, needed);
      } catch (again) {
        ftruncateSync(this.file, size);
        throw again;
      }
    }
  }

  /** Gives back the room that was taken and that no commit has used. */
  giveBack(): void {
    const head = this.head();
    if (this.hasGrown && head && fstatSync(this.file).size > head.end) ftruncateSync(this.file, head.end);
  }

  close(): void {
    closeSync(this.file);
  }

  private async fill(from: number, to: number): Promise<void> {
    const zeros = Buffer.alloc(to - from);
    for (let at = from; at < to; ) {
      const { bytesWritten } = await writeAt(this.file, zeros, 0, to - at, at);
      at += bytesWritten;
    }
  }
}

/** The most pages that the changes may take: each its own, one more if that splits, and those of a large value. */
function pagesOf(changes: Changes, pageSize: number): number {
  let pages = SPARE_PAGES;
  for (const value of changes.values()) pages += 2 + Math.ceil((value?.length ?? 0) / pageSize);
  return pages;
}
