/** The model spec of eddy eval: that of a file, overridden by the options. */
import { EddyError } from '../../errors.js';
import type { TimeKind } from '../../features/time-features.js';
import type { ForecastTask } from '../../rnn/spec/defaults.js';
import { type ModelSpec, parseSpec } from '../../rnn/spec/spec.js';
import { readSpec } from '../shared/spec-file.js';
import type { StepInputs } from './step-inputs.js';

export interface SpecOptions {
  readonly model?: string | undefined;
  readonly horizon?: readonly number[] | undefined;
  readonly season?: number | undefined;
  readonly interval?: number | undefined;
  readonly forecaster?: ForecastTask['forecaster'] | undefined;
  readonly units?: number | undefined;
  readonly cell?: ModelSpec['cell'] | undefined;
  readonly learner?: ModelSpec['learner']['kind'] | undefined;
  readonly k1?: number | undefined;
  readonly k2?: number | undefined;
  readonly optimizer?: ModelSpec['optimizer']['kind'] | undefined;
  readonly learningRate?: number | undefined;
  readonly seed?: number | undefined;
  readonly target?: readonly string[] | undefined;
  readonly calendar?: readonly TimeKind[] | undefined;
}

type Part = Record<string, unknown>;

/**
 * Combines the spec; an option overrides the file.
 *
 * @throws EddyError `spec-invalid`
 */
export async function buildSpec(
  options: SpecOptions,
  inputs: Pick<StepInputs, 'features' | 'targets'>,
): Promise<ModelSpec> {
  const file = options.model ? await readSpec(options.model) : {};
  const F = inputs.features.length;
  if (file.features !== undefined && file.features !== F)
    throw new EddyError(
      'spec-invalid',
      `the spec has ${file.features} features; the input has ${F}: ${inputs.features.join(', ')}`,
    );
  const task = partOf(file.task);
  const targets = options.target ? undefined : task.targets;
  const spec = parseSpec({
    ...file,
    ...given({ season: options.season, interval: options.interval, seed: options.seed, cell: options.cell }),
    features: F,
    units: options.units ?? file.units ?? 32,
    task: {
      kind: 'forecast',
      ...task,
      ...given({ horizon: options.horizon, forecaster: options.forecaster }),
      targets: targets ?? inputs.targets,
    },
    inputs: { missing: 'hold', ...partOf(file.inputs), ...given({ time: options.calendar }) },
    learner: {
      ...kindOf(file.learner, options.learner, 'tbptt'),
      ...given({ k1: options.k1, k2: options.k2 }),
    },
    optimizer: {
      ...kindOf(file.optimizer, options.optimizer, 'adam'),
      ...given({ learningRate: options.learningRate }),
    },
  });
  if (spec.task?.kind !== 'forecast')
    throw new EddyError(
      'spec-invalid',
      'task: eddy eval scores forecasts, and this task is supervised; eddy push trains it on a server, whose metrics score it',
    );
  if (spec.batch !== 1) throw new EddyError('spec-invalid', 'batch: a file is one sequence, so it must be 1');
  return spec;
}

/** Gives a part of the file's spec, or, if an option asks for another kind, that kind with its own defaults. */
function kindOf(part: unknown, wanted: string | undefined, otherwise: string): Part {
  const own = partOf(part);
  const kind = own.kind ?? otherwise;
  return wanted === undefined || wanted === kind ? { ...own, kind } : { kind: wanted };
}

const partOf = (value: unknown): Part => (typeof value === 'object' && value !== null ? { ...value } : {});

/** Removes undefined fields. */
const given = (fields: Part): Part =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
