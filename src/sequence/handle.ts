/**
 * All that a gateway needs of a sequence, wherever its owner is. Every answer is a stream: the acks and refusals of
 * pushes through this handle, the answer to each request, the results of each view. An owner in this process delivers
 * at once, in the same call.
 */
import type { Observable } from 'rxjs';
import type { Reading } from '../fields/field.js';
import type { Schema } from '../fields/sequence-schema.js';
import type { View, ViewMessage } from '../protocol/views/index.js';
import type { ModelSettings } from '../rnn/model.js';
import type { ModelSpec } from '../rnn/spec/spec.js';
import type { Refused } from './change.js';
import type { Reader } from './results/past-results.js';
import type { ViewOptions } from './results/shape-view.js';
import type { Told, ToldUpTo } from './results/told-steps.js';
import type { After, Begun, From, Rejoined } from './results/watched.js';

export interface RefusedPush extends Refused {
  readonly seq: number;
}

/** The targets of a message that were refused, each for itself. */
export interface RefusedTargets {
  readonly refused: readonly RefusedPush[];
  /** Was none of them taken? */
  readonly isAll: boolean;
}

/** Numbered steps, as a producer sends them. */
export interface StepBlock {
  /** Number of the first step. */
  readonly first: number;
  /** x [T,B,F] in the order of the fields that the handle was opened with; NaN is a gap. */
  readonly x: Float64Array;
  /** [T,B,M], for a supervised task. */
  readonly targets: Float64Array | null;
  /** [T] in milliseconds since 1970, NaN for a step to be stamped on arrival; null for all of them. */
  readonly t: Float64Array | null;
  /** T, according to the producer. */
  readonly count: number;
}

/** A step without a number: readings by name, or x [B,F]. */
export interface AppendedReading {
  readonly values?: Readonly<Record<string, Reading | undefined>> | undefined;
  readonly x?: Float64Array | undefined;
  readonly targets?: Float64Array | undefined;
  readonly t?: number | undefined;
  readonly key?: string | undefined;
}

export interface SequenceHandle {
  readonly name: string;
  /** The number by which all sockets of this gateway know the sequence. */
  readonly channel: number;
  readonly spec: ModelSpec;
  /** What its numbers mean, and how its readings become steps. */
  readonly schema: Schema;
  /** Id of the current history. */
  readonly epoch: string;
  /** Number of the last accepted step, and of the last durable one; -1 before the first. */
  readonly seq: number;
  readonly durable: number;
  /** Number of the last event of its history, -1 before the first; null where that is not known. */
  readonly event: number | null;
  /** The most steps of one block. */
  readonly blockSteps: number;
  readonly learning: boolean;
  readonly learningRate: number;
  /** The number of the last durable step, whenever steps pushed here have become durable. */
  readonly acks$: Observable<number>;
  /** The refused parts of one push, which changed nothing. */
  readonly refusals$: Observable<readonly RefusedPush[]>;
  /**
   * Pushes a block of steps. Steps that were accepted before with the same numbers are acknowledged again and have no effect.
   */
  push(block: StepBlock): void;
  /** Appends a step without a number; emits its number when it is durable. Errors: `step-*`, `target-*`, `field-unknown`, `key-conflict`, `credit-exceeded` */
  append(reading: AppendedReading): Observable<number>;
  /** Closes the open bins of a resampled sequence; completes when their steps are durable. */
  flush(): Observable<never>;
  /**
   * Gives targets [T,B,M] to earlier steps, from number `first` on, on subscription. Emits those that are refused, if any
   * are, and completes when the others are durable. Those that came before with the same numbers have no effect. Errors if
   * the whole is invalid: `target-*`, `block-too-long`, `credit-exceeded`
   */
  learn(first: number, targets: Float64Array): Observable<RefusedTargets>;
  /** Each of these acts on subscription; it completes when the change is durable, or errors with the refusal. */
  configure(settings: ModelSettings): Observable<never>;
  reset(what: 'state' | 'weights'): Observable<never>;
  checkpoint(): Observable<never>;
  /** Gives a view of the results from now on. @throws EddyError `view-unavailable` */
  watch(view: View, options: ViewOptions): Observable<ViewMessage>;
  /**
   * Gives a view from a place in the past on.
   *
   * @param reader who reads it
   * @throws EddyError `view-unavailable`
   */
  since(view: View, options: ViewOptions, from: From, reader?: Reader): Begun;
  /** Gives a view from a subscriber's position. @throws EddyError `view-unavailable` */
  rejoin(view: View, options: ViewOptions, after: After, reader?: Reader): Rejoined;
  /** Gives all that is told of each step after a position, and of what happened, for who judges it. @throws EddyError why it ended */
  told(after: ToldUpTo, reader?: Reader): Observable<readonly Told[]>;
  /** Releases the sequence: nothing is pushed through this handle any more. */
  release(): void;
}
