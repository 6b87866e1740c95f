/** A runner that runs in the server: a sequence of its own, which this page feeds and watches. */
import { type Observable, Subject, Subscription } from 'rxjs';
import type { Field } from '../../../src/fields/field.js';
import { joinFloats } from '../../../src/protocol/join-floats.js';
import type { ModelSpecInput } from '../../../src/rnn/spec/spec.js';
import type { Client, Results, SequenceHandle } from '../../sdk/index.js';
import { HashTrack } from './hash-track.js';
import { scoreOf } from './local-runner.js';
import {
  type Batch,
  type Block,
  type Checkpoint,
  type LossOf,
  MAX_UNDER_WAY,
  type Runner,
  type Score,
} from './runner.js';

/** Milliseconds between two looks at the scores. */
const SCORE_MS = 50;

export class ServerRunner implements Runner {
  private readonly batches = new Subject<Batch>();
  private readonly handle: SequenceHandle;
  private readonly hashes: HashTrack;
  private readonly watched = new Subscription();
  private states: Results['states'][] = [];
  private predictions: Results['predictions'][] = [];
  private losses: LossOf[] = [];
  private score: Score | null = null;
  private skipped = 0;
  /** The sequence in the server is this runner's. */
  private isMade = false;
  private pushed = 0;
  /** The next step whose results are to come. */
  private next = 0;
  private isPlanned = false;

  constructor(
    private readonly client: Client,
    private readonly sequence: string,
    spec: ModelSpecInput,
    steps: number,
    fields?: readonly Field[],
  ) {
    this.hashes = new HashTrack(steps);
    const fail = (error: unknown) => this.batches.error(error);
    this.handle = client.open(sequence, { spec, mode: 'create', ...(fields && { fields }) });
    this.handle.opened.then(() => {
      this.isMade = true;
    }, fail);
    const { states$, predictions$, updates$, errors$ } = this.handle;
    const watch = <T>(items$: Observable<T>, take: (item: T) => void) =>
      this.watched.add(items$.subscribe({ next: take, error: fail }));
    watch(errors$, ({ error }) => fail(error));
    watch(updates$, ({ to, loss }) => this.losses.push({ step: to, loss: loss ?? Number.NaN }));
    watch(states$, (item) => {
      this.states.push(item);
      this.plan();
    });
    watch(predictions$, (item) => {
      this.predictions.push(item);
      this.plan();
    });
    watch(this.handle.view('metrics', { every: SCORE_MS, delivery: 'latest' }), ({ seq, ...metrics }) => {
      this.score = scoreOf(seq, metrics);
      this.plan();
    });
  }

  get batches$(): Observable<Batch> {
    return this.batches.asObservable();
  }

  get room(): number {
    return Math.min(this.handle.room, MAX_UNDER_WAY - (this.pushed - this.next));
  }

  push({ count, x, t: times, targets }: Block): void {
    const [F, M] = [x.length / count, (targets?.length ?? 0) / count];
    for (let t = 0; t < count; t++)
      this.handle.push(
        { x: x.subarray(t * F, (t + 1) * F), t: times?.[t] },
        targets?.subarray(t * M, (t + 1) * M),
      );
    this.pushed += count;
  }

  close(): void {
    this.watched.unsubscribe();
    this.batches.complete();
    void this.leave();
  }

  /** A run that was tried leaves nothing behind in the server. */
  private async leave(): Promise<void> {
    try {
      await this.handle.close();
      if (this.isMade) await this.client.remove(this.sequence);
    } catch {
      // a connection that is gone has closed it, and who may not remove it leaves it
    }
  }

  /** States and predictions of a step come one after the other: they are put together when both are there. */
  private plan(): void {
    if (this.isPlanned) return;
    this.isPlanned = true;
    queueMicrotask(() => {
      this.isPlanned = false;
      this.flush();
    });
  }

  private flush(): void {
    const { states, predictions } = this;
    this.dropUnpaired();
    let count = 0;
    while (count < states.length && states[count]?.seq === predictions[count]?.seq) count++;
    const { losses, score, skipped } = this;
    if (count === 0 && score === null) return;
    this.losses = [];
    this.score = null;
    const [hs, ys] = [states.splice(0, count), predictions.splice(0, count)];
    const checkpoints: Checkpoint[] = [];
    for (const { h } of hs) {
      const checkpoint = this.skipped === 0 ? this.hashes.add(h) : null;
      if (checkpoint) checkpoints.push(checkpoint);
    }
    const first = hs[0]?.seq ?? this.next;
    this.next = first + count;
    const joined = (rows: Float32Array[]) => joinFloats(rows as Float32Array<ArrayBuffer>[]);
    const [h, y] = [joined(hs.map((each) => each.h)), joined(ys.map((each) => each.y))];
    this.batches.next({ first, count, h, y, losses, score, checkpoints, skipped });
  }

  /** After a broken connection one of the two may go on before the other: the steps that only one has are left out. */
  private dropUnpaired(): void {
    const { states, predictions } = this;
    while (states[0] && predictions[0] && states[0].seq !== predictions[0].seq) {
      if (states[0].seq < predictions[0].seq) states.shift();
      else predictions.shift();
    }
    const [first] = states;
    if (first && predictions[0] && first.seq > this.next) this.skipped += first.seq - this.next;
  }
}

/** Makes a name that no other sequence has. */
export const sequenceName = (runner: string): string =>
  `try/${[...crypto.getRandomValues(new Uint8Array(6))].map((byte) => byte.toString(16).padStart(2, '0')).join('')}-${runner.toLowerCase()}`;
