/** The layers of a model as the factors of their gradients: what stays, laid out once; what moves, set at each block. */
import type { Address, LayerGradient } from '../../kernels/kernels.js';
import type { ParameterLayout } from '../cell/parameters.js';
import type { Weights } from './optimizer.js';

export type Varying<T> = { -readonly [K in keyof T]: T[K] };

/** The cell: z [R,F+N] and da. */
export const cellLayer = (layout: ParameterLayout, weights: Weights, da: Address): Varying<LayerGradient> =>
  layerAt(layout, weights, layout.w, layout.b, da, layout.features + layout.units, layout.units);

/** The readout: h [R,N] and dy; null where it has no weights. */
export const denseLayer = (
  layout: ParameterLayout,
  weights: Weights,
  dy: Address,
): Varying<LayerGradient> | null =>
  layout.hasDense ? layerAt(layout, weights, layout.wy, layout.by, dy, layout.units, layout.outputs) : null;

function layerAt(
  { features, units }: ParameterLayout,
  { at, velocity }: Weights,
  w: number,
  b: number,
  dy: Address,
  A: number,
  M: number,
): Varying<LayerGradient> {
  const places = { w: at + w, b: at + b, velocity: velocity + w, velocityB: velocity + b };
  return { ...places, a: 0, stride: features + units, dy, R: 0, A, M };
}
