/**
 * What a sequence was: the steps it took, what it served for them, what happened, and its newest hidden states. It is kept
 * in pages beside the log, so that a subscriber can have it without the model.
 */
import type { EddyError } from '../../errors.js';
import type { CopyRoom } from '../../operators/carry-steps.js';
import { type ModelSpec, outputsOf } from '../../rnn/spec/spec.js';
import type { SequenceStore } from '../../store/store.js';
import { isKept, type PastEntry } from './entry.js';
import type { Source } from './past-page.js';
import { RunRoom } from './run-room.js';
import { Track } from './track.js';

/** How far back the past of one sequence reaches. */
export interface PastLimits {
  /** At least this many steps are kept, unless another bound comes first. */
  readonly steps: number;
  /** How long pages are kept, in milliseconds since they were written. */
  readonly ms: number;
  /** Bytes of all pages of steps. */
  readonly bytes: number;
  /** Bytes of all pages of hidden states. */
  readonly stateBytes: number;
}

/** At least 100,000 steps or 30 days. */
export const PAST_LIMITS: PastLimits = {
  steps: 100_000,
  ms: 30 * 24 * 3_600_000,
  bytes: 64 * 2 ** 20,
  stateBytes: 256 * 1024,
};

/** Where to begin: at the nth step from the end, or at a time in milliseconds since 1970; at the earlier if both are given. */
export interface Since {
  readonly last?: number | undefined;
  readonly from?: number | undefined;
}

/** Consecutive steps of one epoch, and what happened. The arrays must not be changed. */
export interface PastSteps {
  readonly first: number;
  readonly count: number;
  readonly epoch: string;
  /** [T], milliseconds since 1970; NaN if unknown. */
  readonly t: Float64Array;
  /** [T,B,F] */
  readonly x: Float64Array;
  /** [T,B,M], NaN if unknown; empty without a readout. */
  readonly y: Float32Array;
  /** [T], NaN if unknown. */
  readonly anomaly: Float32Array;
  readonly entries: readonly PastEntry[];
  /** How many older events of the page are not kept, by name. */
  readonly leftOut: Readonly<Record<string, number>>;
}

/** Hidden states h [T,B,N] of consecutive steps of one epoch. */
export interface PastStates extends Pick<PastSteps, 'first' | 'count' | 'epoch' | 't'> {
  readonly h: Float32Array;
}

export interface PastParts {
  readonly pages: SequenceStore['pages'];
  readonly spec: ModelSpec;
  readonly limits: PastLimits;
  /** The time, in milliseconds since 1970. */
  readonly wall: () => number;
  /** Milliseconds of a monotonic clock. */
  readonly monotonic: () => number;
  /** Reports a damaged page; the past has a gap there. */
  readonly onDamage: (error: EddyError) => void;
}

const NOTHING = new Float64Array(0);
/** Bytes of a full page in memory. */
const PAGE_BYTES = 64 * 1024;
const [LEAST_ROWS, MOST_ROWS] = [16, 4096];
/** Pages of states that fit their budget at least, so that dropping one leaves most of it. */
const STATE_PAGES = 4;
/** Steps between two entries of metrics. */
const METRICS_STEPS = 1000;
/** Steps between two that come faster than one in this many milliseconds: to read the scores would slow them. */
const FAST_METRICS_STEPS = 16_000;
const METRICS_MS = 1000;
/** Milliseconds between two times that hidden states are stored while a sequence is awake: they are many bytes. */
const STATES_MS = 5000;
/** The most numbers of a run that are copied at a time. */
const RUN_NUMBERS = 16 * 1024;

