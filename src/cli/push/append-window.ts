/** The appends that wait for their answer, and no more of them than the server takes. */
import type { Opened, SequenceHandle, StepParts } from '../../../client/sdk/index.js';
import { EddyError } from '../../errors.js';
import type { BadRow, SensorRow } from '../../reading/index.js';
import type { Counts } from './counts.js';

/** Appends that may wait: of single steps enough to keep the server busy, of readings as many as it keeps for open bins. */
const WINDOW = 4096;
const READINGS = 65_536;

export interface AppendParts {
  readonly opened: Pick<Opened, 'seq' | 'resample'>;
  /** Takes a row that is too late; throws where that ends the reading. */
  readonly onLate: (row: BadRow) => void;
}

export class AppendWindow {
  late = 0;
  private sent = 0;
  private acked = 0;
  private repeated = 0;
  /** The times of the rows that wait, in the order they were sent. */
  private readonly waiting = new Set<{ readonly t: number | null }>();
  private failure: Error | null = null;
  private wake: (() => void) | null = null;
  private readonly most: number;
  private newest = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly handle: SequenceHandle,
    private readonly parts: AppendParts,
  ) {
    this.most = parts.opened.resample ? READINGS - 1 : WINDOW;
  }

  get counts(): Pick<Counts, 'sent' | 'acked' | 'repeated'> {
    const { sent, acked, repeated } = this;
    return { sent, acked, repeated };
  }

  /** Sends a row; gives null where the next may follow at once. */
  take(step: StepParts, row: Pick<SensorRow, 'line' | 't'>, key: string | undefined): Promise<void> | null {
    if (this.failure) throw this.failure;
    if (this.waiting.size >= this.most) return this.takeLater(step, row, key);
    this.send(step, row, key);
    return null;
  }

  /** Closes the open bins, and resolves when all that was sent is answered. */
  async finish(): Promise<void> {
    if (this.parts.opened.resample) await this.flush();
    while (this.waiting.size > 0 && !this.failure) await this.change();
    if (this.failure) throw this.failure;
  }

  /** Resolves when all that was sent is answered, but for the readings of open bins, which wait for more. */
  async settle(): Promise<void> {
    if (this.parts.opened.resample) return;
    await this.finish();
  }

  private async takeLater(...[step, row, key]: Parameters<AppendWindow['take']>): Promise<void> {
    while (this.waiting.size >= this.most && !this.failure) {
      this.checkBin();
      await this.change();
    }
    if (this.failure) throw this.failure;
    this.send(step, row, key);
  }

  private send(step: StepParts, { line, t }: Pick<SensorRow, 'line' | 't'>, key: string | undefined): void {
    const waiting = { t };
    this.waiting.add(waiting);
    this.sent++;
    this.newest = Math.max(this.newest, t ?? Number.NEGATIVE_INFINITY);
    this.handle
      .append(step, key === undefined ? {} : { key })
      .then(
        (seq) => {
          this.acked++;
          if (seq <= this.parts.opened.seq) this.repeated++;
        },
        (error: Error) => this.refused(error, line),
      )
      .finally(() => {
        this.waiting.delete(waiting);
        this.wake?.();
      });
  }

  /** The readings of a bin that is open wait for it to end; they must not be all that may wait. */
  private checkBin(): void {
    const { resample } = this.parts.opened;
    const [oldest] = this.waiting;
    if (!resample || oldest?.t == null) return;
    const { every, lateness } = resample;
    if (this.newest < (Math.floor(oldest.t / every) + 1) * every + lateness)
      throw new EddyError(
        'setting-invalid',
        `more than ${this.most} rows fall into the bins that are open; choose a shorter --every or --lateness`,
      );
  }

  private refused(error: Error, line: number): void {
    if (!(error instanceof EddyError && error.code === 'step-late')) {
      this.failure ??= error;
      return;
    }
    this.late++;
    this.sent--;
    try {
      this.parts.onLate({ line, message: `line ${line}: ${error.message}` });
    } catch (bad) {
      this.failure ??= bad as Error;
    }
  }

  /** A flush goes after all appends; if the connection breaks before its answer, it is asked for again. */
  private async flush(): Promise<void> {
    for (;;)
      try {
        return await this.handle.flush();
      } catch (error) {
        if (!(error instanceof EddyError && error.code === 'connection-lost')) throw error;
      }
  }

  private change(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }
}
