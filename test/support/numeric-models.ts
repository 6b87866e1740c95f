/** What several numeric tests do with a model. */
import type { Kernels } from '../../src/kernels/kernels.js';
import { createReferenceKernels } from '../../src/kernels/reference.js';
import { optimizerOf } from '../../src/rnn/learning/optimizers/optimizers.js';
import { countOf } from '../../src/rnn/learning/weight-places.js';
import { Model } from '../../src/rnn/model.js';
import { inputsOf, type ModelSpecInput } from '../../src/rnn/spec/spec.js';
import { fingerprint } from './numeric-compare.js';

export const float64 = createReferenceKernels('float64');

/**
 * Creates a model that shows its gradient: float64, no scaler, no momentum, no clipping and a learning rate of 1, so
 * that an update takes the gradient itself from the weights.
 */
export function bareModel(spec: ModelSpecInput, kernels: Kernels = float64): Model {
  return new Model(
    {
      optimizer: { kind: 'sgd', learningRate: 1, momentum: 0, clipNorm: null },
      scaler: { kind: 'none' },
      ...spec,
    },
    { kernels },
  );
}

/** Gives all weights of a model, in their order: W, b, Wy, by. */
export function parametersOf(model: Model): Float64Array {
  const { W, b, Wy, by } = model.weights;
  return Float64Array.of(...W, ...b, ...Wy, ...by);
}

/** Puts weights of the test's own into a model, by way of its snapshot. */
export function setParameters(model: Model, values: ArrayLike<number>): void {
  const snapshot = model.snapshot();
  snapshot.numbers.set(values, 0);
  model.restore(snapshot);
}

/** Gives what the cell got in the last step, [B,inputs], as it lies in the window. */
export function inputsOfLast(model: Model): number[] {
  const { numbers, window } = model.snapshot();
  const { units, batch, optimizer, readout } = model.spec;
  const moments = readout.kind === 'none' ? 0 : countOf(optimizerOf(optimizer).moments(optimizer));
  const width = inputsOf(model.spec) + units;
  const z = (1 + moments) * parametersOf(model).length + (model.seq - window.origin) * batch * width;
  return Array.from({ length: batch }, (_, row) =>
    Array.from(numbers.slice(z + row * width, z + (row + 1) * width - units)),
  ).flat();
}

/** Runs one step and gives all that it shows, bit by bit: the results, the updates, the weights after it. */
export function traceStep(model: Model, x: ArrayLike<number | null>): string {
  const result = model.step(x);
  return fingerprint({ ...result, weights: model.weights });
}
