/**
 * All that a gateway needs of a sequence, wherever its owner is. Every answer is a stream: the acks and refusals of
 * pushes through this handle, the answer to each request, the results of each view. An owner in this process delivers
 * at once, in the same call.
 */
import type { Observable } from 'rxjs';
import type { View, ViewMessage } from '../protocol/views/index.js';
import type { ModelSettings } from '../rnn/model.js';
import type { ModelSpec } from '../rnn/spec/spec.js';
import type { Refused } from './change.js';
import type { ViewOptions } from './results/shape-view.js';
import type { After, Rejoined } from './results/watching.js';

export interface RefusedPush extends Refused {
  readonly seq: number;
}

export interface SequenceHandle {
  readonly name: string;
  /** The number by which all sockets of this gateway know the sequence. */
  readonly channel: number;
  readonly spec: ModelSpec;
  /** Id of the current history. */
  readonly epoch: string;
  /** Number of the last accepted step, and of the last durable one; -1 before the first. */
  readonly seq: number;
  readonly durable: number;
  /** The most steps of one block. */
  readonly blockSteps: number;
  readonly learning: boolean;
  readonly learningRate: number;
  /** The number of the last durable step, whenever steps pushed here have become durable. */
  readonly acks$: Observable<number>;
  /** The refused parts of one push, which changed nothing. */
  readonly refusals$: Observable<readonly RefusedPush[]>;
  /**
   * Pushes a block of steps. Steps that were accepted before are acknowledged again and have no effect.
   *
   * @param first number of the first step
   * @param x [T,B,F]; NaN is missing
   * @param targets [T,B,M], for a supervised task
   * @param count T, according to the producer
   */
  push(first: number, x: Float32Array, targets: Float32Array | null, count: number): void;
  /** Pushes targets [T,B,M] of earlier steps, from number `first` on. Only refusals are answered. */
  learn(first: number, targets: Float32Array): void;
  /** Each of these acts on subscription; it completes when the change is durable, or errors with the refusal. */
  configure(settings: ModelSettings): Observable<never>;
  reset(what: 'state' | 'weights'): Observable<never>;
  checkpoint(): Observable<never>;
  /** Gives a view of the results from now on. @throws EddyError `view-unavailable` */
  watch(view: View, options: ViewOptions): Observable<ViewMessage>;
  /** Gives a view from a subscriber's position. @throws EddyError `view-unavailable` */
  rejoin(view: View, options: ViewOptions, after: After): Rejoined;
  /** Releases the sequence: nothing is pushed through this handle any more. */
  release(): void;
}
