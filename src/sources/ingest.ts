/** Rows into a sequence: opened, or made of the first row; each appended, and answered when it is durable. */
import { catchError, firstValueFrom, from, type Observable, switchMap, throwError } from 'rxjs';
import type { Clock } from '../clock.js';
import { EddyError } from '../errors.js';
import type { SchemaInput } from '../fields/sequence-schema.js';
import type { Directory, OpenedSequence } from '../sequence/directory.js';
import type { SequenceHandle } from '../sequence/handle.js';
import { inTurns, type Turns } from './in-turns.js';
import type { Given, Piece, Row } from './rows/row.js';

export interface IngestParts {
  readonly directory: Directory;
  readonly clock: Pick<Clock, 'scheduler'>;
  readonly turns: Turns;
  /** Lets a new sequence be made. @throws EddyError `overloaded` */
  readonly checkNew: () => void;
  /** Rows of one request that wait for the disk at once. */
  readonly inFlight: number;
}

/** What became of rows. */
export interface Taken {
  readonly rows: number;
  readonly accepted: number;
  /** Numbers of the first and the last step; null if none was taken. */
  readonly first: number | null;
  readonly last: number | null;
  /** Those that were refused, the first of them. */
  readonly faults: readonly RowFault[];
  readonly refused: number;
  /** Readings of a resampled sequence whose step is not over yet: it becomes durable when a later one comes. */
  readonly waiting: number;
  /** Why the rest was left: all that follow would be refused too. */
  readonly stopped: RowFault | null;
}

export interface RowFault {
  /** Counted from 0. */
  readonly row: number;
  readonly error: EddyError;
}

export interface TakeOptions {
  /** For whom it is done: the request. */
  readonly owner: object;
  /** The key of all rows together; each that has none of its own gets one made of it. */
  readonly keys?: string | undefined;
  /** Told how many more rows were read. */
  readonly onRows?: (count: number) => void;
}

/** What it costs to read and append a row, and each of its values, nearly, in multiply-adds. */
const [ROW_WORK, VALUE_WORK] = [2 ** 12, 2 ** 10];
/** Milliseconds without a durable step after which the rest waits for a later reading. */
const QUIET_MS = 100;
/** How many refused rows are told of. */
const TOLD = 100;
/** What refuses all that comes next, too. */
const STOPS: ReadonlySet<string> = new Set([
  'store-unavailable',
  'overloaded',
  'credit-exceeded',
  'sequence-limit',
  'sequence-failed',
  'sequence-unknown',
  'server-shutdown',
]);

export class Ingest {
  constructor(private readonly parts: IngestParts) {}

  /**
   * Opens a sequence; makes it, with what is asked for or as its first row has it, if it is not there.
   *
   * @param first is asked only where it has to be made; null where there is no row, so that none is made
   * @throws EddyError `input-invalid` without a row; else as `Directory.open`
   */
  open(
    name: string,
    asked: SchemaInput,
    first: () => Row | null | Promise<Row | null>,
    owner: object,
  ): Promise<OpenedSequence> {
    const { directory, checkNew } = this.parts;
    const create = (): Observable<OpenedSequence> =>
      from(Promise.resolve(first())).pipe(
        switchMap((row) => {
          if (!row) throw new EddyError('input-invalid', 'there is no row to make a sequence of');
          return directory.open(name, 'either', made(asked, row), checkNew, owner);
        }),
      );
    const opened$ = directory
      .open(name, 'resume', {}, checkNew, owner)
      .pipe(
        catchError((error: unknown) =>
          error instanceof EddyError && error.code === 'sequence-unknown'
            ? create()
            : throwError(() => error),
        ),
      );
    return firstValueFrom(opened$);
  }

