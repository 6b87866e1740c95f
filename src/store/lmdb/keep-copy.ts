/** Keeps a copy of a store of an older format before it is taken over. */
import { constants } from 'node:fs';
import { copyFile, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { EddyError } from '../../errors.js';
import { checkFormat, FORMAT } from '../log/store-formats.js';
import type { Survey } from '../log/survey.js';
import { flushFolder } from './flush-folder.js';

const DATA = 'data.mdb';
const STEP = 1024 * 1024;

/**
 * Keeps `data.mdb` as `data.mdb.before-2`, complete and flushed, if it has an older format than the one that is written. A process that is
 * killed meanwhile leaves an unfinished copy, which the next one replaces.
 *
 * @throws EddyError `store-damaged` for a format that is not read, `store-unavailable` where there is no room for a copy
 */
export async function keepBefore(folder: string, survey: Survey): Promise<void> {
  checkFormat(survey);
  if (survey.format === null || Number(survey.format) === FORMAT) return;
  await keepCopy(folder, `before-${FORMAT}`);
}

/** Copies `data.mdb` to a name that is free, unless a copy of that name is the same already. Gives the name of the copy. */
export async function keepCopy(folder: string, suffix: string): Promise<string> {
  const path = join(folder, DATA);
  const names = new Set(await readdir(folder));
  for (let i = 1; ; i++) {
    const name = `${DATA}.${suffix}${i === 1 ? '' : `.${i}`}`;
    if (names.has(name)) {
      if (await isSame(path, join(folder, name))) return name;
      continue;
    }
    const unfinished = join(folder, `${name}.unfinished`);
    await rm(unfinished, { force: true });
    await copyFlushed(path, unfinished);
    await rename(unfinished, join(folder, name));
    flushFolder(folder);
    return name;
  }
}

/** Copies a file to a new one, and flushes it. @throws EddyError `store-unavailable` where there is no room */
export async function copyFlushed(from: string, to: string): Promise<void> {
  const { size } = await stat(from);
  const { bavail, bsize } = await statfs(join(to, '..'));
  if (bavail * bsize < size)
    throw new EddyError(
      'store-unavailable',
      `there is no room for a copy of ${from}: it needs ${size} bytes, ${bavail * bsize} are free`,
    );
  await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  const file = await open(to, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

async function isSame(one: string, other: string): Promise<boolean> {
  if ((await stat(one)).size !== (await stat(other)).size) return false;
  const [a, b] = [await open(one), await open(other)];
  try {
    const [left, right] = [Buffer.alloc(STEP), Buffer.alloc(STEP)];
    for (;;) {
      const [{ bytesRead }] = await Promise.all([a.read(left, 0, STEP), b.read(right, 0, STEP)]);
      if (bytesRead === 0) return true;
      if (!left.subarray(0, bytesRead).equals(right.subarray(0, bytesRead))) return false;
    }
  } finally {
    await Promise.all([a.close(), b.close()]);
  }
}
