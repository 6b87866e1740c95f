/** The defaults of a model spec that depend on other fields. */
import type { z } from 'zod';
import type { OptimizerSettings } from '../learning/optimizers/optimizers.js';
import { type fields, MAX_LAG } from './schema.js';

type Given = z.output<typeof fields>;
type Forecast = Extract<Given['task'], { kind: 'forecast' }>;

/** A forecast, with every default filled in. */
export type ForecastTask = Required<Pick<Forecast, 'kind' | 'horizon' | 'baseline' | 'forecaster'>> &
  Pick<Forecast, 'targets'>;

/** A model spec with every default filled in. */
export type ModelSpec = Omit<Given, 'task' | 'inputs' | 'optimizer' | 'readout'> & {
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

/** The learning rates of 32 units, of an update every 4 steps. */
const RATES = { sgd: 0.01, rmsprop: 0.001, adam: 0.002, adamw: 0.002 } as const;
const UNITS = 32;
const STEPS = 4;

/** A rate that falls with the units, whose changes add up in what they drive, and in forecasts with the updates in a number of steps. */
function rateOf({ optimizer, units, learner, readout }: Given, isForecast: boolean): number {
  const often = isForecast && readout.kind === 'linear' ? Math.min(1, learner.k1 / STEPS) : 1;
  return RATES[optimizer.kind] * Math.min(1, UNITS / units) * often;
}

function optimizerOf(given: Given, isForecast: boolean): OptimizerSettings {
  const { schedule, learningRate, ...optimizer } = given.optimizer;
  const whole =
    schedule ?? (given.readout.kind === 'softmax' ? SOFTMAX_SCHEDULE : { kind: 'constant' as const });
  return {
    ...optimizer,
    learningRate: learningRate ?? rateOf(given, isForecast),
    schedule: whole,
  } as OptimizerSettings;
}

/** The difference from the seasonal value is a change too: over one season. */
function defaultChanges(few: boolean, season = 0): number[] {
  const changes = CHANGES.slice(0, few ? 5 : 1);
  if (season === 0 || season > MAX_LAG || changes.includes(season)) return changes;
  return [...changes, season].sort((a, b) => a - b);
}

/** From so many units on, least squares over all of them cost more than they bring. */
const MOST_SQUARES = 512;

function ruled(readout: Given['readout'], learnsBySquares: boolean): ModelSpec['readout'] {
  if (readout.kind !== 'linear') return readout;
  return { kind: 'linear', rule: readout.rule ?? (learnsBySquares ? 'rls' : 'gradient') };
}

export function complete(whole: Given): ModelSpec {
  const {
    task: given,
    inputs: { changes, ...inputs },
    ...rest
  } = whole;
  const task = given ?? (rest.readout.kind === 'linear' ? { kind: 'forecast' as const, horizon: [1] } : null);
  const spec = { ...rest, optimizer: optimizerOf(whole, task?.kind === 'forecast') };
  if (task?.kind !== 'forecast') {
    const plain = {
      ...spec,
      readout: ruled(spec.readout, false),
      inputs: { changes: changes ?? [], ...inputs },
    };
    return task ? { ...plain, task } : plain;
  }
  const isScaled = spec.scaler.kind === 'standard';
  const few = (task.targets?.length ?? spec.features) <= FEW;
  const { baseline: against, forecaster: who, gate, ...plain } = task;
  const baseline = against ?? (isScaled ? 'last' : 'none');
  const isMixed = isScaled && baseline !== 'none' && gate !== false;
  const forecaster = who ?? (isMixed ? 'mixture' : 'network');
  return {
    ...spec,
    readout: ruled(spec.readout, forecaster === 'mixture' && spec.units <= MOST_SQUARES),
    task: { ...plain, baseline, forecaster },
    inputs: { changes: changes ?? (isScaled ? defaultChanges(few, spec.season) : []), ...inputs },
  };
}
