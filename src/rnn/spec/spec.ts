/**
 * The model spec: everything that defines a model, as plain JSON. Two models of one spec that see the same steps have
 * the same bits.
 */
import { z } from 'zod';
import { EddyError } from '../../errors.js';

/** Steps of a season, at most: the hours of a year. */
const MAX_SEASON = 8784;

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

/** How far ahead a forecast may look, and how far back an input. */
const MAX_HORIZON = 1024;
const MAX_LAG = 1024;
/** Different numbers in ascending order. */
const ascending = (max: number) =>
  z
    .array(count(max))
    .max(16)
    .transform((numbers) => [...new Set(numbers)].sort((a, b) => a - b));

const task = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('forecast'),
    /** Steps ahead, one or several at once: the prediction made at t is for x at t + horizon. */
    horizon: z
      .union([
        count(MAX_HORIZON).transform((horizon) => [horizon]),
        ascending(MAX_HORIZON).pipe(z.array(z.number()).min(1)),
      ])
      .default([1]),
    /** The features to forecast, by index; all of them if left out. */
    targets: z.array(z.int().min(0)).min(1).max(4096).optional(),
    /**
     * What the forecast is made as a change against: nothing, the last value, or the value of one season before the
     * time that is forecast. `season` if a season is given, or else `last`; `none` without a scaler.
     */
    baseline: z.enum(['none', 'last', 'season']).optional(),
    /** Is the change held back for as long as it has shown no skill against the baseline? */
    gate: z.boolean().optional(),
  }),
  z.strictObject({
    kind: z.literal('supervised'),
    /** M, the numbers in a target. */
    outputs: count(4096),
    /** How many steps after its own a target may still come. */
    delay: z.int().min(0).max(1024).default(32),
  }),
]);

const inputs = z.strictObject({
  /** The cell also gets x_t - x_{t-lag} for each of these lags, of the features that are forecast. */
  changes: ascending(MAX_LAG).optional(),
  /** The cell also gets x_{t-lag} for each of these lags, of the features that are forecast. */
  lags: ascending(MAX_LAG).default([]),
  /** Is a missing number (null) refused, or taken as its last value, which joins no statistics? */
  missing: z.enum(['refuse', 'hold']).default('refuse'),
});

/** How the losses of one update are put together. */
const reduction = z.enum(['mean', 'sum']).default('mean');
/** One update every k1 steps, from the k1 newest losses. */
const k1 = count(4096).default(4);
const learner = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('tbptt'),
    k1,
    /** Gradients flow back at most k2 steps. */
    k2: count(4096).default(16),
    reduction,
  }),
  /** Exact real-time recurrent learning (Williams and Zipser 1989): O(N^3 (F + N)) multiply-adds a step. */
  z.strictObject({ kind: z.literal('rtrl'), k1, reduction }),
  /** Its sparse one-step approximation (Menick et al. 2021): O(N (F + N)) multiply-adds a step. */
  z.strictObject({ kind: z.literal('snap-1'), k1, reduction }),
]);

const rate = z.number().positive().max(100);
const schedule = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('constant') }),
  /** rate / (1 + decay * n) at update n, but never less than `floor` times the rate. */
  z.strictObject({
    kind: z.literal('inverse'),
    decay: z.number().positive(),
    floor: z.number().min(0).max(1).default(0),
  }),
  /** From the rate down to `floor` times it, over `updates` updates, along half a cosine; then it stays there. */
  z.strictObject({
    kind: z.literal('cosine'),
    updates: count(1e12),
    floor: z.number().min(0).max(1).default(0),
  }),
]);

const plan = {
  /** `constant`; for softmax, whose single losses are noisy, down to a tenth: see SOFTMAX_SCHEDULE. */
  schedule: schedule.optional(),
  weightDecay: z.number().min(0).max(1).default(0),
};
/** The gradient's global norm is cut to this; null leaves it as it is. */
const clipNorm = z.number().positive().nullable();
const share = z.number().min(0).lt(1);
const adam = {
  learningRate: rate.default(0.002),
  ...plan,
  beta1: share.default(0.9),
  beta2: share.default(0.999),
  epsilon: z.number().min(1e-16).max(1).default(1e-8),
  clipNorm: clipNorm.default(10),
};

const optimizer = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('sgd'),
    learningRate: rate.default(0.01),
    ...plan,
    momentum: share.default(0.9),
    nesterov: z.boolean().default(false),
    clipNorm: clipNorm.default(1),
  }),
  z.strictObject({
    kind: z.literal('rmsprop'),
    learningRate: rate.default(0.001),
    ...plan,
    decay: share.default(0.99),
    epsilon: z.number().min(1e-16).max(1).default(1e-8),
    clipNorm: clipNorm.default(10),
  }),
  z.strictObject({ kind: z.literal('adam'), ...adam }),
  z.strictObject({ kind: z.literal('adamw'), ...adam, weightDecay: plan.weightDecay.unwrap().default(0.01) }),
]);

const scaler = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  /** Online standardisation: mean 0, deviation 1, by the statistics of the past. */
  z.strictObject({
    kind: z.literal('standard'),
    /** Samples after which one counts half; null never forgets. */
    halfLife: z.number().min(10).max(1e9).nullable().default(2000),
  }),
]);

