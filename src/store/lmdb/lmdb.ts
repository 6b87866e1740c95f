/**
 * The durable store in a folder. One process owns a folder at a time. LMDB and the lock of the folder are native code, which
 * is loaded only when a store is opened: a client, or a program that keeps everything in memory, never loads it.
 */
import { randomUUID } from 'node:crypto';
import { closeSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { EddyError } from '../../errors.js';
import { createDurableStore, type DurableStoreParts } from '../log/durable.js';
import { QuickSurvey } from '../log/quick-survey.js';
import { reconcile } from '../log/reconcile.js';
import type { Opening } from '../log/store-opening.js';
import { Survey } from '../log/survey.js';
import type { Store } from '../store.js';
import { CommitWitness } from './commit-witness.js';
import { diskWords } from './disk-words.js';
import { flushFolder } from './flush-folder.js';
import { keepBefore } from './keep-copy.js';
import { checkLmdbFile } from './lmdb-file.js';

/**
 * Opens the store of a folder, and creates the folder if it is missing.
 *
 * @throws EddyError `store-locked` if another process has it, `store-damaged` if its file is damaged or of another
 * format, `store-unavailable` if it cannot be created or read
 */
export async function openLmdbStore(folder: string, parts: DurableStoreParts = {}): Promise<Store> {
  let release: () => void | Promise<void> = () => undefined;
  try {
    const { LmdbDisk } = await import('./lmdb-disk.js');
    const made = mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (made !== undefined) flushFolder(dirname(folder));
    const { onDamage = warn } = parts;
    const look = () => {
      const survey = new QuickSurvey();
      return { survey, disk: new LmdbDisk(folder, survey.visit) };
    };
    let found: ReturnType<typeof look>;
    try {
      found = await onceRead(folder, look);
    } catch (damage) {
      onDamage(await saved(folder, damage));
      found = look();
    }
    const { survey, disk } = found;
    release = () => disk.close();
    const witness = new CommitWitness(folder);
    disk.onClose = () => witness.close();
    const opening = survey.opening(witness) ?? (await lookClosely(folder, witness));
    return createDurableStore(disk, { witness, onDamage, ...parts }, opening);
  } catch (cause) {
    await release();
    if (cause instanceof EddyError) throw cause;
    throw new EddyError('store-unavailable', `the store in ${folder} cannot be opened: ${diskWords(cause)}`, {
      cause,
    });
  }
}

/** Milliseconds between two looks at a folder that is being read, and for which one waits at most. */
const [LOOK_MS, LONGEST_MS] = [50, 60_000];

/** Opens a folder as soon as a check or a backup of it, which takes its time, is done. @throws EddyError `store-locked` */
async function onceRead<T>(folder: string, open: () => T): Promise<T> {
  const { isBeingRead } = await import('./folder-lock.js');
  for (let waited = 0; ; waited += LOOK_MS) {
    try {
      return open();
    } catch (error) {
      const isLocked = error instanceof EddyError && error.code === 'store-locked';
      if (!isLocked || waited >= LONGEST_MS || !isBeingRead(folder)) throw error;
      await setTimeout(LOOK_MS);
    }
  }
}

/** Looks at a store that is not simply as it was left: new, of an older format, or with something missing. */
async function lookClosely(folder: string, witness: CommitWitness): Promise<Opening> {
  const survey = new Survey();
  checkLmdbFile(join(folder, 'data.mdb'), survey.visit);
  await keepBefore(folder, survey);
  return reconcile(survey, witness);
}

/**
 * Saves what can be read of a damaged file.
 *
 * @throws EddyError if nothing can be done: what was wrong, and what would help
 */
async function saved(folder: string, damage: unknown): Promise<EddyError> {
  if (!(damage instanceof EddyError) || damage.code !== 'store-damaged') throw damage;
  const [{ salvage }, { FolderLock }] = await Promise.all([
    import('./salvage.js'),
    import('./folder-lock.js'),
  ]);
  const lock = FolderLock.take(folder, resolve(folder), randomUUID());
  try {
    return await salvage(folder);
  } catch (error) {
    if (error instanceof EddyError && error.code !== 'store-damaged') throw error;
    const advice = `it is left as it is; \`eddy store restore\` puts a backup in the place of the folder`;
    throw new EddyError('store-damaged', `${damage.message}; ${advice}`, { cause: error });
  } finally {
    lock.close();
    closeSync(lock.data);
  }
}

/** Damage is never passed over in silence. */
const warn = (error: EddyError): void => process.emitWarning(error);
