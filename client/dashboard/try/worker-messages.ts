import type { ModelSpecInput } from '../../../src/rnn/spec/spec.js';
import type { Batch, Block } from './block.js';

/** What the page says to the worker. */
export type ToWorker =
  | { readonly type: 'start'; readonly spec: ModelSpecInput; readonly steps: number }
  | { readonly type: 'run'; readonly block: Block };

/** What the worker says. */
export type FromWorker =
  | { readonly type: 'batch'; readonly batch: Batch }
  | { readonly type: 'failed'; readonly code: string; readonly message: string };
