/** A run: one signal, one or two runners that get the same blocks of it, and their records. */
import { BehaviorSubject, type Observable, Subject, type Subscription } from 'rxjs';
import { EddyError } from '../../../src/errors.js';
import type { Field } from '../../../src/fields/field.js';
import { outputsOf, parseSpec } from '../../../src/rnn/spec/spec.js';
import type { CodedError } from '../../sdk/index.js';
import { type RunnerSetting, specOf } from './model-spec.js';
import { Pace } from './run-pace.js';
import { RunnerRecord, TruthRecord } from './run-record.js';
import type { Block, Runner } from './runner.js';
import { runnersOf, type Setting } from './setting.js';
import type { Row, Signal } from './signal.js';

export type RunState =
  | { readonly status: 'running' }
  | { readonly status: 'paused' }
  | { readonly status: 'ended'; readonly steps: number }
  | { readonly status: 'failed'; readonly runner: string; readonly error: CodedError };

export interface RunRunner {
  readonly name: 'A' | 'B';
  readonly setting: RunnerSetting;
  readonly record: RunnerRecord;
}

export interface RunParts {
  readonly setting: Setting;
  readonly signal: Signal;
  readonly openRunner: (
    name: string,
    runner: RunnerSetting,
    spec: ReturnType<typeof specOf>,
    steps: number,
  ) => Runner;
  /** Milliseconds. */
  readonly now: () => number;
}

/** Steps in one block, at most: what a server takes at once. */
const MAX_BLOCK = 256;

export class Run {
  readonly state$ = new BehaviorSubject<RunState>({ status: 'running' });
  readonly truth: TruthRecord;
  /** Steps that it has at most: those of the setting, or of a signal that ends before. */
  readonly steps: number;
  /** The features that are forecast, in the order of y. */
  readonly targets: readonly number[];
  readonly runners: readonly RunRunner[];
  private readonly changes = new Subject<void>();
  private readonly open: readonly Runner[];
  private readonly subscriptions: Subscription[];
  private readonly pace: Pace;
  /** Steps taken from the signal. */
  private taken = 0;
  private isDry = false;

  constructor(private readonly parts: RunParts) {
    const { setting, signal, openRunner } = parts;
    const { speed } = setting;
    const { fields, length = Number.POSITIVE_INFINITY, isLate } = signal;
    const steps = Math.min(setting.steps, length);
    const features = fields.length;
    const targets = setting.signal === 'csv' ? placeOf(setting.target, fields) : undefined;
    this.pace = new Pace(speed);
    this.steps = steps;
    this.targets = targets ?? fields.map((_, i) => i);
    this.truth = new TruthRecord(signal, steps);
    const made = runnersOf(setting).map(([name, runner]) => {
      const spec = specOf(setting, { features, targets, isLate }, runner);
      const outputs = outputsOf(parseSpec(spec));
      const ahead = setting.signal === 'add-task' ? 0 : runner.horizon;
      const record = new RunnerRecord({ units: runner.units, outputs, ahead, steps, speed });
      return { name, setting: runner, record, runner: openRunner(name, runner, spec, steps) };
    });
    this.runners = made;
    this.open = made.map(({ runner }) => runner);
    this.subscriptions = made.map(({ name, record, runner }) =>
      runner.batches$.subscribe({
        next: (batch) => {
          record.add(batch);
          this.settle();
          this.changes.next();
        },
        error: (error: CodedError) => {
          this.state$.next({ status: 'failed', runner: name, error });
          this.changes.next();
        },
      }),
    );
  }

  /** Emits whenever there is something new to see. */
  get changes$(): Observable<void> {
    return this.changes.asObservable();
  }

  /** Hands on the steps that are due. To be called often. */
  tick(): void {
    if (this.state$.value.status !== 'running') return;
    this.feed(this.pace.due(this.parts.now(), this.room));
  }

  pause(): void {
    if (this.state$.value.status === 'running') this.state$.next({ status: 'paused' });
  }

  resume(): void {
    if (this.state$.value.status !== 'paused') return;
    this.pace.rest();
    this.state$.next({ status: 'running' });
  }

  /** Hands on a few steps of a run that is paused. */
  step(count: number): void {
    if (this.state$.value.status === 'paused') this.feed(Math.min(count, this.room));
  }

  /** Ends it, whatever is under way. */
  close(): void {
    for (const subscription of this.subscriptions) subscription.unsubscribe();
    for (const runner of this.open) runner.close();
    this.parts.signal.stop?.();
    this.state$.complete();
    this.changes.complete();
  }

  /** Steps that all runners take now, and the run has left. */
  private get room(): number {
    const left = this.steps - this.taken;
    return Math.max(0, Math.min(MAX_BLOCK, left, ...this.open.map(({ room }) => room)));
  }

  private feed(count: number): void {
    const rows: Row[] = [];
    while (rows.length < count) {
      const row = this.parts.signal.next();
      if (row === 'end') this.isDry = true;
      if (row === null || row === 'end') break;
      rows.push(row);
    }
    if (rows.length > 0) {
      const block = blockOf(this.taken, rows);
      this.taken += rows.length;
      this.truth.add(block, rows);
      for (const runner of this.open) runner.push(block);
    }
    this.settle();
  }

  /** Ends where all that was to come has come back. */
  private settle(): void {
    const { status } = this.state$.value;
    const isAll = this.isDry || this.taken === this.steps;
    if (!isAll || status === 'ended' || status === 'failed') return;
    const last = (record: RunnerRecord) => record.done + record.skipped;
    if (this.runners.every(({ record }) => last(record) >= this.taken))
      this.state$.next({ status: 'ended', steps: this.taken });
  }
}

/** Gives the place of the field that is forecast; nothing for all of them. @throws EddyError `input-invalid` */
function placeOf(target: string, fields: readonly Field[]): readonly number[] | undefined {
  if (target === '') return undefined;
  const place = fields.findIndex(({ name }) => name === target);
  if (place < 0) throw new EddyError('input-invalid', `${target}, which is to be forecast, is not taken`);
  return [place];
}

function blockOf(first: number, rows: readonly Row[]): Block {
  const x = Float64Array.from(rows.flatMap((row) => row.x));
  const hasTimes = rows.some(({ t }) => t !== undefined);
  const t = hasTimes ? Float64Array.from(rows, (row) => row.t ?? Number.NaN) : null;
  const answers = rows.flatMap(({ answer }) => (answer === undefined ? [] : [1 - answer, answer]));
  return { first, count: rows.length, x, t, targets: answers.length > 0 ? Float64Array.from(answers) : null };
}
