/** The defaults of a model spec that depend on other fields. */
import type { z } from 'zod';
import type { LearnerSettings } from '../learning/learners.js';
import type { OptimizerSettings } from '../learning/optimizers/optimizers.js';
import { inputsOf } from './model-shape.js';
import { type fields, MAX_LAG } from './schema.js';

type Given = z.output<typeof fields>;
type Forecast = Extract<Given['task'], { kind: 'forecast' }>;

/** A forecast, with every default filled in. */
export type ForecastTask = Required<Pick<Forecast, 'kind' | 'horizon' | 'baseline' | 'forecaster'>> &
  Pick<Forecast, 'targets'>;

/** A model spec with every default filled in. */
export type ModelSpec = Omit<Given, 'task' | 'inputs' | 'optimizer' | 'readout' | 'learner'> & {
  learner: LearnerSettings;
  optimizer: OptimizerSettings;
  readout: Exclude<Given['readout'], { kind: 'linear' }> | { kind: 'linear'; rule: 'rls' | 'gradient' };
  task?: Extract<Given['task'], { kind: 'supervised' }> | ForecastTask;
  inputs: Omit<Given['inputs'], 'changes'> & { changes: number[] };
};

/** The changes that a forecast looks at: over one step to sixteen, or, of more features than a FEW, over one. */
const CHANGES = [1, 2, 4, 8, 16];
const FEW = 8;

/** What a constant rate leaves of noise in the weights costs a classifier more than it costs a forecast. */
const SOFTMAX_SCHEDULE = { kind: 'inverse', decay: 1e-4, floor: 0.1 } as const;

/** The learning rates of 32 units, with an update every 4 steps. */
const RATES = { sgd: 0.01, rmsprop: 0.001, adam: 0.002, adamw: 0.002 } as const;
const UNITS = 32;
/** Steps from one update to the next; where others forecast as well, the network's weights need not follow each few. */
const K1 = 4;
const MIXED_K1 = 16;
/** What a rate grows to, at most, where updates are rare. */
const MOST = 2.5;

/** Completes the learner. */
function learnerOf({ learner: { kind, k1, ...rest } }: Given, isMixed: boolean): LearnerSettings {
  const mixed = Math.min(MIXED_K1, 'k2' in rest ? rest.k2 : MIXED_K1);
  return { kind, k1: k1 ?? (isMixed ? mixed : K1), ...rest } as LearnerSettings;
}

/**
 * Completes the optimizer. The rate falls with the units, whose changes add up in what they drive, and in forecasts with
 * the updates that a number of steps has.
 */
function optimizerOf(
  { optimizer, units, readout }: Given,
  k1: number,
  isForecast: boolean,
): OptimizerSettings {
  const { schedule, learningRate, ...rest } = optimizer;
  const seldom = isForecast ? Math.min(MOST, k1 / K1) : 1;
  const rate = RATES[optimizer.kind] * Math.min(1, UNITS / units) * seldom;
  const whole = schedule ?? (readout.kind === 'softmax' ? SOFTMAX_SCHEDULE : { kind: 'constant' as const });
  return { ...rest, learningRate: learningRate ?? rate, schedule: whole } as OptimizerSettings;
}

/** The difference from the seasonal value is a change too: over one season. */
function defaultChanges(few: boolean, season = 0): number[] {
  const changes = CHANGES.slice(0, few ? 5 : 1);
  if (season === 0 || season > MAX_LAG || changes.includes(season)) return changes;
  return [...changes, season].sort((a, b) => a - b);
}

/** From so many regressors on, units and inputs, least squares over all of them cost more than they bring. */
const MOST_SQUARES = 768;

function ruled(readout: Given['readout'], learnsBySquares: boolean): ModelSpec['readout'] {
  if (readout.kind !== 'linear') return readout;
  return { kind: 'linear', rule: readout.rule ?? (learnsBySquares ? 'rls' : 'gradient') };
}

/** What a user wrote of a forecast, completed. */
function forecastOf(
  { baseline: against, forecaster: who, gate, ...task }: Forecast,
  isScaled: boolean,
): ForecastTask {
  const baseline = against ?? (isScaled ? 'last' : 'none');
  const isMixed = isScaled && baseline !== 'none' && gate !== false;
  return { ...task, baseline, forecaster: who ?? (isMixed ? 'mixture' : 'network') };
}

export function complete(given: Given): ModelSpec {
  const {
    task: asked,
    inputs: { changes, ...inputs },
    ...rest
  } = given;
  const isScaled = given.scaler.kind === 'standard';
  const wanted =
    asked ?? (given.readout.kind === 'linear' ? { kind: 'forecast' as const, horizon: [1] } : null);
  const task = wanted?.kind === 'forecast' ? forecastOf(wanted, isScaled) : wanted;
  const isForecast = task?.kind === 'forecast';
  const isMixed = isForecast && task.forecaster === 'mixture';
  const learner = learnerOf(given, isMixed);
  const few = isForecast && (task.targets?.length ?? given.features) <= FEW;
  const whole = changes ?? (isForecast && isScaled ? defaultChanges(few, given.season) : []);
  const shape = { features: given.features, task: task ?? undefined, inputs: { changes: whole, ...inputs } };
  return {
    ...rest,
    ...(task && { task }),
    readout: ruled(given.readout, isMixed && given.units + inputsOf(shape) <= MOST_SQUARES),
    learner,
    optimizer: optimizerOf(given, learner.k1, isForecast),
    inputs: shape.inputs,
  };
}
