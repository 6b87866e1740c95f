/** Reads files that decide who may connect. */
import { closeSync, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';
import { EddyError } from '../../errors.js';

/** The largest such file, in bytes. */
const MAX_BYTES = 1024 * 1024;
const OTHERS_WRITE = 0o022;
const OTHERS_READ = 0o044;

export interface TrustedFileOptions {
  /** Does it contain a secret that others should not read? */
  readonly isSecret: boolean | ((text: string) => boolean);
  readonly warn: (text: string) => void;
}

/**
 * Reads a file that no other user can have written. No error quotes its contents.
 *
 * @throws EddyError `credentials-invalid`
 */
export function readTrusted(file: string, { isSecret, warn }: TrustedFileOptions): string {
  return whileOpen(file, (descriptor) => {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) throw invalid(file, 'is not a file');
    if (stats.size > MAX_BYTES) throw invalid(file, `has more than ${MAX_BYTES} bytes`);
    const fault = writers(stats);
    if (fault) throw invalid(file, fault);
    const text = readFileSync(descriptor, 'utf8');
    const holdsSecret = typeof isSecret === 'function' ? isSecret(text) : isSecret;
    if (holdsSecret && process.getuid && stats.mode & OTHERS_READ)
      warn(`${file} can be read by other users: chmod 600 it`);
    return text;
  });
}

export const invalid = (file: string, why: string) => new EddyError('credentials-invalid', `${file} ${why}`);

function whileOpen<T>(file: string, use: (descriptor: number) => T): T {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch (error) {
    throw invalid(file, `cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
  try {
    return use(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Tells who else can write to a file; null if nobody, or if the platform has no numeric users. */
function writers({ mode, uid }: Stats): string | null {
  const self = process.getuid?.();
  if (self === undefined) return null;
  if (mode & OTHERS_WRITE) return 'can be written by other users: chmod go-w it';
  return uid === self || uid === 0 ? null : 'belongs to another user';
}
