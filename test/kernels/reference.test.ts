import { createReferenceKernels } from '../../src/kernels/reference.js';
import { kernelsContract } from '../contract/kernels.js';

// float64 rounds at 1.1e-16 and float32 at 6e-8; the longest sum of the suite has 34 terms, over at most 6 steps.
kernelsContract('reference float64', () => createReferenceKernels('float64'), 1e-14);
kernelsContract('reference float32', () => createReferenceKernels('float32'), 1e-6);
