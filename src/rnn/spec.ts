/**
 * The model spec: everything that defines a model, as plain JSON. Two models of one spec that see the same steps have
 * the same bits.
 */
import { z } from 'zod';
import { EddyError } from '../errors.js';

const count = (max: number) => z.int().min(1).max(max);

const readout = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({ kind: z.literal('linear') }),
  z.strictObject({
    kind: z.literal('softmax'),
    /** false: the softmax of h itself, without weights, so that M = N. */
    dense: z.boolean().default(true),
  }),
]);

const task = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('forecast'),
    /** Steps ahead: the prediction made at t is for x at t + horizon. */
    horizon: count(1024).default(1),
    /** The features to forecast, by index; all of them if left out. */
    targets: z.array(z.int().min(0)).min(1).max(4096).optional(),
  }),
  z.strictObject({
    kind: z.literal('supervised'),
    /** M, the numbers in a target. */
    outputs: count(4096),
    /** How many steps after its own a target may still come. */
    delay: z.int().min(0).max(1024).default(32),
  }),
]);

type Task = z.output<typeof task>;
const DEFAULT_TASK: Task = { kind: 'forecast', horizon: 1 };

const learner = z.strictObject({
  kind: z.literal('tbptt'),
  /** One update every k1 steps, from the k1 newest losses. */
  k1: count(4096).default(8),
  /** Gradients flow back at most k2 steps. */
  k2: count(4096).default(32),
  /** How the losses of one update are put together. */
  reduction: z.enum(['mean', 'sum']).default('mean'),
});

const rate = z.number().positive().max(100);
const schedule = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('constant') }),
  /** rate / (1 + decay * n) at update n. */
  z.strictObject({ kind: z.literal('inverse'), decay: z.number().positive() }),
  /** From the rate down to `floor` times it, over `updates` updates, along half a cosine; then it stays there. */
  z.strictObject({
    kind: z.literal('cosine'),
    updates: count(1e12),
    floor: z.number().min(0).max(1).default(0),
  }),
]);

const optimizer = z.strictObject({
  kind: z.literal('sgd'),
  learningRate: rate.default(0.01),
  schedule: schedule.default({ kind: 'constant' }),
  momentum: z.number().min(0).lt(1).default(0.9),
  nesterov: z.boolean().default(false),
  /** The gradient's global norm is cut to this; null leaves it as it is. */
  clipNorm: z.number().positive().nullable().default(1),
});

const scaler = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  /** Online standardisation: mean 0, deviation 1, by the statistics of the past. */
  z.strictObject({ kind: z.literal('standard') }),
]);

/** What a user writes: all but `features` and `units` has a default. */
export const modelSpecSchema = z
  .strictObject({
    /** F, the numbers in one timestep. */
    features: count(4096),
    /** N, the hidden units. */
    units: count(1024),
    /** B, parallel rows of the sequence. */
    batch: count(1024).default(1),
    readout: readout.default({ kind: 'linear' }),
    task: task.optional(),
    learner: learner.prefault({ kind: 'tbptt' }),
    optimizer: optimizer.prefault({ kind: 'sgd' }),
    scaler: scaler.default({ kind: 'standard' }),
    seed: z.int().min(0).max(0xffff_ffff).default(1),
  })
  .transform(({ task, ...spec }): typeof spec & { task?: Task } => {
    const whole = task ?? (spec.readout.kind === 'linear' ? DEFAULT_TASK : undefined);
    return whole ? { ...spec, task: whole } : spec;
  })
  .superRefine((spec, context) => {
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
    }
    for (const [what, size] of [
      ['batch * features', spec.batch * spec.features],
      ['batch * units', spec.batch * spec.units],
      ['batch * outputs', spec.batch * outputsOf(spec)],
    ] as const)
      if (size > MAX_ROW) fail(['batch'], `${what} is ${size}; the limit is ${MAX_ROW}`);
    if (stepWork(spec) > MAX_WORK)
      fail(['learner'], `a step would cost ${stepWork(spec)} multiply-adds; the limit is ${MAX_WORK}`);
    if (learner.k2 < learner.k1) fail(['learner', 'k2'], `k2 must be at least k1 (${learner.k1})`);
    if (modelSize(spec) > MAX_REALS)
      fail(['units'], `the model would hold ${modelSize(spec)} numbers; the limit is ${MAX_REALS}`);
  });

