/** Tells of each step whether a value lay outside the interval that was forecast for it, at the shortest horizon. */
import type { OutputLabel } from '../../fields/output-labels.js';
import { outputLabels } from '../../fields/output-labels.js';
import type { Schema } from '../../fields/sequence-schema.js';
import { outputNames } from '../../rnn/io/output-names.js';
import type { ModelSpec } from '../../rnn/spec/spec.js';
import type { ToldSteps } from '../../sequence/results/told-steps.js';

/** The value that was farthest outside, in half-widths of its interval. */
export interface Outside {
  readonly isOutside: boolean;
  readonly worst: {
    readonly field: string;
    readonly value: number;
    readonly low: number;
    readonly high: number;
  } | null;
}

interface Place {
  readonly output: number;
  readonly feature: number;
  readonly label: OutputLabel;
}

export class IntervalWatch {
  private readonly places: readonly Place[];
  private readonly horizon: number;
  private readonly outputs: number;
  /** The forecasts for the steps to come, by the number of the step: where their numbers begin among those of a run. */
  private readonly ahead = new Map<
    number,
    { readonly y: ArrayLike<number>; readonly range: ArrayLike<number>; readonly at: number }
  >();

  /** @param fields the names of those that count; null for all */
  constructor(
    private readonly spec: ModelSpec,
    { fields: named, targets }: Schema,
    fields: readonly string[] | null,
  ) {
    const labels = outputLabels(spec, named, targets);
    const places = outputNames(spec).flatMap(({ output, feature, horizon }) =>
      feature === null || horizon === null ? [] : [{ output, feature, horizon, label: labels[output]! }],
    );
    this.outputs = labels.length;
    this.horizon = Math.min(...places.map(({ horizon }) => horizon));
    this.places = places.filter(
      ({ horizon, label }) => horizon === this.horizon && (!fields || fields.includes(label.name)),
    );
  }

  /** Takes step i; null where nothing was forecast for it, or it has no value. */
  take(steps: ToldSteps, i: number): Outside | null {
    const seq = steps.seq + i;
    const found = this.compare(seq, steps, i);
    this.note(seq, steps, i);
    return found;
  }

  /** The next steps are of another history. */
  forget(): void {
    this.ahead.clear();
  }

  private compare(seq: number, { x }: ToldSteps, i: number): Outside | null {
    const forecast = this.ahead.get(seq);
    if (!forecast) return null;
    this.ahead.delete(seq);
    const { batch, features } = this.spec;
    let isKnown = false;
    let farthest = 1;
    let worst: Outside['worst'] = null;
    for (let b = 0; b < batch; b++)
      for (const { output, feature, label } of this.places) {
        const value = x[(i * batch + b) * features + feature]!;
        const y = forecast.y[forecast.at + b * this.outputs + output]!;
        const range = forecast.range[forecast.at + b * this.outputs + output]!;
        // 0 where there is no range
        if (!(range > 0) || Number.isNaN(value) || Number.isNaN(y)) continue;
        isKnown = true;
        const far = Math.abs(value - y) / range;
        if (far <= farthest) continue;
        farthest = far;
        worst = { field: label.name, value, low: y - range, high: y + range };
      }
    return isKnown ? { isOutside: worst !== null, worst } : null;
  }

  private note(seq: number, { y, range }: ToldSteps, i: number): void {
    if (!y || !range) return;
    const at = i * this.spec.batch * this.outputs;
    this.ahead.set(seq + this.horizon, { y, range, at });
    // a step that is left out is never compared
    for (const past of this.ahead.keys()) {
      if (past > seq) return;
      this.ahead.delete(past);
    }
  }
}
