/** The file of the page: what was found in it, and its rows once they are read. */
import { BehaviorSubject } from 'rxjs';
import type { Choice } from '../../../src/reading/index.js';
import { type ReadingSetting, readingOptions } from './reading-setting.js';
import { type FileLike, readTable, type Surroundings, type Table } from './table.js';

export type FileState =
  | { readonly status: 'none' }
  | {
      readonly status: 'reading';
      readonly file: string;
      readonly choice: Choice | null;
      readonly rows: number;
    }
  | { readonly status: 'read'; readonly choice: Choice; readonly table: Table }
  | {
      readonly status: 'failed';
      readonly file: string;
      /** What was found, if it was no more than the choice of columns that failed. */
      readonly choice: Choice | null;
      readonly message: string;
    };

export class FileReading {
  readonly state$ = new BehaviorSubject<FileState>({ status: 'none' });
  private file: FileLike | null = null;
  private abort = new AbortController();

  constructor(private readonly page: Pick<Surroundings, 'now' | 'pause'>) {}

  /** The rows, once they are read. */
  get table(): Table | null {
    const state = this.state$.value;
    return state.status === 'read' ? state.table : null;
  }

  /** Is a file of this name at hand? */
  has(name: string): boolean {
    return this.file?.name === name;
  }

  /** Takes a file, which is yet to be read. */
  take(file: FileLike): void {
    this.file = file;
  }

  /**
   * Reads the file, or reads it again in another way; one that was being read is dropped.
   *
   * @param columns to take; if none is named, all of numbers, up to 16
   * @returns null if it cannot be read, which the state tells, or was dropped
   */
  async read(reading: ReadingSetting, columns: readonly string[]): Promise<Table | null> {
    this.abort.abort();
    this.abort = new AbortController();
    const { signal } = this.abort;
    const { file } = this;
    if (!file) return null;
    let choice: Choice | null = null;
    const tell = (rows: number) => this.state$.next({ status: 'reading', file: file.name, choice, rows });
    tell(0);
    try {
      const table = await readTable(
        file,
        { options: readingOptions(reading), columns },
        {
          ...this.page,
          signal,
          onRows: tell,
          onChoice: (found) => {
            choice = found;
            tell(0);
          },
        },
      );
      signal.throwIfAborted();
      this.state$.next({ status: 'read', choice: choice as unknown as Choice, table });
      return table;
    } catch (error) {
      if (!signal.aborted)
        this.state$.next({ status: 'failed', file: file.name, choice, message: (error as Error).message });
      return null;
    }
  }

  /** Drops what was read, or is being read. The file stays at hand. */
  forget(): void {
    this.abort.abort();
    if (this.state$.value.status !== 'none') this.state$.next({ status: 'none' });
  }
}

/** Lets the page draw, and take what the user does. */
export const nextTask = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));
