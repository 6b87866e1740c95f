/** Which kernels to use: WebAssembly where the engine has it with SIMD, else the plain float32 reference. */
import type { Kernels } from './kernels.js';
import { createReferenceKernels } from './reference.js';
import { createWasmKernels, hasWasmSimd } from './wasm.js';

/**
 * Creates the best kernels that run here. All models of a thread should share them.
 *
 * @param onFallback is told, once, why the slow reference is used
 */
export function createKernels(onFallback: (why: string) => void): Kernels {
  if (hasWasmSimd()) return createWasmKernels();
  onFallback('this engine has no WebAssembly with SIMD: the plain kernels are used, which are much slower');
  return createReferenceKernels('float32');
}

let shared: Kernels | undefined;

/** Gives the kernels of this thread, for models that were given none. They are made at the first call. */
export function sharedKernels(): Kernels {
  shared ??= createKernels((why) => console.warn(`eddy: ${why}`));
  return shared;
}