/** Numbers in one x, h or y, at most: 256 KiB of float32, so that each fits a frame. */
const MAX_ROW = 64 * 1024;
/** Numbers that a model may hold, its window included: 256 MiB of float32. */
const MAX_REALS = 64 * 1024 * 1024;
/** Multiply-adds that a step may cost, its share of an update included. */
const MAX_WORK = 2 ** 25;

/** What a user may write. */
export type ModelSpecInput = z.input<typeof modelSpecSchema>;
/** The same with every default filled in. */
export type ModelSpec = z.output<typeof modelSpecSchema>;

/** Gives M, the numbers in one prediction; 0 for a model without a readout. */
export function outputsOf({ task, features }: Pick<ModelSpec, 'task' | 'features'>): number {
  if (!task) return 0;
  return task.kind === 'supervised' ? task.outputs : (task.targets?.length ?? features);
}

/** Gives the features that a forecast is for, by index, or null where the task is none. */
export function forecastFeatures({ task, features }: Pick<ModelSpec, 'task' | 'features'>): number[] | null {
  if (task?.kind !== 'forecast') return null;
  return task.targets ?? Array.from({ length: features }, (_, i) => i);
}

/** Gives how many steps after its own a target may come: the horizon, or the delay. */
export function delayOf({ task }: Pick<ModelSpec, 'task'>): number {
  if (!task) return 0;
  return task.kind === 'forecast' ? task.horizon : task.delay;
}

type Sized = Pick<ModelSpec, 'task' | 'features' | 'units' | 'batch' | 'learner'>;

/** Gives how many numbers a model holds at most: weights, velocity and gradient, the window, the backward pass. */
export function modelSize({ features, units, batch, learner: { k1, k2 }, ...rest }: Sized): number {
  const width = features + units;
  const outputs = outputsOf({ features, ...rest });
  const weights = (width + 1) * units + (units + 1) * outputs;
  const last = batch * (units + outputs);
  if (!rest.task) return weights + 6 * batch * width + last;
  const rows = Math.ceil(1.5 * (k2 + delayOf(rest))) + 5;
  const window = rows * (batch * (width + 2 * outputs) + outputs);
  return 2 * weights + window + batch * (k2 * (width + units) + k1 * outputs) + last;
}

/** Gives how many multiply-adds a step costs, its share of an update included, nearly. */
export function stepWork({ features, units, batch, learner: { k1, k2 }, ...rest }: Sized): number {
  const cell = (features + units) * units;
  const readout = units * outputsOf({ features, ...rest });
  // an update goes over its steps three times: back, for the gradient's norm, and for the descent
  const learning = rest.task ? (3 * k2 * cell) / k1 + 3 * readout : 0;
  return Math.ceil(batch * (cell + readout + learning));
}

/** Wrong fields that an error names. */
const NAMED_ISSUES = 10;

/**
 * Checks a model spec and fills in its defaults.
 *
 * @throws EddyError `spec-invalid`, which names the wrong fields and what is wrong with them.
 * @example
 * const spec = parseSpec({ features: 3, units: 32 })
 */
export function parseSpec(input: unknown): ModelSpec {
  const result = modelSpecSchema.safeParse(input);
  if (result.success) return result.data;
  const { issues } = result.error;
  const named = issues
    .slice(0, NAMED_ISSUES)
    .map(({ path, message }) => `${path.join('.') || 'spec'}: ${message}`);
  if (issues.length > named.length) named.push(`and ${issues.length - named.length} more`);
  throw new EddyError('spec-invalid', named.join('; '));
}
