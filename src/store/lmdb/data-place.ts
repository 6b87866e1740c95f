/**
 * The place of a data folder: whether what lies at its path is still what was opened. A folder can be moved, deleted or
 * replaced, and a disk taken away, while the files that are open go on as if nothing had happened; what is written
 * to them then is lost to whoever opens the path.
 */
import {
  accessSync,
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  openSync,
  readlinkSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { diskWords } from './disk-words.js';

const BIG = { bigint: true } as const;
const isSame = (a: BigIntStats, b: BigIntStats) => a.dev === b.dev && a.ino === b.ino;

export class Place {
  private readonly folderFile: number | null;
  private readonly wasFolder: BigIntStats;
  private readonly wasData: BigIntStats;
  private readonly data: string;
  /** Bytes that the file had when it was last written to. */
  private leastBytes = 0n;

  /**
   * @param folder its path, absolute
   * @param dataFile descriptor of its data file
   */
  constructor(
    private readonly folder: string,
    private readonly dataFile: number,
  ) {
    this.data = join(folder, 'data.mdb');
    this.wasFolder = statSync(folder, BIG);
    this.wasData = fstatSync(dataFile, BIG);
    // Windows opens no folders
    this.folderFile = process.platform === 'win32' ? null : openSync(folder, 'r');
  }

  /** Gives what is wrong with the place, in words, or null. */
  wrong(): string | null {
    try {
      const found = statSync(this.data, BIG);
      if (isSame(found, this.wasData) && found.size >= this.leastBytes) {
        accessSync(this.data, constants.R_OK | constants.W_OK);
        return null;
      }
      return this.explain(found);
    } catch (error) {
      return this.explain(error);
    }
  }

  /** Gives which file lies at the path in place of the one that was opened, as a mark of it as it is; null if none does. */
  other(): string | null {
    const found = statSync(this.data, { ...BIG, throwIfNoEntry: false });
    return found && !isSame(found, this.wasData)
      ? [found.dev, found.ino, found.size, found.mtimeNs].join()
      : null;
  }

  /** Takes down how many bytes the file has: with fewer it has been cut. */
  measure(): void {
    this.leastBytes = fstatSync(this.dataFile, BIG).size;
  }

  close(): void {
    if (this.folderFile !== null) closeSync(this.folderFile);
  }

  /** @param found what lies at the path of the data file, or why that cannot be told */
  private explain(found: BigIntStats | unknown): string {
    const { folder, data, wasFolder, wasData } = this;
    try {
      const now = statSync(folder, BIG);
      if (!isSame(now, wasFolder))
        return `another folder lies at ${folder}; the one that was opened is to come back${this.moved()}`;
    } catch (error) {
      if (!isMissing(error)) return `the data folder ${folder} cannot be reached: ${diskWords(error)}`;
      return `the data folder ${folder} is gone${this.moved() || ': moved, or its disk was taken away'}`;
    }
    if (isMissing(found)) return `the file ${data} is gone: moved or deleted`;
    if (found instanceof Error) return `the file ${data} cannot be written: ${diskWords(found)}`;
    if (!isSame(found as BigIntStats, wasData))
      return `another file lies at ${data}; the one that was opened is to come back`;
    return `the file ${data} was cut to ${(found as BigIntStats).size} bytes`;
  }

  /** Where the folder is, as far as the system tells. */
  private moved(): string {
    if (this.folderFile === null) return '';
    try {
      const folder = fstatSync(this.folderFile, BIG);
      if (folder.nlink === 0n) return ': deleted';
      const path = readlinkSync(`/proc/self/fd/${this.folderFile}`);
      return path !== this.folder && isSame(statSync(path, BIG), folder) ? `: moved to ${path}` : '';
    } catch {
      return '';
    }
  }
}

const isMissing = (error: unknown) =>
  ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException)?.code ?? '');
