#!/usr/bin/env node
// Compiles the kernels, unless the compiled module is newer than its sources.
import { areKernelsFresh, buildKernels } from './compile-kernels.mjs';

if (!areKernelsFresh()) console.log(`kernels: ${await buildKernels()} bytes of WebAssembly`);
