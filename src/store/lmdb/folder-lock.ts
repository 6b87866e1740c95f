/**
 * The lock of a data folder: the kernel releases it when its process ends, however that ends. Two files are locked:
 * `eddy.lock`, which says who has the folder, and the data file itself, so that deleting the former frees nothing. A
 * holder marks `eddy.lock` with a word of its own; where that word stands, nobody else has had the folder since.
 */
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  type Stats,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { tryLock } from 'fs-native-extensions';
import { EddyError } from '../../errors.js';

const FILE = 'eddy.lock';
/** A byte far beyond the end of the data file: on Windows a locked one cannot be written. */
const LOCK_AT = 2 ** 52;
const CREATE = constants.O_RDWR | constants.O_CREAT;

export class FolderLock {
  /**
   * Takes the lock of a folder, and opens its data file.
   *
   * @param name the folder as its user calls it
   * @param word what marks the holder; it may come back with it
   * @throws EddyError `store-locked`, which names the folder and the process holding it
   */
  static take(name: string, folder: string, word: string): FolderLock {
    const path = join(folder, FILE);
    const file = lockedFile(path);
    if (file === null) throw inUse(name, path);
    let data: number | null = null;
    try {
      data = openSync(join(folder, 'data.mdb'), CREATE, 0o600);
      if (!tryLock(data, LOCK_AT, 1)) throw inUse(name, path);
      const lock = new FolderLock(path, word, file, data);
      lock.mark();
      return lock;
    } catch (error) {
      if (data !== null) closeSync(data);
      closeSync(file);
      throw error;
    }
  }

  private constructor(
    private readonly path: string,
    private readonly word: string,
    private file: number | null,
    /** The data file. Whoever closes it gives up the lock. */
    readonly data: number,
  ) {}

  /** Writes the mark again, as a sign of life, into a new file where the former was deleted. */
  beat(): void {
    if (this.file === null || !isAt(this.path, this.file)) {
      const file = lockedFile(this.path);
      // whoever has it is refused the data file
      if (file === null) return;
      this.close();
      this.file = file;
    }
    this.mark();
  }

  /** Gives up `eddy.lock`; the next beat takes it again. */
  close(): void {
    if (this.file !== null) closeSync(this.file);
    this.file = null;
  }

  private mark(): void {
    if (this.file === null) return;
    // always as long, and never shortened first: so a full disk does not refuse it
    writeSync(this.file, `${String(process.pid).padEnd(10)}\n${this.word}\n`, 0);
  }
}

/** Is this the word that the last holder of a folder left? */
export function isMarked(folder: string, word: string): boolean {
  try {
    return readFileSync(join(folder, FILE), 'utf8').split('\n')[1] === word;
  } catch {
    return false;
  }
}

/** What begins the word of a holder that only reads, and soon gives the folder up: a check, a backup. */
export const READING = 'reading ';

/** Does the holder of a folder only read it? */
export function isBeingRead(folder: string): boolean {
  try {
    return readFileSync(join(folder, FILE), 'utf8').split('\n')[1]?.startsWith(READING) ?? false;
  } catch {
    return false;
  }
}

/** Opens a file and locks it; null if another descriptor has the lock. */
function lockedFile(path: string): number | null {
  for (;;) {
    const file = openSync(path, CREATE, 0o600);
    try {
      if (!tryLock(file)) {
        closeSync(file);
        return null;
      }
      // it may have been deleted in between: then the lock is of a file that nobody will meet
      if (isAt(path, file)) return file;
    } catch (error) {
      closeSync(file);
      throw error;
    }
    closeSync(file);
  }
}

function isAt(path: string, file: number): boolean {
  const found: Stats | undefined = statSync(path, { throwIfNoEntry: false });
  const own = fstatSync(file);
  return found !== undefined && found.ino === own.ino && found.dev === own.dev;
}

function inUse(name: string, path: string): EddyError {
  const owner = ownerOf(path);
  const who = Number.isNaN(owner) ? 'another process' : `process ${owner}`;
  return new EddyError('store-locked', `the data folder ${name} is in use by ${who}`);
}

function ownerOf(path: string): number {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(20);
    return Number.parseInt(bytes.toString('latin1', 0, readSync(file, bytes, 0, 20, 0)), 10);
  } finally {
    closeSync(file);
  }
}
