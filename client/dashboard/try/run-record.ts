/** What a page keeps of a run: the truth, and what each runner made of it. */
import type { Field } from '../../../src/fields/field.js';
import { PrincipalComponents } from '../analysis/principal-components.js';
import { Ring } from '../charts/ring.js';
import { StateRing, stateRows } from '../charts/state-ring.js';
import { StepClock } from '../charts/step-clock.js';
import type { Batch, Block, Checkpoint } from './runner.js';
import type { Row, Signal } from './signal.js';

/** Rows of numbers that are kept. */
const MAX_ROWS = 120_000;
/** Updates whose mean loss is drawn: a single one is mostly noise. */
const SMOOTH = 50;
/** Newest checkpoints that are kept for comparison. */
const MAX_CHECKPOINTS = 64;

export class TruthRecord {
  /** Columns `step`, `x0` .. and, of the add task, `answer` and `ideal`. */
  readonly ring: Ring<string>;

  readonly fields: readonly Field[];
  /** When the steps were; null if the signal does not tell. */
  readonly clock: StepClock | null;

  constructor({ fields, hasTimes = false }: Signal, steps: number) {
    const rows = Math.min(steps, MAX_ROWS);
    this.fields = fields;
    this.ring = new Ring(['step', ...fields.map((_, i) => `x${i}`), 'answer', 'ideal'], rows);
    this.clock = hasTimes ? new StepClock(rows) : null;
  }

  add({ first }: Pick<Block, 'first'>, rows: readonly Row[]): void {
    rows.forEach(({ x, t = null, answer = Number.NaN, ideal = Number.NaN }, i) => {
      this.ring.append(first + i, ...x, answer, ideal);
      this.clock?.take(first + i, t);
    });
  }
}

export interface RunnerRecordOptions {
  readonly units: number;
  readonly outputs: number;
  /** How many steps after its own a prediction is for. */
  readonly ahead: number;
  readonly steps: number;
  readonly speed: number;
}

export class RunnerRecord {
  /** Columns `step`, `y0` ..: the prediction for a step, not the one made at it. */
  readonly forecasts: Ring<string>;
  /** Columns `step`, `loss`. */
  readonly losses: Ring<string>;
  /** Columns `step`, `error`, `naive`. */
  readonly scores: Ring<string>;
  readonly states: StateRing;
  readonly components: PrincipalComponents;
  checkpoints: readonly Checkpoint[] = [];
  /** Steps that came back. */
  done = 0;
  skipped = 0;
  private recentLosses: number[] = [];

  constructor(private readonly options: RunnerRecordOptions) {
    const { units, outputs, steps, speed } = options;
    const rows = Math.min(steps, MAX_ROWS);
    this.forecasts = new Ring(['step', ...Array.from({ length: outputs }, (_, i) => `y${i}`)], rows);
    this.losses = new Ring(['step', 'loss'], rows);
    this.scores = new Ring(['step', 'error', 'naive'], rows);
    this.states = new StateRing(units, Math.min(steps, stateRows(units, speed || 10_000)));
    this.components = new PrincipalComponents(units);
  }

  add(batch: Batch): void {
    const { units, outputs, ahead } = this.options;
    for (let t = 0; t < batch.count; t++) {
      const step = batch.first + t;
      this.states.append(step, batch.h, t * units);
      this.components.observe(batch.h, t * units);
      this.forecasts.append(step + ahead, ...batch.y.subarray(t * outputs, (t + 1) * outputs));
    }
    for (const { step, loss } of batch.losses) {
      this.recentLosses.push(loss);
      if (this.recentLosses.length > SMOOTH) this.recentLosses.shift();
      const mean = this.recentLosses.reduce((sum, value) => sum + value, 0) / this.recentLosses.length;
      this.losses.append(step, mean > 0 ? mean : Number.NaN);
    }
    if (batch.score) {
      const { step, error, naive } = batch.score;
      this.scores.append(step, error ?? Number.NaN, naive ?? Number.NaN);
    }
    this.checkpoints = [...this.checkpoints, ...batch.checkpoints].slice(-MAX_CHECKPOINTS);
    this.done += batch.count;
    this.skipped = batch.skipped;
  }
}

export interface Verdict {
  readonly count: number;
  readonly isSame: boolean;
}

/** Compares two runners at the newest checkpoint that both have; null before there is one. */
export function compareHashes(a: readonly Checkpoint[], b: readonly Checkpoint[]): Verdict | null {
  const hashes = new Map(b.map(({ count, hash }) => [count, hash]));
  const common = a.findLast(({ count }) => hashes.has(count));
  return common ? { count: common.count, isSame: hashes.get(common.count) === common.hash } : null;
}
