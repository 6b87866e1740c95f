/** Why a disk refuses something, in words that say what to look at. */
import { constants } from 'node:os';

const WORDS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EDQUOT: "no space left: the disk's quota is used up",
  EFBIG: 'no space left: a limit on the size of files is reached',
  EIO: 'the disk fails (input/output error)',
  EMFILE: 'too many files are open in this process',
  ENFILE: 'too many files are open on this machine',
  ENODEV: 'the disk is gone',
  ENOMEM: 'no memory left on this machine',
  ENOSPC: 'no space left on the disk',
  ENXIO: 'the disk is gone',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ESTALE: 'the network file system no longer knows the file',
};

const NAMES = new Map(Object.entries(constants.errno).map(([name, number]) => [number as number, name]));

/** The name of the error of an operating system, as `ENOSPC`; undefined for any other. LMDB gives its number. */
function nameOf(error: unknown): string | undefined {
  const { code } = (error ?? {}) as { code?: unknown };
  if (typeof code === 'number') return NAMES.get(Math.abs(code));
  return typeof code === 'string' ? code : undefined;
}

/** Is this error about room: a full disk, a quota, a limit on the size of files? */
export const isAboutRoom = (error: unknown): boolean =>
  ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(nameOf(error) ?? '');

/** Says what an error means; one without words here says it itself. */
export function diskWords(error: unknown): string {
  const words = WORDS[nameOf(error) ?? ''];
  if (words !== undefined) return words;
  return error instanceof Error ? error.message : String(error);
}