export class Past implements CopyRoom {
  private readonly steps: Track;
  /** Null if a single state exceeds the budget. */
  private readonly states: Track | null;
  /** The most steps of a run. */
  private readonly runSteps: number;
  private readonly hRoom = new RunRoom();
  private readonly yRoom = new RunRoom();
  private readonly anomalyRoom = new RunRoom();
  /** Where the columns of the next rows come from. */
  private readonly tSource: Source = { values: NOTHING, from: 0 };
  private readonly xSource: Source = { values: NOTHING, from: 0 };
  private readonly ySource: Source = { values: NOTHING, from: 0 };
  private readonly hSource: Source = { values: NOTHING, from: 0 };
  private readonly stepSources = [this.tSource, this.xSource, this.ySource, this.anomalyRoom.source];
  private readonly stateSources = [this.tSource, this.hSource];
  /** Numbers of a step in y and in h. */
  private readonly outputs: number;
  /** Number of the last step with metrics. */
  private metricsAt: number | null = null;
  private readonly monotonic: () => number;
  /** When they were taken, and when hidden states were stored last, by the monotonic clock. */
  private metricsMs = Number.NEGATIVE_INFINITY;
  private statesMs = Number.NEGATIVE_INFINITY;
  readonly ranges = () => null; // of live results only

  constructor({ pages, spec, limits, wall, monotonic, onDamage }: PastParts) {
    this.monotonic = monotonic;
    const { batch } = spec;
    const [input, output, state] = [batch * spec.features, batch * outputsOf(spec), batch * spec.units];
    this.outputs = output;
    this.runSteps = Math.max(1, Math.floor(RUN_NUMBERS / Math.max(output, state)));
    const rowBytes = 8 + 8 * input + 4 * output + 4;
    const stateBytes = 8 + 4 * state;
    const { steps, ms } = limits;
    const time = { isWide: true, width: 1 };
    this.steps = new Track({
      store: pages.steps,
      shapes: [
        time,
        { isWide: true, width: input },
        { isWide: false, width: output },
        { isWide: false, width: 1 },
      ],
      rows: rowsOf(PAGE_BYTES / rowBytes, LEAST_ROWS),
      isPacked: true,
      waiting: 0,
      retention: { steps, ms, bytes: limits.bytes },
      wall,
      onDamage,
    });
    const stateRows = rowsOf(limits.stateBytes / STATE_PAGES / stateBytes, 1);
    this.states =
      stateBytes > limits.stateBytes
        ? null
        : new Track({
            store: pages.states,
            shapes: [time, { isWide: false, width: state }],
            rows: stateRows,
            isPacked: false,
            waiting: STATE_PAGES * stateRows,
            retention: { steps, ms, bytes: limits.stateBytes },
            wall,
            onDamage,
          });
  }

  /** Number of the oldest step held, and of the step after the last one. */
  get oldest(): number {
    return this.steps.oldest;
  }

  get end(): number {
    return this.steps.end;
  }

  /** Number of the oldest step whose hidden state is held. */
  get oldestState(): number {
    return this.states?.oldest ?? this.end;
  }

  begin(steps: number): number {
    return Math.min(steps, this.runSteps);
  }

  /** Gives room for the h, the y and the anomaly scores of the next run, until it is taken. */
  h(length: number): Float32Array | null {
    return this.states && this.hRoom.take(length);
  }

  y(length: number): Float32Array {
    return this.yRoom.take(length);
  }

  anomalies(steps: number): Float32Array {
    return this.anomalyRoom.take(steps);
  }

