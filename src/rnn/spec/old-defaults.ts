/**
 * The defaults of version 0.1. It stored specs whole, so what a stored spec does not say is what that version did; and who
 * opens a sequence of its by the spec of then, parts left out, means the same model.
 */

type Plain = Readonly<Record<string, unknown>>;

const RATES: Readonly<Record<string, number>> = { sgd: 0.01, rmsprop: 0.001, adam: 0.002 };
const LEARNER = { kind: 'tbptt', k1: 4 };
const OPTIMIZER = { kind: 'adam' };
/** It took each value as it came, and let all features into the cell whole. */
const INPUTS = { wild: 'take', others: 'all' };

/** Fills in what a spec leaves out of the defaults that were others in version 0.1. What is no spec stays as it is. */
export function withOldDefaults(input: unknown): unknown {
  if (!isPlain(input)) return input;
  const { learner = {}, optimizer = {}, inputs = {}, task } = input;
  if (!isPlain(learner) || !isPlain(optimizer) || !isPlain(inputs)) return input;
  const { kind } = { ...OPTIMIZER, ...optimizer };
  return {
    ...input,
    ...taskOf(input, task),
    learner: { ...LEARNER, ...learner },
    optimizer: { kind, ...rateOf(String(kind)), ...optimizer },
    inputs: { ...INPUTS, ...inputs },
  };
}

/** A forecast of a series with a season was a change against it. */
function taskOf({ season, scaler, readout }: Plain, task: unknown): Plain {
  const isLinear = !isPlain(readout) || readout.kind === 'linear';
  const isScaled = !isPlain(scaler) || scaler.kind === 'standard';
  if (season === undefined || !isScaled || !isLinear) return {};
  if (task === undefined) return { task: { kind: 'forecast', baseline: 'season' } };
  return isPlain(task) && task.kind === 'forecast' ? { task: { baseline: 'season', ...task } } : {};
}

const rateOf = (kind: string): Plain => (kind in RATES ? { learningRate: RATES[kind] } : {});

const isPlain = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
