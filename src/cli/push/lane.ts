/** The way of one sequence's rows to the server. */
import type { Client, Opened, SequenceHandle } from '../../../client/sdk/index.js';
import { EddyError } from '../../errors.js';
import { listOf } from '../../fields/field.js';
import type { BadRows } from '../../reading/bad-rows.js';
import type { SensorRow } from '../../reading/index.js';
import { countOf, grouped } from '../shared/terminal.js';
import { AppendWindow } from './append-window.js';
import type { Asked } from './asked.js';
import type { Counts } from './counts.js';
import { type Passing, resuming } from './resuming.js';
import type { RowKey } from './row-keys.js';
import { standingOf } from './standing.js';

export interface LaneOptions {
  readonly asked: Asked;
  readonly resume: boolean;
  /** Do the rows go as appends, which the server numbers? */
  readonly append: boolean;
  /** Have the rows times? */
  readonly isTimed: boolean;
  readonly keyOf: RowKey;
  readonly bad: BadRows;
  readonly say: (text: string) => void;
}

export class Lane {
  private read = 0;
  private passed = 0;
  private pushed = 0;
  private late = 0;
  /** The time of the last row taken. */
  private last: number;
  private readonly window: AppendWindow | null;
  private readonly takesLate: boolean;

  private constructor(
    readonly sequence: string,
    readonly opened: Opened,
    private readonly handle: SequenceHandle,
    private readonly isPassed: Passing,
    last: number | null,
    private readonly options: LaneOptions,
  ) {
    const { append, bad } = options;
    const { resample, spec } = opened;
    this.last = last ?? Number.NEGATIVE_INFINITY;
    this.takesLate = spec.inputs.late === 'take';
    this.window =
      append || resample !== null
        ? new AppendWindow(handle, { opened, onLate: (row) => bad.take(row) })
        : null;
  }

  /**
   * Opens the sequence, and makes it if it does not exist.
   *
   * @throws EddyError `fields-conflict`, `spec-*`, `sequence-*`, `setting-invalid` and others of `open`
   */
  static async open(client: Client, sequence: string, options: LaneOptions): Promise<Lane> {
    const { asked, resume, append, isTimed, say } = options;
    const { handle, opened } = await openEither(client, sequence, asked);
    asked.check(opened);
    if (asked.isUnnamed && opened.fields.some(({ name }, i) => name !== `x${i}`))
      say(`the rows have no names, and are taken as ${listOf(opened.fields)}`);
    const standing = await standingOf(client, opened, { isExact: resume && isTimed });
    const isAppended = append || opened.resample !== null;
    const isPassed = resume ? resuming(sequence, standing, isTimed) : () => false;
    if (opened.seq >= 0 && (resume || !isAppended))
      say(
        resume
          ? `${sequence} goes on after step ${grouped(opened.seq)}${standing.t === null ? '' : `, of ${new Date(standing.t).toISOString()}`}`
          : `${sequence} has ${countOf(opened.seq + 1, 'step')}, and goes on after them: rows that were pushed before count again; --resume passes over those`,
      );
    return new Lane(sequence, opened, handle, isPassed, isTimed ? standing.t : null, options);
  }

  get counts(): Counts {
    const { read, passed, late, window, handle, pushed } = this;
    if (window) return { read, passed, late: late + window.late, ...window.counts };
    return { read, passed, late, sent: pushed, acked: pushed - handle.unacked - handle.dropped, repeated: 0 };
  }

  /** Are the rows numbered here, one after the other? */
  get isNumbered(): boolean {
    return this.window === null;
  }

  /** Tells whether a row is to be taken: it is neither passed over nor late. @throws EddyError `input-invalid` */
  wants(row: SensorRow): boolean {
    this.read++;
    if (this.isPassed(row)) {
      this.passed++;
      return false;
    }
    const { t, line } = row;
    if (t === null || this.window || this.takesLate) return true;
    if (t < this.last) {
      this.late++;
      const help = 'times go forward, unless --model says inputs.late "take" for a new sequence';
      this.options.bad.take({
        line,
        message: `line ${line}: ${new Date(t).toISOString()} is before ${new Date(this.last).toISOString()}, the last step of ${this.sequence}; ${this.pushed === 0 && !this.options.resume ? '--resume passes over rows that were pushed before; ' : ''}${help}`,
      });
      return false;
    }
    this.last = t;
    return true;
  }

  /** Sends a row; gives null where the next may follow at once. */
  take(row: SensorRow): Promise<void> | null {
    const { handle, window, options } = this;
    const step = {
      x: row.values,
      ...(row.t !== null && { t: row.t }),
      ...(row.target && { target: row.target }),
    };
    if (window) return window.take(step, row, options.keyOf(row));
    if (handle.room === 0) return this.takeLater(step);
    handle.push(step);
    this.pushed++;
    return null;
  }

  /** Resolves when all rows are durable; those of open bins as well. */
  async finish(): Promise<void> {
    await (this.window?.finish() ?? this.handle.drained());
  }

  /** Resolves when all rows are durable that can be without more of them. */
  async settle(): Promise<void> {
    await (this.window?.settle() ?? this.handle.drained());
  }

  private async takeLater(step: Parameters<SequenceHandle['push']>[0]): Promise<void> {
    await this.handle.ready();
    this.handle.push(step);
    this.pushed++;
  }
}

/** Resumes a sequence by its fields, with the model that it has; or makes it. */
async function openEither(
  client: Client,
  sequence: string,
  { existing, created }: Asked,
): Promise<{ handle: SequenceHandle; opened: Opened }> {
  try {
    const handle = client.open(sequence, existing);
    return { handle, opened: await handle.opened };
  } catch (error) {
    if (!(error instanceof EddyError && error.code === 'sequence-unknown')) throw error;
  }
  const handle = client.open(sequence, created);
  return { handle, opened: await handle.opened };
}
