/**
 * A file beside the store that says how many writes were reported durable. It is written after each of them and never flushed: it may be
 * behind, and is never ahead. So an older state of the store, which is whole in itself, is recognised: a head that went back, or a file that
 * was put in its place.
 */
import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Witness } from '../log/ledger-disk.js';

const FILE = 'eddy.end';
const DIGITS = 16;

const lineOf = (writes: number, isRestored = false): string => {
  const text = `${String(writes).padStart(DIGITS, '0')} writes ${isRestored ? 'and a restore' : 'are durable'}`;
  return `${text}, ${crc32(text).toString(16).padStart(8, '0')}\n`;
};

export class CommitWitness implements Witness {
  readonly last: number | null;
  readonly isRestored: boolean;
  private readonly path: string;
  private file: number | null = null;

  constructor(folder: string) {
    this.path = join(folder, FILE);
    const { writes = null, isRestored = false } = readWitness(folder) ?? {};
    this.last = writes;
    this.isRestored = isRestored;
  }

  /** Says that a backup was put there, which had so many writes. */
  restored(writes: number): void {
    this.put(lineOf(writes + 1, true));
  }

  tell(writes: number): void {
    this.put(lineOf(writes));
  }

  private put(line: string): void {
    try {
      this.file ??= openSync(this.path, constants.O_CREAT | constants.O_WRONLY, 0o600);
      writeSync(this.file, line, 0);
    } catch {
      // it is a witness only: the store itself says when it cannot be written
      this.close();
    }
  }

  close(): void {
    if (this.file !== null) closeSync(this.file);
    this.file = null;
  }
}

/** Gives how many writes were reported durable, or that a backup was restored; null if that is not known. */
export function readWitness(folder: string): { writes: number; isRestored: boolean } | null {
  try {
    const line = readFileSync(join(folder, FILE), 'utf8');
    const writes = Number.parseInt(line, 10);
    if (lineOf(writes) === line) return { writes, isRestored: false };
    return lineOf(writes, true) === line ? { writes, isRestored: true } : null;
  } catch {
    return null;
  }
}