  /**
   * Takes the steps of a run, from number `first` on, with what was written into its room; the steps that it holds, as in a
   * replay, are skipped.
   *
   * @param t [.] times of the steps, from row `at` on; null if unknown
   * @param x [.,B,F] from row `at` on
   * @param h [T,B,N], where it is not in the room
   * @param y [T,B,M], likewise
   * @returns how many of them are new
   */
  take(
    first: number,
    count: number,
    epoch: string,
    t: ArrayLike<number> | null,
    x: ArrayLike<number>,
    at: number,
    h: ArrayLike<number> | null = null,
    y: ArrayLike<number> | null = null,
  ): number {
    const hasStates = h !== null || this.hRoom.isTaken;
    this.tSource.values = t ?? new Float64Array(count).fill(Number.NaN);
    this.tSource.from = t ? at : 0;
    this.xSource.values = x;
    this.xSource.from = at;
    if (!y) this.yRoom.settle(count * this.outputs);
    this.anomalyRoom.settle(count);
    this.ySource.values = y ?? this.yRoom.source.values;
    this.hSource.values = h ?? this.hRoom.source.values;
    const taken = this.steps.add(first, count, epoch, this.stepSources);
    if (hasStates) this.states?.add(first, count, epoch, this.stateSources);
    this.hRoom.settle(0);
    this.tSource.values = this.xSource.values = this.ySource.values = this.hSource.values = NOTHING;
    return taken;
  }

  /** Keeps an event, unless it is kept already, as in a replay. Those of a run come after it was taken. */
  event(event: Omit<Extract<PastEntry, { kind: 'event' }>, 'kind'>): void {
    if (!isKept(event, this.steps.entries)) this.steps.note({ kind: 'event', ...event });
  }

  /** Are metrics to be kept after a step? */
  isMetricsDue(seq: number): boolean {
    this.metricsAt ??= this.steps.entries.findLast(({ kind }) => kind === 'metrics')?.seq ?? null;
    if (this.metricsAt === null || seq < this.metricsAt) return true;
    const steps = seq - this.metricsAt;
    const ms = this.monotonic() - this.metricsMs;
    return steps >= FAST_METRICS_STEPS || (steps >= METRICS_STEPS && ms >= METRICS_MS);
  }

  metrics(metrics: Omit<Extract<PastEntry, { kind: 'metrics' }>, 'kind'>): void {
    this.metricsAt = metrics.seq;
    this.metricsMs = this.monotonic();
    this.steps.note({ kind: 'metrics', ...metrics });
  }

  /**
   * Hands everything to the store; it becomes durable with the records appended so far.
   *
   * @param isLast false while the sequence goes on: hidden states then wait for a few seconds
   */
  keep(isLast = true): void {
    this.steps.keep();
    const now = this.monotonic();
    if (!isLast && now - this.statesMs < STATES_MS) return;
    this.statesMs = now;
    this.states?.keep();
  }

  /** Frees its memory; it is there again when it is needed. What was not kept is lost. */
  free(): void {
    this.steps.free();
    this.states?.free();
    for (const room of [this.hRoom, this.yRoom, this.anomalyRoom]) room.free();
    this.metricsAt = null;
  }

  /** Forgets the steps after a number, because the log has lost them. */
  dropAfter(seq: number): void {
    this.steps.dropFrom(seq + 1);
    this.states?.dropFrom(seq + 1);
    this.metricsAt = null;
  }

  /** Gives the number of the first step that is asked for, `end` if there is no such step. It need not be held any more. */
  startOf({ last = 0, from }: Since): number {
    const nth = Math.max(0, this.end - last);
    return from === undefined ? nth : Math.min(nth, this.steps.seqAt(from));
  }

  /**
   * Gives what was, from a step on, a page at a time, up to the newest step at the time of the last page. Steps that are
   * not held are left out.
   */
  *read(start: number): Generator<PastSteps> {
    for (const { columns, ...rest } of this.steps.read(start)) {
      const [t, x, y, anomaly] = columns as [Float64Array, Float64Array, Float32Array, Float32Array];
      yield { ...rest, t, x, y, anomaly };
    }
  }

  /** Gives the hidden states from a step on, likewise. */
  *readStates(start: number): Generator<PastStates> {
    for (const { first, count, epoch, columns } of this.states?.read(start) ?? []) {
      const [t, h] = columns as [Float64Array, Float32Array];
      yield { first, count, epoch, t, h };
    }
  }
}

/** Gives the rows of a page. */
const rowsOf = (rows: number, least: number) => Math.min(MOST_ROWS, Math.max(least, Math.floor(rows)));
