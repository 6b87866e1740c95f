/**
 * What a gateway needs of a sequence, wherever its owner is. Everything that it is told comes as a stream: the acks and the
 * refusals of what was pushed through this handle, the answer to each request, the results of each view. An owner in this
 * process delivers at once, in the same call.
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
  /** Id of the present history. */
  readonly epoch: string;
  /** Number of the last step that was accepted, and of the last that is durable; -1 before the first. */
  readonly seq: number;
  readonly durable: number;
  /** Steps in one block, at most. */
  readonly blockSteps: number;
  readonly learning: boolean;
  readonly learningRate: number;
  /** The last durable step, each time that some of what was pushed here has become durable. */
  readonly acks$: Observable<number>;
  /** What of one push was refused, and changed nothing. */
  readonly refusals$: Observable<readonly RefusedPush[]>;
  /**
   * Pushes a block of steps. Steps that were accepted before are acked again, and have no effect.
   *
   * @param first number of the first step
   * @param x [T,B,F]; NaN is missing
   * @param targets [T,B,M], for a supervised task
   * @param count T, as the producer tells it
   */
  push(first: number, x: Float32Array, targets: Float32Array | null, count: number): void;
  /** Pushes targets [T,B,M] of earlier steps, from number `first` on. Only a refusal is told. */
  learn(first: number, targets: Float32Array): void;
  /** Each of these is done when it is subscribed to; completes when that is durable, or errors with why it was refused. */
  configure(settings: ModelSettings): Observable<never>;
  reset(what: 'state' | 'weights'): Observable<never>;
  checkpoint(): Observable<never>;
  /** Gives a view of the results from now on. @throws EddyError `view-unavailable` */
  watch(view: View, options: ViewOptions): Observable<ViewMessage>;
  /** Gives a view from where a subscriber was. @throws EddyError `view-unavailable` */
  rejoin(view: View, options: ViewOptions, after: After): Rejoined;
  /** Gives the sequence back: nothing is pushed through this handle any more. */
  release(): void;
}
