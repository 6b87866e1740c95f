/** The public door of the library. */
export { EddyError, ERRORS, type ErrorCode } from './errors.js';
export type { Arena, Kernels, Reals } from './kernels/kernels.js';
export { createReferenceKernels } from './kernels/reference.js';
export { createWasmKernels, hasWasmSimd } from './kernels/wasm.js';
export { type BoundedBufferOptions, boundedBuffer, type OverflowPolicy } from './operators/bounded-buffer.js';
export { type CollectOptions, collect } from './operators/collect.js';
export { type Conflated, conflate } from './operators/conflate.js';
export { type LabelledStep, type LearnedStep, learnOnline } from './operators/learn-online.js';
export { type HiddenState, runCell } from './operators/run-cell.js';
export { type StepWindow, type WindowsOptions, windows } from './operators/windows.js';
export { type BpttInput, type BpttResult, bptt } from './rnn/bptt.js';
export type { Update } from './rnn/learner.js';
export type { Metrics } from './rnn/metrics.js';
export { Model, type ModelOptions, type StepResult } from './rnn/model.js';
export type { ModelSnapshot } from './rnn/snapshot.js';
export { type ModelSpec, type ModelSpecInput, parseSpec } from './rnn/spec.js';
