/** The file of a folder, for reading it as one commit left it, whether a server has the folder or not. */
import { randomUUID } from 'node:crypto';
import { closeSync, existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { EddyError } from '../../errors.js';
import { LmdbFile } from './lmdb-file.js';
import { readHead } from './lmdb-heads.js';
import { HEAD_BYTES, type Head } from './lmdb-layout.js';

export interface HeldFile {
  readonly file: LmdbFile;
  readonly head: Head;
  /** Who writes to the folder meanwhile, in words; null if nobody does. */
  readonly owner: string | null;
  release(): Promise<void>;
}

/** How often a commit is looked for that stays the newest while it is taken hold of. */
const ATTEMPTS = 100;

/**
 * Takes hold of a folder, or of the newest commit in it if another process has the folder.
 *
 * @throws EddyError `store-unavailable` if there is no store, `store-damaged` if no commit can be found in it
 */
export async function holdFolder(folder: string): Promise<HeldFile> {
  const path = join(folder, 'data.mdb');
  if (!existsSync(path))
    throw new EddyError('store-unavailable', `there is no store in ${folder}: ${path} is missing`);
  const { FolderLock, READING } = await import('./folder-lock.js');
  try {
    const lock = FolderLock.take(folder, resolve(folder), READING + randomUUID());
    const unlock = () => {
      lock.close();
      closeSync(lock.data);
    };
    try {
      return { ...openFile(path), owner: null, release: async () => unlock() };
    } catch (error) {
      unlock();
      throw error;
    }
  } catch (error) {
    const { code, message } = error as EddyError;
    if (code === 'store-locked') return holdCommit(folder, path, message);
    // a folder that nobody may write to has no owner
    if (code === undefined || error instanceof EddyError) throw error;
    return { ...openFile(path), owner: null, release: async () => undefined };
  }
}

/** Opens a file that nobody writes to. */
export function openFile(path: string): Pick<HeldFile, 'file' | 'head'> {
  if (!existsSync(path)) throw new EddyError('store-unavailable', `there is no file ${path}`);
  const file = new LmdbFile(path);
  try {
    return { file, head: file.head() };
  } catch (error) {
    file.close();
    throw error;
  }
}

async function holdCommit(folder: string, path: string, locked: string): Promise<HeldFile> {
  const { ReadPin } = await import('./lmdb-side.js');
  const pin = new ReadPin(folder);
  const file = new LmdbFile(path);
  const release = async () => pin.close();
  for (let i = 0; i < ATTEMPTS; i++) {
    const before = newest(file);
    pin.hold();
    const after = newest(file);
    if (before && after && before.transaction === after.transaction)
      return { file, head: after, owner: locked.replace(/^.* is in use by /, ''), release };
  }
  file.close();
  await release();
  throw new EddyError('store-damaged', `no commit can be found in ${path}, which another process is writing`);
}

/** Gives the head of the newest commit; null while it is being written. */
function newest(file: LmdbFile): Head | null {
  const first = readHead(file.read, 0, HEAD_BYTES);
  if (typeof first === 'string') return null;
  const second = readHead(file.read, 1, first.pageSize);
  if (typeof second === 'string') return null;
  return first.transaction > second.transaction ? first : second;
}