const fields = z.strictObject({
  /** F, the numbers in one timestep. */
  features: count(4096),
  /** N, the hidden units. */
  units: count(1024),
  /** B, parallel rows of the sequence. */
  batch: count(1024).default(1),
  readout: readout.default({ kind: 'linear' }),
  task: task.optional(),
  /** P, the steps of one season, where the series has one. */
  season: z.int().min(2).max(MAX_SEASON).optional(),
  inputs: inputs.prefault({}),
  learner: learner.prefault({ kind: 'tbptt' }),
  optimizer: optimizer.prefault({ kind: 'adam' }),
  scaler: scaler.prefault({ kind: 'standard' }),
  seed: z.int().min(0).max(0xffff_ffff).default(1),
});

type Given = z.output<typeof fields>;
type Task =
  | Extract<z.output<typeof task>, { kind: 'supervised' }>
  | (Required<Pick<Forecast, 'kind' | 'horizon' | 'baseline' | 'gate'>> & Pick<Forecast, 'targets'>);
type Forecast = Extract<z.output<typeof task>, { kind: 'forecast' }>;
type Whole = Omit<Given, 'task' | 'inputs' | 'optimizer'> & {
  optimizer: Scheduled<Given['optimizer']>;
  task?: Task;
  inputs: Omit<Given['inputs'], 'changes'> & { changes: number[] };
};

type Scheduled<T> = T extends unknown ? Omit<T, 'schedule'> & { schedule: z.output<typeof schedule> } : never;

/** What a constant rate leaves of noise in the weights costs a classifier more than it costs a forecast. */
const SOFTMAX_SCHEDULE = { kind: 'inverse', decay: 1e-4, floor: 0.1 } as const;

function scheduled({ schedule, ...optimizer }: Given['optimizer'], isSoftmax: boolean): Whole['optimizer'] {
  const whole = schedule ?? (isSoftmax ? SOFTMAX_SCHEDULE : { kind: 'constant' as const });
  return { ...optimizer, schedule: whole } as Whole['optimizer'];
}

/** What the seasonal value is off by now is a change too: over one season. */
function defaultChanges(few: boolean, season = 0): number[] {
  const changes = CHANGES.slice(0, few ? 5 : 1);
  if (season === 0 || season > MAX_LAG || changes.includes(season)) return changes;
  return [...changes, season].sort((a, b) => a - b);
}

/** Fills in the defaults that hang on other fields. */
function complete({ task: given, inputs: { changes, ...inputs }, optimizer, ...rest }: Given): Whole {
  const spec = { ...rest, optimizer: scheduled(optimizer, rest.readout.kind === 'softmax') };
  const task = given ?? (spec.readout.kind === 'linear' ? { kind: 'forecast' as const, horizon: [1] } : null);
  if (task?.kind !== 'forecast') {
    const whole = { ...spec, inputs: { changes: changes ?? [], ...inputs } };
    return task ? { ...whole, task } : whole;
  }
  const isScaled = spec.scaler.kind === 'standard';
  const few = (task.targets?.length ?? spec.features) <= FEW;
  const { baseline: against, gate, ...plain } = task;
  const baseline = against ?? (isScaled ? (spec.season ? 'season' : 'last') : 'none');
  return {
    ...spec,
    task: { ...plain, baseline, gate: gate ?? baseline !== 'none' },
    inputs: { changes: changes ?? (isScaled ? defaultChanges(few, spec.season) : []), ...inputs },
  };
}

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
    if (task.gate && task.baseline === 'none')
      fail(['task', 'gate'], 'a gate needs a baseline to fall back to');
  }
  if (learner.kind !== 'tbptt' && readout.kind === 'none')
    fail(['learner'], 'readout none has nothing to learn');
  for (const [what, size] of [
    ['batch * inputs', spec.batch * inputsOf(spec)],
    ['batch * units', spec.batch * spec.units],
    ['batch * outputs', spec.batch * outputsOf(spec)],
  ] as const)
    if (size > MAX_ROW) fail(['batch'], `${what} is ${size}; the limit is ${MAX_ROW}`);
  if (stepWork(spec) > MAX_WORK)
    fail(['learner'], `a step would cost ${stepWork(spec)} multiply-adds; the limit is ${MAX_WORK}`);
  if (learner.kind === 'tbptt' && learner.k2 < learner.k1)
    fail(['learner', 'k2'], `k2 must be at least k1 (${learner.k1})`);
  if (modelSize(spec) > MAX_REALS)
    fail(['units'], `the model would hold ${modelSize(spec)} numbers; the limit is ${MAX_REALS}`);
});

/** The changes that a forecast looks at: over one step to sixteen, or, of more features than a FEW, over one. */
const CHANGES = [1, 2, 4, 8, 16];
const FEW = 8;
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

type Tasked = Pick<ModelSpec, 'task' | 'features'>;
type Sized = Tasked &
  Pick<ModelSpec, 'units' | 'batch' | 'learner' | 'inputs' | 'season' | 'optimizer' | 'readout'>;

