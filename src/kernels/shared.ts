/** Which kernels to use: WebAssembly where the engine has it with SIMD, else the plain float32 reference. */
import type { Kernels } from './kernels.js';
import { createReferenceKernels } from './reference.js';
import { createWasmKernels, hasWasmSimd } from './wasm.js';

/**
 * Creates the best kernels that run here. All models of a thread should share them.
 *
 * @param onFallback is called, once, with the reason why the slow reference is used
 * @example
 * const kernels = createKernels((why) => logger.warn(why));
 * const model = new Model({ features: 3, units: 32 }, { kernels });
 */
export function createKernels(onFallback: (why: string) => void): Kernels {
  if (hasWasmSimd()) return createWasmKernels();
  onFallback('this engine has no WebAssembly with SIMD: the plain kernels are used, which are much slower');
  return createReferenceKernels('float32');
}

let shared: Kernels | undefined;

/**
 * Gives the kernels of this thread, for models that were given none. They are made at the first call, and choose in
 * silence: a program that wants to know of the slow ones gives its models those of {@link createKernels}.
 */
export function sharedKernels(): Kernels {
  shared ??= createKernels(() => undefined);
  return shared;
}