  /**
   * Takes rows, in their order and in turn with all other work. It resolves when all that were taken are durable, or wait for a
   * step of a resampled sequence.
   */
  async take(handle: SequenceHandle, rows: Iterable<Piece>, options: TakeOptions): Promise<Taken> {
    const { inFlight, turns } = this.parts;
    const { owner, keys, onRows } = options;
    const taking = new Taking(handle, keys);
    const isResampled = handle.schema.resample !== null;
    const most = isResampled ? Number.POSITIVE_INFINITY : inFlight;
    const iterator = rows[Symbol.iterator]();
    const cost = ROW_WORK + VALUE_WORK * handle.spec.features;
    const piece = () => {
      if (taking.stopped || taking.waiting >= most) return null;
      const { done, value } = iterator.next();
      if (done) {
        taking.isRead = true;
        return null;
      }
      if (!('nothing' in value)) taking.add(value);
      return cost;
    };
    for (let told = 0; !taking.isRead && !taking.stopped; ) {
      await inTurns(turns, owner, piece);
      onRows?.(taking.rows - told);
      told = taking.rows;
      // it goes on with many at once
      if (taking.waiting >= most) while (taking.waiting > most / 2) await taking.settled();
    }
    let isQuiet = false;
    while (taking.waiting > 0 && !isQuiet)
      isQuiet = await Promise.race([taking.settled(), ...(isResampled ? [this.quiet()] : [])]);
    return taking;
  }

  /** Resolves after a while in which a step that is over would have become durable. */
  private quiet(): Promise<true> {
    return new Promise((resolve) => this.parts.clock.scheduler.schedule(() => resolve(true), QUIET_MS));
  }
}

/** The model of a sequence that is made of its first row, where nothing else is asked for: sensors leave readings out. */
const USUAL = { units: 32, inputs: { missing: 'hold' } } as const;

/** What a new sequence is asked to be. */
function made(asked: SchemaInput, first: Row): SchemaInput {
  const spec = { ...USUAL, ...(asked.spec as object | undefined) };
  if (asked.fields) return { ...asked, spec };
  if (first.x) return { ...asked, spec: { features: first.x.length, ...spec } };
  return { ...asked, spec, fields: Object.keys(first.values ?? {}) };
}

class Taking implements Taken {
  rows = 0;
  accepted = 0;
  first: number | null = null;
  last: number | null = null;
  refused = 0;
  stopped: RowFault | null = null;
  /** Was the last row read? */
  isRead = false;
  readonly faults: RowFault[] = [];
  /** Rows that are neither durable nor refused. */
  waiting = 0;
  private wake: (() => void) | null = null;

  constructor(
    private readonly handle: SequenceHandle,
    private readonly keys: string | undefined,
  ) {}

  add(given: Given): void {
    const row = this.rows++;
    if ('fault' in given) {
      this.refuse({ row, error: given.fault });
      return;
    }
    const key = given.row.key ?? (this.keys === undefined ? undefined : `${this.keys}/${row}`);
    this.waiting++;
    this.handle.append({ ...given.row, key }).subscribe({
      next: (seq) => this.accept(seq),
      error: (error: unknown) => this.fail(row, error),
      complete: () => this.settle(),
    });
  }

  /** Resolves when one more row is durable or refused. */
  settled(): Promise<false> {
    return new Promise((resolve) => {
      this.wake = () => resolve(false);
    });
  }

  private accept(seq: number): void {
    this.accepted++;
    this.first = Math.min(this.first ?? seq, seq);
    this.last = Math.max(this.last ?? seq, seq);
  }

  private fail(row: number, cause: unknown): void {
    const error =
      cause instanceof EddyError ? cause : new EddyError('sequence-failed', 'a fault inside Eddy', { cause });
    this.refuse({ row, error });
    this.settle();
  }

  private refuse(fault: RowFault): void {
    this.refused++;
    if (this.faults.length < TOLD) this.faults.push(fault);
    if (STOPS.has(fault.error.code)) this.stopped ??= fault;
  }

  private settle(): void {
    this.waiting--;
    this.wake?.();
    this.wake = null;
  }
}
