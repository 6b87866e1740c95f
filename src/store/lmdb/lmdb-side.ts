/** What is done with LMDB beside serving a folder: a reader that holds one commit, and a writer that fills a new file. */
import { open, type RootDatabase } from 'lmdb';
import type { SurveyedEntry } from '../log/survey-entry.js';

/** One transaction takes about this many bytes. */
const STEP_BYTES = 8 * 1024 * 1024;

const settings = (path: string) =>
  ({
    path,
    noSubdir: false,
    encoding: 'binary',
    overlappingSync: false,
    eventTurnBatching: false,
  }) as const;

/** Keeps the pages of one commit from being used again, in a folder that another process writes. */
export class ReadPin {
  private readonly database: RootDatabase<Buffer, string>;
  private release: () => void = () => undefined;

  constructor(folder: string) {
    this.database = open<Buffer, string>({ ...settings(folder), readOnly: true });
  }

  /** Holds the newest commit, in place of the one it held. */
  hold(): void {
    this.release();
    this.database.resetReadTxn();
    const transaction = this.database.useReadTransaction();
    this.release = () => transaction.done();
    this.database.doesExist('format');
  }

  async close(): Promise<void> {
    this.release();
    await this.database.close();
  }
}

/** Writes entries to the file of a new folder, in the order of their keys or not. */
export class EntryWriter {
  private readonly database: RootDatabase<Buffer, string>;
  private waiting: [string, Buffer][] = [];
  private bytes = 0;

  constructor(folder: string) {
    this.database = open<Buffer, string>(settings(folder));
  }

  /** Takes an entry that is met on a walk. */
  readonly take = (entry: SurveyedEntry): void => {
    this.waiting.push([entry.text(), Buffer.from(entry.value())]);
    this.bytes += entry.size + 64;
    if (this.bytes >= STEP_BYTES) this.write();
  };

  /** Flushes everything and closes the file. */
  async close(): Promise<void> {
    this.write();
    await this.database.close();
  }

  private write(): void {
    const { waiting, database } = this;
    database.transactionSync(() => {
      for (const [key, value] of waiting) database.putSync(key, value);
    });
    this.waiting = [];
    this.bytes = 0;
  }
}
