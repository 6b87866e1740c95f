/** The registry of the cells' kernels: what a new cell is added to. */
import { type GruExports, type GruKernels, gruOnWasm, gruReference } from './gru-kernels.js';
import {
  type SimpleRnnExports,
  type SimpleRnnKernels,
  simpleRnnOnWasm,
  simpleRnnReference,
} from './simple-rnn-kernels.js';

export interface CellKernels extends SimpleRnnKernels, GruKernels {}

export const cellReference: CellKernels = { ...simpleRnnReference, ...gruReference };

export interface CellExports extends SimpleRnnExports, GruExports {}

export const cellsOnWasm = (wasm: CellExports): CellKernels => ({
  ...simpleRnnOnWasm(wasm),
  ...gruOnWasm(wasm),
});
