/** Where the weights of a model lie: W [D,N], b [N], Wy [N,M], by [M], one after the other, so that one pass updates all. */
import type { Address } from '../../kernels/kernels.js';
import { inputsOf, type ModelSpec, outputsOf } from '../spec/spec.js';

export interface ParameterLayout {
  /** Numbers that the cell gets in a step: x, and what is looked back at. */
  readonly features: number;
  readonly units: number;
  readonly outputs: number;
  /** Has the readout weights of its own? */
  readonly hasDense: boolean;
  readonly w: number;
  readonly b: number;
  readonly wy: number;
  readonly by: number;
  readonly length: number;
}

/** Visits the weight matrices of parameters that begin at `at`: where each begins, its rows and columns. */
export function eachMatrix(
  { features, units, outputs, hasDense, w, wy }: ParameterLayout,
  at: Address,
  visit: (at: Address, rows: number, columns: number) => void,
): void {
  visit(at + w, features + units, units);
  if (hasDense) visit(at + wy, units, outputs);
}

export function layoutParameters(
  spec: Pick<ModelSpec, 'features' | 'units' | 'readout' | 'task'> & Partial<Pick<ModelSpec, 'inputs'>>,
): ParameterLayout {
  const { units, readout } = spec;
  const features = inputsOf(spec);
  const outputs = outputsOf(spec);
  const hasDense = readout.kind === 'linear' || (readout.kind === 'softmax' && readout.dense);
  const b = (features + units) * units;
  const wy = b + units;
  const by = wy + (hasDense ? units * outputs : 0);
  return { features, units, outputs, hasDense, w: 0, b, wy, by, length: by + (hasDense ? outputs : 0) };
}