/** A forecast, with all that it leaves open filled in. */
export type ForecastTask = Extract<ModelSpec['task'], { kind: 'forecast' }>;

/** Gives M, the numbers in one prediction; 0 for a model without a readout. */
export function outputsOf({ task, features }: Tasked): number {
  if (!task) return 0;
  if (task.kind === 'supervised') return task.outputs;
  return (task.targets?.length ?? features) * task.horizon.length;
}

/** Gives the features that a forecast is for, by index, or null where the task is none. */
export function forecastFeatures({ task, features }: Tasked): number[] | null {
  if (task?.kind !== 'forecast') return null;
  return task.targets ?? Array.from({ length: features }, (_, i) => i);
}

/** Gives how many numbers the cell gets in one step and row: x, and what is looked back at. */
export function inputsOf(spec: Tasked & Partial<Pick<ModelSpec, 'inputs'>>): number {
  const { changes = [], lags = [] } = spec.inputs ?? {};
  return spec.features + lookedBackAt(spec).length * (changes.length + lags.length);
}

/** Gives the features whose changes and lagged values the cell may get: those that are forecast, or all. */
export function lookedBackAt(spec: Tasked): number[] {
  return forecastFeatures(spec) ?? Array.from({ length: spec.features }, (_, i) => i);
}

/** Gives how many steps of x a model remembers. */
export function historyOf({
  task,
  inputs: { changes, lags },
  season = 0,
}: Pick<ModelSpec, 'task' | 'inputs' | 'season'>) {
  const ahead = task?.kind === 'forecast' ? Math.max(...task.horizon) : 0;
  const seasons = season * Math.ceil(ahead / (season || 1));
  return Math.max(ahead, seasons, ...changes, ...lags) + 1;
}

/** Gives how many steps after its own a target may come: the longest horizon, or the delay. */
export function delayOf({ task }: Pick<ModelSpec, 'task'>): number {
  if (!task) return 0;
  return task.kind === 'forecast' ? Math.max(...task.horizon) : task.delay;
}

/** Gives how many steps a window must keep for the learner: k2, or k1 where the past is carried forward. */
export function reachOf({ learner }: Pick<ModelSpec, 'learner'>): number {
  return learner.kind === 'tbptt' ? learner.k2 : learner.k1;
}

/** Gives the sizes of a training window: k1, and k2, or k1 again where the past is carried forward. */
export const windowSizesOf = (spec: Pick<ModelSpec, 'learner'>) => ({
  k1: spec.learner.k1,
  k2: reachOf(spec),
});

/** Gives how many numbers a model holds at most: weights, moments and gradient, the window, the learner's own. */
export function modelSize(spec: Sized): number {
  const { units, batch, learner, optimizer, readout, task } = spec;
  const width = inputsOf(spec) + units;
  const outputs = outputsOf(spec);
  const cell = (width + 1) * units;
  const weights = cell + (readout.kind === 'none' ? 0 : (units + 1) * outputs);
  const last = batch * (units + outputs);
  const history = 2 * batch * lookedBackAt(spec).length * historyOf(spec);
  if (!task) return weights + 6 * batch * width + last + history;
  const rows = Math.ceil(1.2 * (reachOf(spec) + delayOf(spec))) + 5;
  const window = rows * (batch * (width + 3 * outputs) + outputs);
  const influence = { tbptt: 0, rtrl: 2 * cell * units, 'snap-1': cell }[learner.kind];
  const steps = learner.kind === 'tbptt' ? learner.k2 * (width + units) : learner.k1 * units;
  const own = batch * (steps + influence + learner.k1 * outputs) + (learner.kind === 'tbptt' ? 0 : cell);
  // weights, their moments, and their gradient where it is laid down
  const copies =
    optimizer.kind === 'sgd' ? (optimizer.momentum > 0 ? 2 : 1) : optimizer.kind === 'rmsprop' ? 3 : 4;
  return copies * weights + window + own + outputs + last + history;
}

/** Gives how many multiply-adds a step costs, its share of an update included, nearly. */
export function stepWork(spec: Sized): number {
  const { units, batch, learner } = spec;
  const cell = (inputsOf(spec) + units) * units;
  const readout = units * outputsOf(spec);
  if (!spec.task) return batch * (cell + readout);
  const { k1 } = learner;
  const isSgd = spec.optimizer.kind === 'sgd';
  // of a layer: forward and back, and its gradient laid down; or the gradient's norm, and the descent along its factors
  const layers = batch * (cell + (isSgd ? 4 : 3) * readout);
  const influences = (inputsOf(spec) + units + 1) * units;
  const perRow = {
    tbptt: ((isSgd ? 3 : 2) * reachOf(spec) * cell) / k1,
    rtrl: influences * units * (units + 1),
    'snap-1': 3 * influences,
  }[learner.kind];
  // a gradient that is laid down: its norm, and the step along it
  const laidDown = isSgd ? (learner.kind === 'tbptt' ? 0 : 2 * influences) : 4 * (influences + readout);
  return Math.ceil(layers + batch * perRow + laidDown / k1);
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
