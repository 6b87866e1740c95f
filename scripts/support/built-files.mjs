// What the scripts that build something share: which files there are, whether they are out of date, how they are sent.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync, constants as zlib } from 'node:zlib';

/** Below this a compressed file saves no packet. */
const WORTH_COMPRESSING = 1024;

export const filesOf = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));

const changedAt = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** Tells whether a file is newer than all the files that it is made from. */
export const isNewer = (file, inputs) => changedAt(file) > Math.max(...inputs.map(changedAt));

/** Writes each file of a folder once more with brotli and with gzip, so that a server sends it as it lies. */
export function compressAll(folder) {
  for (const file of filesOf(folder)) {
    const bytes = readFileSync(file);
    if (bytes.length < WORTH_COMPRESSING) continue;
    const params = { [zlib.BROTLI_PARAM_QUALITY]: 11, [zlib.BROTLI_PARAM_SIZE_HINT]: bytes.length };
    writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params }));
    writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
  }
}

/** Gives how many KiB the brotli files of a folder have together. */
export const compressedKib = (folder) =>
  Math.ceil(
    filesOf(folder)
      .filter((file) => file.endsWith('.br'))
      .reduce((sum, file) => sum + statSync(file).size, 0) / 1024,
  );
