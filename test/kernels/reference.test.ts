import { createReferenceKernels } from '../../src/kernels/reference.js';
import { gradientPiecesContract } from '../contract/gradient-pieces.js';
import { gruKernelsContract } from '../contract/gru-kernels.js';
import { kernelsContract } from '../contract/kernels.js';

// float64 rounds at 1.1e-16 and float32 at 6e-8; the longest sum of the suite has 34 terms, over at most 6 steps.
for (const [precision, tolerance] of [
  ['float64', 1e-14],
  ['float32', 1e-6],
] as const) {
  const create = () => createReferenceKernels(precision);
  kernelsContract(`reference ${precision}`, create, tolerance);
  gruKernelsContract(`reference ${precision}`, create, tolerance);
  gradientPiecesContract(`reference ${precision}`, create, true);
}
