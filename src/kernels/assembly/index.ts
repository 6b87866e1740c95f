// The one module of all arithmetic. No imports, no allocation, no relaxed SIMD: same bits everywhere.
export { scoreAnomaly } from './score-anomaly';
export { dense, denseBackward } from './dense';
export { adapt, addSquares, descendAlong, endSquares, squares } from './descent';
export { forecastMeet, forecastServe, forecastTake } from './forecast';
export { gruBackward, gruForward } from './gru-cell';
export { influence, influenceDiagonal, influenceDiagonalGradient, influenceGradient } from './influence';
export { squaredError } from './loss';
export { writeInputs } from './write-inputs';
export { judgeForecasts, serveRanges } from './judge';
export { denseGradient, descend, gradientSquares } from './outer-product';
export { addBiases, addWeights, biasSquares, descendBiases, descendWeights } from './outer-product';
export { weightSquares } from './outer-product';
export { rotate } from './rotate';
export { isByWeights, rowSquares } from './row-products';
export { simpleRnnBackward, simpleRnnForward } from './simple-rnn-cell';
export { largest, softmax, tanhAll } from './softmax';

/** First byte after the module's own data. */
export function heapBase(): usize {
  return __heap_base;
}
