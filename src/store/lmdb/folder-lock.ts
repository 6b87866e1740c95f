/** The lock of a data folder: the kernel releases it when its process ends, however that ends. */
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { tryLock } from 'fs-native-extensions';
import { EddyError } from '../../errors.js';

const FILE = 'eddy.lock';

/**
 * Takes the lock of a folder, and gives a function that releases it.
 *
 * @throws EddyError `store-locked`, which names the folder and the process holding it
 */
export function lockFolder(folder: string): () => void {
  const path = join(folder, FILE);
  const file = openSync(path, 'a+', 0o600);
  try {
    if (!tryLock(file)) {
      const owner = Number.parseInt(readFileSync(path, 'utf8'), 10);
      const who = Number.isNaN(owner) ? 'another process' : `process ${owner}`;
      throw new EddyError('store-locked', `the data folder ${folder} is in use by ${who}`);
    }
    ftruncateSync(file);
    writeSync(file, `${process.pid}\n`);
  } catch (error) {
    closeSync(file);
    throw error;
  }
  return () => closeSync(file);
}
