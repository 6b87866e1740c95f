// The one module of all arithmetic. No imports, no allocation, no relaxed SIMD: same bits everywhere.
export { dense, forward } from './affine';
export { adapt, descendAlong, squares } from './descent';
export { denseGradient, descend, gradientSquares } from './gradient';
export { influence, influenceDiagonal, influenceDiagonalGradient, influenceGradient } from './influence';
export { squaredError } from './loss';
export { largest, softmax, tanhAll } from './softmax';
export { backward, denseBackward } from './transposed';

/** First byte after the module's own data. */
export function heapBase(): usize {
  return __heap_base;
}
