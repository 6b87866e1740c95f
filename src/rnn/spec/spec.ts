/**
 * The model spec: everything that defines a model, as plain JSON. Two models of one spec that see the same steps have
 * the same bits.
 */
import type { z } from 'zod';
import { EddyError } from '../../errors.js';
import { cellOf } from '../cell/cells.js';
import { learnerOf } from '../learning/learners.js';
import { complete, type ModelSpec } from './defaults.js';
import { inputsOf, outputsOf } from './model-shape.js';
import { fields } from './schema.js';
import { stepWork, workingSize } from './size.js';

export { CELL_NAMES } from '../cell/cells.js';
export { LEARNER_NAMES, reachOf, windowSizesOf } from '../learning/learners.js';
export { OPTIMIZER_NAMES } from '../learning/optimizers/optimizers.js';
export type { ForecastTask, ModelSpec } from './defaults.js';
export { delayOf, forecastFeatures, historyOf, inputsOf, lookedBackAt, outputsOf } from './model-shape.js';
export { modelSize, sizeAtFirst, stepWork } from './size.js';

/** Numbers in one x, h or y, at most: 256 KiB of float32, so that each fits a frame. */
const MAX_ROW = 64 * 1024;
/** Numbers that a model may work with, its window included: 256 MiB of float32. */
const MAX_REALS = 64 * 1024 * 1024;
/** Multiply-adds that a step may cost, its share of an update included. */
const MAX_WORK = 2 ** 25;

/** What a user writes: all but `features` and `units` has a default. */
export const modelSpecSchema = fields.transform(complete).superRefine((spec, context) => {
  const fail = (path: (string | number)[], message: string) =>
    context.addIssue({ code: 'custom', path, message });
  const { task, readout, learner } = spec;
  if (readout.kind === 'none' && task)
    fail(['task'], 'readout none makes no predictions, so it takes no task');
  if (readout.kind === 'softmax' && task?.kind !== 'supervised')
    fail(['task'], 'readout softmax needs a supervised task: its targets are distributions');
  if (
    readout.kind === 'softmax' &&
    !readout.dense &&
    task?.kind === 'supervised' &&
    task.outputs !== spec.units
  )
    fail(['task', 'outputs'], `softmax of h itself has as many outputs as units (${spec.units})`);
  if (task?.kind === 'forecast') {
    const targets = task.targets ?? [];
    const unknown = targets.findIndex((target) => target >= spec.features);
    if (unknown >= 0) fail(['task', 'targets', unknown], `there are only ${spec.features} features`);
    if (new Set(targets).size < targets.length) fail(['task', 'targets'], 'each feature may be named once');
    if (task.baseline === 'season' && !spec.season) fail(['season'], 'a seasonal baseline needs a season');
    if (task.forecaster === 'mixture' && (task.baseline === 'none' || spec.scaler.kind === 'none'))
      fail(
        ['task', 'forecaster'],
        'a mixture needs a baseline, and a scaler that knows how large changes are',
      );
  }
  if (
    readout.kind === 'linear' &&
    readout.rule === 'rls' &&
    (task?.kind !== 'forecast' || task.forecaster !== 'mixture')
  )
    fail(['readout', 'rule'], 'least squares are for forecasts by the mixture: task.forecaster mixture');
  if (learner.kind !== 'tbptt' && readout.kind === 'none')
    fail(['learner'], 'readout none has nothing to learn');
  for (const [what, size] of [
    ['batch * inputs', spec.batch * inputsOf(spec)],
    ['batch * units', spec.batch * spec.units],
    ['batch * outputs', spec.batch * outputsOf(spec)],
  ] as const)
    if (size > MAX_ROW) fail(['batch'], `${what} is ${size}; the limit is ${MAX_ROW}`);
  if (refusedLearner(spec)) return;
  if (stepWork(spec) > MAX_WORK)
    fail(['learner'], `a step would cost ${stepWork(spec)} multiply-adds; the limit is ${MAX_WORK}`);
  if (learner.kind === 'tbptt' && learner.k2 < learner.k1)
    fail(['learner', 'k2'], `k2 must be at least k1 (${learner.k1})`);
  if (workingSize(spec) > MAX_REALS)
    fail(['units'], `the model would hold ${workingSize(spec)} numbers; the limit is ${MAX_REALS}`);
});

export type ModelSpecInput = z.input<typeof modelSpecSchema>;

/** Gives why the learner of a spec cannot be used with its cell, or null where it can. */
function refusedLearner(spec: Pick<ModelSpec, 'cell' | 'learner'>): string | null {
  const { cell, learner } = spec;
  if (!learnerOf(learner).needsInfluence || cellOf(spec).hasInfluence) return null;
  return `the learner ${learner.kind} cannot be used with the cell ${cell}; tbptt can`;
}

/** Wrong fields that an error names. */
const NAMED_ISSUES = 10;

/**
 * Checks a model spec and fills in its defaults.
 *
 * @throws EddyError `spec-invalid`, which names the wrong fields and what is wrong with them; `learner-unsupported` where
 * the cell has not what the learner needs
 * @example
 * const spec = parseSpec({ features: 3, units: 32 })
 */
export function parseSpec(input: unknown): ModelSpec {
  const result = modelSpecSchema.safeParse(input);
  if (result.success) {
    const refusal = refusedLearner(result.data);
    if (refusal) throw new EddyError('learner-unsupported', refusal);
    return result.data;
  }
  const { issues } = result.error;
  const named = issues
    .slice(0, NAMED_ISSUES)
    .map(({ path, message }) => `${path.join('.') || 'spec'}: ${message}`);
  if (issues.length > named.length) named.push(`and ${issues.length - named.length} more`);
  throw new EddyError('spec-invalid', named.join('; '));
}

/** Tells whether two specs, of which fields may be left out as in those of an older version, define the same model. */
export function isSameSpec(a: ModelSpecInput, b: ModelSpecInput): boolean {
  return JSON.stringify(parseSpec(a)) === JSON.stringify(parseSpec(b));
}
