/** A file of lines that only grows: opened for appending, read and written by its owner only. */
import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';
import type { Logger } from 'pino';
import { EddyError } from '../../errors.js';

export interface AuditFileParts {
  readonly path: string;
  readonly logger: Pick<Logger, 'info' | 'error'>;
  /** Writes like `writeSync`. */
  readonly write?: (descriptor: number, bytes: Uint8Array) => number;
}

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = constants;
const OTHERS_WRITE = 0o022;

export class AuditFile {
  private descriptor: number;
  /** Lines that could not be written since the last one that was; the log has them. */
  private missed = 0;
  /** Does the file end within a line? */
  private isTorn = false;

  /** @throws EddyError `setting-invalid` if the file cannot be used */
  constructor(private readonly parts: AuditFileParts) {
    this.descriptor = openAudit(parts.path);
  }

  /** Appends a line. If it cannot be written, that is said once, and the server goes on: the log has the line. */
  write(line: string): void {
    const { path, logger } = this.parts;
    try {
      if (this.missed > 0)
        this.append(`${JSON.stringify({ audit: true, what: 'missed', count: this.missed })}\n`);
      if (this.missed > 0)
        logger.info({ file: path, missed: this.missed }, 'the audit file is written again');
      this.missed = 0;
      this.append(line);
    } catch (error) {
      if (this.missed === 0)
        logger.error(
          { file: path, err: error },
          'the audit file cannot be written: its lines are in this log only',
        );
      this.missed++;
    }
  }

  /** Opens the file of this name again, after the old one was moved away. @throws EddyError `setting-invalid` */
  reopen(): void {
    const fresh = openAudit(this.parts.path);
    closeSync(this.descriptor);
    this.descriptor = fresh;
    this.isTorn = false;
  }

  close(): void {
    closeSync(this.descriptor);
  }

  /** Writes all of a line; after a part of one it begins on a line of its own. */
  private append(line: string): void {
    const { write = writeSync } = this.parts;
    const bytes = Buffer.from(this.isTorn ? `\n${line}` : line);
    for (let at = 0; at < bytes.length; ) {
      at += write(this.descriptor, bytes.subarray(at));
      this.isTorn = at < bytes.length;
    }
  }
}

function openAudit(path: string): number {
  const invalid = (why: string) => new EddyError('setting-invalid', `the audit file ${path} ${why}`);
  let descriptor: number;
  try {
    descriptor = openSync(path, O_APPEND | O_CREAT | O_WRONLY | O_NOFOLLOW, 0o600);
  } catch (error) {
    throw invalid(`cannot be opened: ${(error as NodeJS.ErrnoException).code}`);
  }
  const { mode, uid, isFile } = statsOf(descriptor);
  const self = process.getuid?.();
  const fault = !isFile
    ? 'is not a file'
    : self !== undefined && mode & OTHERS_WRITE
      ? 'can be written by other users: chmod go-w it'
      : self !== undefined && uid !== self
        ? 'belongs to another user'
        : null;
  if (fault === null) return descriptor;
  closeSync(descriptor);
  throw invalid(fault);
}

function statsOf(descriptor: number) {
  const stats = fstatSync(descriptor);
  return { mode: stats.mode, uid: stats.uid, isFile: stats.isFile() };
}
