import type { OperatorFunction, Subscriber } from 'rxjs';
import { EddyError } from '../errors.js';
import type { Reals } from '../kernels/kernels.js';
import type { Model } from '../rnn/model.js';
import { outputsOf } from '../rnn/spec/spec.js';
import { checkSteps, checkTimes } from '../rnn/spec/step-checks.js';
import { type CopyRoom, carrySteps, type StepBlock } from './carry-steps.js';
import { OwnRun, type Run } from './run.js';
import { Stage, stage } from './stage.js';

/** x [B,F] of one step, x [T,B,F] of several, or either with its times t [T], a number for one step, or its targets [T,B,M]. */
export type CellInput =
  | ArrayLike<number | null>
  | (Omit<StepBlock, 't'> & { readonly t?: StepBlock['t'] | number });

/**
 * Feeds each step through the model's cell and emits every hidden state h_t. It never trains.
 *
 *     h_t = tanh(x_t Wx + h_{t-1} Wh + b)
 *
 * Followed by `windows` and `learn`, the same stream trains the model by truncated BPTT; each operator passes the runs
 * on. A value of one step gives one run, synchronously; a value of several gives a run for each stretch within which no
 * update can fall. Nothing waits, so nothing can overflow. The model belongs to the caller: all subscriptions share it, it
 * keeps its state when they end, and the next subscription continues from there.
 *
 * Errors: EddyError `step-shape`, `step-non-finite`, `step-time`, and the model is unchanged by that value; `target-*`
 * if the model refuses a target, after its step was carried.
 *
 * @example
 * import { learn, Model, runCell, windows } from 'eddy';
 * import { of } from 'rxjs';
 *
 * const model = new Model({ features: 2, units: 16, learner: { kind: 'tbptt', k1: 1, k2: 8 } });
 * of([20.5, 0.4], [20.7, 0.5], [20.6, 0.5])
 *   .pipe(runCell(model), windows({ k1: 1, k2: 8 }), learn())
 *   .subscribe(({ seq, h, updates }) => console.log(seq, h, updates.length));
 */
export const runCell = (model: Model): OperatorFunction<CellInput, Run> =>
  stage((out) => new Running(out, model));

class Running extends Stage<CellInput, Run> {
  private readonly room: CopyRoom;

  constructor(
    out: Subscriber<Run>,
    private readonly model: Model,
  ) {
    super(out);
    this.room = roomOf(model);
  }

  protected override _next(value: CellInput): void {
    try {
      const block = blockOf(value);
      checkBlock(this.model, block);
      carrySteps(OwnRun, this.model, block, this.room, this);
    } catch (error) {
      this.out.error(error);
    }
  }

  emit(run: Run): boolean {
    this.out.next(run);
    return this.out.closed;
  }
}

/** New arrays of the model's own precision, for every number. */
function roomOf(model: Model): CopyRoom {
  const Numbers = model.last().h.constructor as new (length: number) => Reals;
  const take = (length: number) => new Numbers(length);
  return { begin: (steps) => steps, h: take, y: take, ranges: () => null, anomalies: () => null };
}

/** @throws EddyError `step-shape` for what is no step at all, as a bare number is not */
function blockOf(value: CellInput): StepBlock {
  if (typeof value !== 'object' || value === null)
    throw new EddyError('step-shape', `${value} is no step: a step is an array of numbers, x [B,F]`);
  if (!('x' in value)) return { x: value };
  const { t } = value;
  return { ...value, t: typeof t === 'number' ? [t] : t };
}

/** @throws EddyError `step-shape`, `step-non-finite`, `step-time`, `target-shape` */
function checkBlock({ spec }: Model, { x, t, targets }: StepBlock): void {
  const size = spec.batch * spec.features;
  const T = x.length / size;
  if (!Number.isInteger(T) || T === 0)
    throw new EddyError(
      'step-shape',
      `x has ${x.length} numbers; a step of this model has ${spec.batch} * ${spec.features}`,
    );
  checkSteps(spec, x);
  checkTimes(spec, t, T);
  const wanted = T * spec.batch * outputsOf(spec);
  if (targets && T > 1 && targets.length !== wanted)
    throw new EddyError(
      'target-shape',
      `${T} steps need ${wanted} numbers of targets; there are ${targets.length}`,
    );
}
