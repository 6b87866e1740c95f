/** Appends to a token list, completely or not at all. */
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { parseTokens, type TokenEntry } from '../../server/auth/tokens.js';
import { invalid, readTrusted } from '../../server/auth/trusted-file.js';

/**
 * Appends an entry. Writes the new list beside the file and renames it, with the old owner and mode, or, if the file is
 * new, for its owner only. Of two writers at the same time the second is refused.
 *
 * @throws EddyError `credentials-invalid`
 */
export function appendToken(file: string, entry: TokenEntry, warn: (text: string) => void): void {
  const next = `${file}.new`;
  const descriptor = createNew(next);
  try {
    const before = statSync(file, { throwIfNoEntry: false });
    const entries = before ? parseTokens(readTrusted(file, { isSecret: true, warn }), file) : [];
    const text = `${JSON.stringify([...entries, entry], null, 2)}\n`;
    parseTokens(text, file);
    writeFileSync(descriptor, text);
    if (before) {
      fchownSync(descriptor, before.uid, before.gid);
      fchmodSync(descriptor, before.mode & 0o777);
    }
    fsyncSync(descriptor);
    renameSync(next, file);
  } catch (error) {
    rmSync(next, { force: true });
    throw error;
  } finally {
    closeSync(descriptor);
  }
}

function createNew(next: string): number {
  try {
    return openSync(next, 'wx', 0o600);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST') throw invalid(next, `cannot be written: ${code}`);
    throw invalid(
      next,
      'exists: another eddy token new is running, or was interrupted; in that case remove it',
    );
  }
}
