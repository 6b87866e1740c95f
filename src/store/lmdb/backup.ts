/**
 * Checks, backs up and restores the store of a folder. A backup is one file: the store as one commit left it, without the free pages. It
 * is made while a server goes on writing, and counts only once it was read back to the last byte.
 */
import { existsSync, linkSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { EddyError } from '../../errors.js';
import { type PageReader, StoreCheck, type StoreReport } from '../log/store-check.js';
import type { Visit } from '../log/survey-entry.js';
import { CommitWitness, readWitness } from './commit-witness.js';
import { flushFolder } from './flush-folder.js';
import { type HeldFile, holdFolder, openFile } from './held-file.js';
import { copyFlushed } from './keep-copy.js';

const DATA = 'data.mdb';

export interface FolderReport extends StoreReport {
  /** Who has the folder, in words; null if nobody does. */
  readonly owner: string | null;
  /** Was it restored, and not opened since? */
  readonly isRestored: boolean;
}

/** Reads a whole folder, also while a server has it, and says what is in it. @throws EddyError `store-*` if it cannot be read */
export async function checkFolder(folder: string, readPage: PageReader): Promise<FolderReport> {
  const held = await holdFolder(folder);
  try {
    // a server goes on writing, so its witness is ahead of the commit that is held
    const witness = held.owner === null ? readWitness(folder) : null;
    const isRestored = witness?.isRestored === true;
    const witnessed = isRestored ? null : (witness?.writes ?? null);
    return { ...check(held, readPage, witnessed), owner: held.owner, isRestored };
  } finally {
    held.file.close();
    await held.release();
  }
}

/**
 * Writes a backup of a folder to a new file, also while a server has the folder.
 *
 * @throws EddyError `store-damaged` if the store is not whole, `store-unavailable` if the file exists or cannot be written
 */
export async function backUp(folder: string, to: string, readPage: PageReader): Promise<StoreReport> {
  const path = resolve(to);
  refuseExisting(path);
  clearUnfinished(path);
  const work = `${path}.${process.pid}.unfinished`;
  const held = await holdFolder(folder);
  try {
    mkdirSync(work, { mode: 0o700 });
    const { EntryWriter } = await import('./lmdb-side.js');
    const writer = new EntryWriter(work);
    let report: StoreReport;
    try {
      report = check(held, readPage, null, writer.take);
    } finally {
      await writer.close();
    }
    refuseDamaged(folder, report);
    const copy = checkFile(join(work, DATA), readPage);
    if (!copy.isWhole || JSON.stringify(copy.sequences) !== JSON.stringify(report.sequences))
      throw new EddyError('store-damaged', `the backup ${path} does not hold what the store does`);
    refuseExisting(path);
    place(join(work, DATA), path);
    flushFolder(dirname(path));
    return copy;
  } finally {
    held.file.close();
    await held.release();
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * Puts a backup into a folder, which must be empty or missing. Clients are told: each sequence gets a new epoch when it is opened, since
 * steps that were acknowledged after the backup are not in it.
 *
 * @throws EddyError `store-damaged` if the backup is not whole, `store-unavailable` if the folder is in use or cannot be written
 */
export async function restore(from: string, folder: string, readPage: PageReader): Promise<StoreReport> {
  refuseDamaged(from, checkFile(from, readPage));
  if (existsSync(folder) && readdirSync(folder).length > 0)
    throw new EddyError(
      'store-unavailable',
      `the folder ${folder} is not empty; a backup is restored to an empty one`,
    );
  const made = mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (made !== undefined) flushFolder(dirname(made));
  const unfinished = join(folder, `${DATA}.unfinished`);
  try {
    await copyFlushed(from, unfinished);
    const report = checkFile(unfinished, readPage);
    refuseDamaged(unfinished, report);
    const witness = new CommitWitness(folder);
    witness.restored(report.writes);
    witness.close();
    renameSync(unfinished, join(folder, DATA));
    flushFolder(folder);
    return report;
  } finally {
    rmSync(unfinished, { force: true });
  }
}

function check(
  { file, head }: Pick<HeldFile, 'file' | 'head'>,
  readPage: PageReader,
  witnessed: number | null,
  take: Visit = () => undefined,
): StoreReport {
  const reading = new StoreCheck(readPage);
  const faults: string[] = [];
  const visit: Visit = (entry) => {
    reading.visit(entry);
    take(entry);
  };
  file.walk(head, visit, (why) => faults.push(`the file ${file.path} is damaged: ${why}`));
  return reading.report(witnessed, faults);
}

function checkFile(path: string, readPage: PageReader): StoreReport & { readonly writes: number } {
  const opened = openFile(path);
  try {
    const reading = new StoreCheck(readPage);
    opened.file.walk(opened.head, reading.visit);
    const { roster } = reading.survey;
    const writes = roster === null || roster === 'damaged' ? 0 : roster.writes;
    return { ...reading.report(null, []), writes };
  } finally {
    opened.file.close();
  }
}

/** Removes what backups to the same file have left behind whose process was killed. */
function clearUnfinished(path: string): void {
  const [folder, start] = [dirname(path), `${basename(path)}.`];
  for (const name of readdirSync(folder)) {
    const pid = name.startsWith(start)
      ? /^(\d+)\.unfinished$/.exec(name.slice(start.length))?.[1]
      : undefined;
    if (pid !== undefined && !isAlive(Number(pid)))
      rmSync(join(folder, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Gives a file its name, unless that is taken. */
function place(file: string, path: string): void {
  try {
    linkSync(file, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') refuseExisting(path);
    // a file system without links
    renameSync(file, path);
  }
}

function refuseExisting(path: string): void {
  if (existsSync(path))
    throw new EddyError('store-unavailable', `${path} exists already, and is not written over`);
}

function refuseDamaged(what: string, { isWhole, damage, sequences }: StoreReport): void {
  if (isWhole) return;
  const [first = sequences.flatMap((one) => one.damage)[0]] = damage;
  throw new EddyError(
    'store-damaged',
    `${what} is not whole: ${first}; \`eddy store check\` tells everything`,
  );
}
