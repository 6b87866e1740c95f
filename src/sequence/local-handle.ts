import { Observable } from 'rxjs';
import { Inlet } from '../operators/inlet.js';
import type { View, ViewMessage } from '../protocol/views/index.js';
import type { ModelSettings } from '../rnn/model.js';
import type { ModelSpec } from '../rnn/spec/spec.js';
import type { Asker } from './change.js';
import type { RefusedPush, SequenceHandle } from './handle.js';
import type { ViewOptions } from './results/shape-view.js';
import type { After, Rejoined } from './results/watching.js';
import type { Sequence } from './sequence.js';

/** A handle on a sequence of this process. */
export class LocalHandle implements SequenceHandle {
  readonly acks$ = new Inlet<number>();
  readonly refusals$ = new Inlet<readonly RefusedPush[]>();
  private isReleased = false;
  /** Number of the last step that was pushed here and not refused. */
  private pushed = -1;
  private readonly asker: Asker = {
    durable: (seq) => {
      this.acks$.next(seq);
      this.endIfSettled(seq);
    },
    refused: (refused) => {
      this.pushed = Math.min(this.pushed, this.seq);
      this.refusals$.next(refused.map((one) => ({ ...one, seq: one.seq ?? this.seq })));
    },
  };

  constructor(
    private readonly sequence: Sequence,
    private readonly onRelease: () => void,
  ) {}

  get name(): string {
    return this.sequence.name;
  }

  get channel(): number {
    return this.sequence.channel;
  }

  get spec(): ModelSpec {
    return this.sequence.spec;
  }

  get epoch(): string {
    return this.sequence.epoch;
  }

  get seq(): number {
    return this.sequence.seq;
  }

  get durable(): number {
    return this.sequence.durable;
  }

  get blockSteps(): number {
    return this.sequence.blockSteps;
  }

  get learning(): boolean {
    return this.sequence.model.learning;
  }

  get learningRate(): number {
    return this.sequence.model.learningRate;
  }

  push(first: number, x: Float32Array, targets: Float32Array | null, count: number): void {
    this.pushed = Math.max(this.pushed, first + count - 1);
    this.sequence.submit({ kind: 'steps', first, x, targets, count, asker: this.asker });
  }

  learn(first: number, targets: Float32Array): void {
    this.sequence.submit({ kind: 'targets', first, targets, asker: this.asker });
  }

  configure({ learning, learningRate }: ModelSettings): Observable<never> {
    return answered((asker) => this.sequence.submit({ kind: 'configure', learning, learningRate, asker }));
  }

  reset(what: 'state' | 'weights'): Observable<never> {
    return answered((asker) => this.sequence.submit({ kind: 'reset', what, asker }));
  }

  checkpoint(): Observable<never> {
    return answered((asker) => this.sequence.submit({ kind: 'checkpoint', asker }));
  }

  watch(view: View, options: ViewOptions): Observable<ViewMessage> {
    return this.sequence.watch(view, options);
  }

  rejoin(view: View, options: ViewOptions, after: After): Rejoined {
    return this.sequence.rejoin(view, options, after);
  }

  release(): void {
    if (this.isReleased) return;
    this.isReleased = true;
    this.onRelease();
    this.endIfSettled(this.durable);
  }

  /** After the last ack of a handle that was released nothing more will be heard of it. */
  private endIfSettled(durable: number): void {
    if (!this.isReleased || durable < this.pushed) return;
    this.acks$.complete();
    this.refusals$.complete();
  }
}

/** A request that is sent on subscription, and answered once. */
const answered = (ask: (asker: Asker) => void): Observable<never> =>
  new Observable((subscriber) =>
    ask({
      durable: () => subscriber.complete(),
      refused: ([refused]) => subscriber.error(refused?.error),
    }),
  );
