/**
 * Saves what can be read of a damaged file: every entry of every page that is whole goes to a new file, and the damaged one is kept
 * beside it. What was lost is named by the ledgers when the new file is opened.
 */
import { linkSync, mkdirSync, readdirSync, renameSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { EddyError } from '../../errors.js';
import { reconcile } from '../log/reconcile.js';
import { Survey } from '../log/survey.js';
import { CommitWitness } from './commit-witness.js';
import { flushFolder } from './flush-folder.js';
import { checkLmdbFile, LmdbFile } from './lmdb-file.js';
import { headsFault, rootFault } from './lmdb-heads.js';
import { type Head, PAGE_HEADER } from './lmdb-layout.js';
import { EntryWriter } from './lmdb-side.js';

const DATA = 'data.mdb';
const WORK = 'salvage.unfinished';
/** Faults that are told one by one. */
const TOLD = 5;

/**
 * Puts a new file in the place of a damaged one, and gives what was wrong with that.
 *
 * @throws EddyError `store-damaged` if the damage leaves nothing to go by, `store-unavailable` where there is no room
 */
export async function salvage(folder: string): Promise<EddyError> {
  const path = join(folder, DATA);
  const work = join(folder, WORK);
  rmSync(work, { recursive: true, force: true });
  const file = new LmdbFile(path);
  try {
    checkRoom(folder, file.size);
    const { head, isOlder } = soundHead(file);
    mkdirSync(work, { mode: 0o700 });
    const writer = new EntryWriter(work);
    const faults: string[] = [];
    const lost = new Set<string>();
    const survey = new Survey();
    try {
      file.walk(
        head,
        (entry) => {
          survey.visit(entry);
          writer.take(entry);
        },
        (why, place) => {
          if (place === 'tree') throw damaged(file, why);
          if (place === 'leaf') lost.add(/page (\d+)/.exec(why)?.[1] ?? why);
          faults.push(why);
        },
      );
    } finally {
      await writer.close();
    }
    checkComplete(file, survey, lost.size);
    checkLmdbFile(join(work, DATA));
    if (isOlder) {
      faults.unshift('one of its two heads is damaged, and the other is of the commit before');
      const { roster } = survey;
      const witness = new CommitWitness(folder);
      const writes = roster === null || roster === 'damaged' ? 1 : roster.writes + 1;
      if ((witness.last ?? 0) < writes) witness.tell(writes);
      witness.close();
    }
    const kept = keepDamaged(folder);
    renameSync(join(work, DATA), path);
    flushFolder(folder);
    rmSync(work, { recursive: true, force: true });
    const more = faults.length > TOLD ? `; and ${faults.length - TOLD} more` : '';
    const why = faults.length === 0 ? 'one of its two heads is damaged' : faults.slice(0, TOLD).join('; ');
    return new EddyError(
      'store-damaged',
      `the file ${path} was damaged: ${why}${more}. All that can be read of it is in a new file; the damaged one is kept as ${kept}`,
    );
  } finally {
    file.close();
    rmSync(work, { recursive: true, force: true });
  }
}

/** @throws EddyError `store-damaged` if sequences may be lost of which nothing is left, not even their names */
function checkComplete(file: LmdbFile, survey: Survey, lostPages: number): void {
  const { roster } = survey;
  // each name is on two pages, and one page may be lost
  if (lostPages > 1 && (roster === null || roster === 'damaged'))
    throw damaged(
      file,
      `${lostPages} of its pages are lost, and with them what says which sequences there were`,
    );
  reconcile(survey);
}

/** Gives the head to go by, and whether a newer commit may have been lost with the other. */
function soundHead(file: LmdbFile): { head: Head; isOlder: boolean } {
  const heads = file.heads();
  const sound = heads.filter(
    (head): head is Head => typeof head !== 'string' && rootFault(file.read, head) === null,
  );
  const [first, second] = sound;
  if (!first) throw damaged(file, 'none of its two heads can be read');
  if (second) {
    const apart = headsFault(first, second);
    if (apart) throw damaged(file, apart);
    return { head: first.transaction > second.transaction ? first : second, isOlder: false };
  }
  return { head: first, isOlder: hasNewerPage(file, first) };
}

/** Was any page written by a commit after that of a head? */
function hasNewerPage(file: LmdbFile, { pageSize, transaction }: Head): boolean {
  const pages = Math.floor(file.size / pageSize);
  for (let page = 2; page < pages; page++) {
    const header = file.read(page * pageSize, PAGE_HEADER);
    const isPage = header.length === PAGE_HEADER && header.readBigUInt64LE(0) === BigInt(page);
    if (isPage && header.readBigUInt64LE(8) > transaction) return true;
  }
  return false;
}

/** Keeps the damaged file under a name that is free. */
function keepDamaged(folder: string): string {
  const names = new Set(readdirSync(folder));
  for (let i = 1; ; i++) {
    const name = `${DATA}.damaged-${i}`;
    if (names.has(name)) continue;
    linkSync(join(folder, DATA), join(folder, name));
    return name;
  }
}

/** @throws EddyError `store-unavailable` */
function checkRoom(folder: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize >= bytes) return;
  throw new EddyError(
    'store-unavailable',
    `the store in ${folder} is damaged, and there is no room to save what can be read: ${bytes} bytes are needed, ${bavail * bsize} are free`,
  );
}

const damaged = ({ path }: LmdbFile, why: string) =>
  new EddyError('store-damaged', `the file ${path} is damaged: ${why}`);
