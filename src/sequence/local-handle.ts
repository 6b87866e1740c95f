import { Observable } from 'rxjs';
import { EddyError } from '../errors.js';
import { readingsToX } from '../fields/field.js';
import type { Schema } from '../fields/sequence-schema.js';
import { Inlet } from '../operators/inlet.js';
import type { View, ViewMessage } from '../protocol/views/index.js';
import type { ModelSettings } from '../rnn/model.js';
import type { ModelSpec } from '../rnn/spec/spec.js';
import type { Appender, Asker, Refused } from './change.js';
import type { AppendedReading, RefusedPush, RefusedTargets, SequenceHandle, StepBlock } from './handle.js';
import type { Reader } from './results/past-results.js';
import type { ViewOptions } from './results/shape-view.js';
import type { Told, ToldUpTo } from './results/told-steps.js';
import type { After, Begun, From, Rejoined } from './results/watched.js';
import type { Sequence } from './sequence.js';

/** A handle on a sequence of this process. */
export class LocalHandle implements SequenceHandle {
  readonly acks$ = new Inlet<number>();
  readonly refusals$ = new Inlet<readonly RefusedPush[]>();
  private isReleased = false;
  /** Number of the last step that was pushed here and not refused. */
  private pushed = -1;
  private readonly asker: Asker;

  constructor(
    private readonly sequence: Sequence,
    /** Where the sequence's fields are among those that the producer gives; null where they have the same order. */
    private readonly order: Int32Array | null,
    /** For whom it is: who shares the processor with others. */
    private readonly owner: object,
    private readonly onRelease: () => void,
  ) {
    this.asker = {
      owner,
      durable: (seq) => {
        this.acks$.next(seq);
        this.endIfSettled(seq);
      },
      refused: (refused) => {
        this.pushed = Math.min(this.pushed, this.seq);
        this.refusals$.next(refused.map((one) => ({ ...one, seq: one.seq ?? this.seq })));
      },
    };
  }

  get name(): string {
    return this.sequence.name;
  }

  get channel(): number {
    return this.sequence.channel;
  }

  get spec(): ModelSpec {
    return this.sequence.spec;
  }

  get schema(): Schema {
    return this.sequence.schema;
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

  get event(): number | null {
    const { events } = this.sequence;
    return events === null ? null : events - 1;
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

  push({ first, x, targets, t, count }: StepBlock): void {
    this.pushed = Math.max(this.pushed, first + count - 1);
    this.sequence.submit({ kind: 'steps', first, x: this.inOrder(x), targets, t, count, asker: this.asker });
  }

  append({ values, x, ...reading }: AppendedReading): Observable<number> {
    return new Observable((subscriber) => {
      const asker: Appender = {
        owner: this.owner,
        isRequest: true,
        seq: -1,
        durable: () => {
          subscriber.next(asker.seq);
          subscriber.complete();
        },
        refused: ([refused]) => subscriber.error(refused?.error),
      };
      const { targets = null, t = null, key = null } = reading;
      this.sequence.submit({ kind: 'append', x: this.xOf(values, x), targets, t, key, asker });
    });
  }

  flush(): Observable<never> {
    return this.answered((asker) => this.sequence.submit({ kind: 'flush', asker }));
  }

  learn(first: number, targets: Float64Array): Observable<RefusedTargets> {
    return new Observable((subscriber) => {
      const tell = (refused: readonly Refused[], isAll: boolean) =>
        subscriber.next({ refused: refused.map((one) => ({ ...one, seq: one.seq ?? first })), isAll });
      const asker: Asker = {
        owner: this.owner,
        isRequest: true,
        durable: () => subscriber.complete(),
        refused: (refused) => {
          if (refused[0]?.count === null) return subscriber.error(refused[0].error);
          tell(refused, true);
          subscriber.complete();
        },
        partly: (refused) => tell(refused, false),
      };
      this.sequence.submit({ kind: 'targets', first, targets, asker });
    });
  }

  configure({ learning, learningRate }: ModelSettings): Observable<never> {
    return this.answered((asker) =>
      this.sequence.submit({ kind: 'configure', learning, learningRate, asker }),
    );
  }

  reset(what: 'state' | 'weights'): Observable<never> {
    return this.answered((asker) => this.sequence.submit({ kind: 'reset', what, asker }));
  }

  checkpoint(): Observable<never> {
    return this.answered((asker) => this.sequence.submit({ kind: 'checkpoint', asker }));
  }

  watch(view: View, options: ViewOptions): Observable<ViewMessage> {
    return this.sequence.watch(view, options);
  }

  since(view: View, options: ViewOptions, from: From, reader?: Reader): Begun {
    return this.sequence.since(view, options, from, reader);
  }

  rejoin(view: View, options: ViewOptions, after: After, reader?: Reader): Rejoined {
    return this.sequence.rejoin(view, options, after, reader);
  }

  told(after: ToldUpTo, reader?: Reader): Observable<readonly Told[]> {
    return this.sequence.told(after, reader);
  }

  release(): void {
    if (this.isReleased) return;
    this.isReleased = true;
    this.onRelease();
    this.endIfSettled(this.durable);
  }

  /** @throws EddyError `field-unknown`, `step-shape` */
  private xOf(values: AppendedReading['values'], x: Float64Array | undefined): Float64Array {
    const { schema, spec } = this;
    if (values && !x && spec.batch === 1) return readingsToX(values, schema.fields);
    if (x && !values) return this.inOrder(x);
    const why = spec.batch > 1 ? 'x, since it has several batch rows' : 'either values by name or x';
    throw new EddyError('step-shape', `what is appended to ${this.name} needs ${why}`);
  }

  /** Gives x [T,B,F] in the order of the sequence's fields. */
  private inOrder(x: Float64Array): Float64Array {
    const { order } = this;
    if (!order || x.length % order.length !== 0) return x;
    const F = order.length;
    const sorted = new Float64Array(x.length);
    for (let row = 0; row < x.length; row += F)
      for (let i = 0; i < F; i++) sorted[row + i] = x[row + order[i]!]!;
    return sorted;
  }

  /** A request that is sent on subscription, and answered once. */
  private answered(ask: (asker: Asker) => void): Observable<never> {
    return new Observable((subscriber) =>
      ask({
        owner: this.owner,
        isRequest: true,
        durable: () => subscriber.complete(),
        refused: ([refused]) => subscriber.error(refused?.error),
      }),
    );
  }

  /** After the last ack of a handle that was released nothing more will be heard of it. */
  private endIfSettled(durable: number): void {
    if (!this.isReleased || durable < this.pushed) return;
    this.acks$.complete();
    this.refusals$.complete();
  }
}
