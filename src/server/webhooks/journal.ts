/**
 * What the webhooks must not forget, in a file that only grows until it is rewritten: each line is a batch of entries that
 * take effect together, after the checksum of its text. A line that a crash cut off, and what follows it, never was.
 */
import {
  closeSync,
  existsSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { type FileHandle, mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';

/** A place to keep entries; one that keeps none is for a server in memory. */
export interface Journal<E> {
  /** Gives all that is kept. */
  read(): E[];
  /** Adds entries; resolves when they are durable. They are added together or not at all. */
  append(entries: readonly E[]): Promise<void>;
  /** The bytes of all entries so far, those without effect included. */
  readonly bytes: number;
  /** Rewrites the file with these entries, so that what has no effect any more takes no room. */
  rewrite(entries: Iterable<readonly E[]>): Promise<void>;
  /** Resolves when all that was asked for is done. */
  close(): Promise<void>;
}

export const noJournal = <E>(): Journal<E> => ({
  bytes: 0,
  read: () => [],
  append: async () => undefined,
  rewrite: async () => undefined,
  close: async () => undefined,
});

export class FileJournal<E> implements Journal<E> {
  bytes = 0;
  private file: FileHandle | null = null;
  private waiting: string[] = [];
  private writing: Promise<void> | null = null;
  private last: Promise<void> = Promise.resolve();

  /** @param onDamage told how many bytes at the end of the file could not be read, and where they are kept */
  constructor(
    private readonly path: string,
    private readonly onDamage: (bytes: number, kept: string) => void,
  ) {}

  read(): E[] {
    const fresh = `${this.path}.new`;
    rmSync(fresh, { force: true });
    if (!existsSync(this.path)) return [];
    const bytes = readFileSync(this.path);
    const entries: E[] = [];
    let at = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, at)) {
      const line = linesEntries<E>(bytes.toString('utf8', at, end));
      if (!line) break;
      entries.push(...line);
      at = end + 1;
    }
    if (at < bytes.length) this.setAside(at, bytes.length - at, bytes.indexOf(10, at) >= 0);
    this.bytes = at;
    return entries;
  }

  append(entries: readonly E[]): Promise<void> {
    if (entries.length === 0) return this.writing ?? Promise.resolve();
    this.waiting.push(lineOf(entries));
    this.writing ??= this.inTurn(async () => {
      this.writing = null;
      const text = this.waiting.join('');
      this.waiting = [];
      await this.write(text);
    });
    return this.writing;
  }

  rewrite(entries: Iterable<readonly E[]>): Promise<void> {
    return this.inTurn(async () => {
      const fresh = `${this.path}.new`;
      await this.makeFolder();
      const file = await open(fresh, 'w', 0o600);
      let bytes = 0;
      for (const batch of entries) {
        const text = batch.length === 0 ? '' : lineOf(batch);
        bytes += Buffer.byteLength(text);
        await file.write(text);
      }
      await file.sync();
      await rename(fresh, this.path);
      await this.file?.close();
      this.file = file;
      this.bytes = bytes;
      await this.syncFolder();
    });
  }

  async close(): Promise<void> {
    await this.last.catch(() => undefined);
    await this.file?.close();
    this.file = null;
  }

  private async write(text: string): Promise<void> {
    if (!this.file) {
      await this.makeFolder();
      this.file = await open(this.path, 'a', 0o600);
      await this.syncFolder();
    }
    const { file, bytes } = this;
    try {
      await file.appendFile(text);
      await file.datasync();
      this.bytes = bytes + Buffer.byteLength(text);
    } catch (error) {
      // half a line would hide those after it
      await file.truncate(bytes).catch(() => undefined);
      throw error;
    }
  }

  /** Does one thing after another, whatever became of the one before. */
  private inTurn(act: () => Promise<void>): Promise<void> {
    const done = this.last.catch(() => undefined).then(act);
    this.last = done;
    done.catch(() => undefined);
    return done;
  }

  private async makeFolder(): Promise<void> {
    await mkdir(dirname(this.path), { recursive: true, mode: 0o700 });
  }

  private async syncFolder(): Promise<void> {
    const folder = await open(dirname(this.path), 'r');
    await folder.sync().catch(() => undefined);
    await folder.close();
  }

  /** Cuts off what cannot be read; where it is more than a line cut short, the file is kept as it was. */
  private setAside(at: number, bytes: number, isDamage: boolean): void {
    const kept = `${this.path}.damaged`;
    if (isDamage) {
      const all = readFileSync(this.path);
      renameSync(this.path, kept);
      writeWhole(this.path, all.subarray(0, at));
      this.onDamage(bytes, kept);
      return;
    }
    const descriptor = openSync(this.path, 'r+');
    ftruncateSync(descriptor, at);
    closeSync(descriptor);
  }
}

function writeWhole(path: string, bytes: Uint8Array): void {
  const descriptor = openSync(path, 'wx', 0o600);
  try {
    writeFileSync(descriptor, bytes);
  } finally {
    closeSync(descriptor);
  }
}

function lineOf(entries: readonly unknown[]): string {
  const text = JSON.stringify(entries);
  return `${sumOf(text)} ${text}\n`;
}

function linesEntries<E>(line: string): E[] | null {
  const text = line.slice(9);
  if (line.slice(0, 9) !== `${sumOf(text)} `) return null;
  return JSON.parse(text) as E[];
}

const sumOf = (text: string) => crc32(text).toString(16).padStart(8, '0');
