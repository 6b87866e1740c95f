/** The registry of the cells' kernels: what a new cell is added to. */
import type { Exported } from './arena.js';
import { type GruKernels, gruOnWasm, gruReference } from './gru-kernels.js';
import { type SimpleRnnKernels, simpleRnnOnWasm, simpleRnnReference } from './simple-rnn-kernels.js';

export interface CellKernels extends SimpleRnnKernels, GruKernels {}

export const cellReference: CellKernels = { ...simpleRnnReference, ...gruReference };

export const cellsOnWasm = (wasm: Exported<CellKernels>): CellKernels => ({
  ...simpleRnnOnWasm(wasm),
  ...gruOnWasm(wasm),
});
