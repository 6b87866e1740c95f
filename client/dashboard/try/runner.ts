/** What a run feeds, in this browser or in the server: what goes into it, and what comes out. */
import type { Observable } from 'rxjs';
import type { ModelSpecInput } from '../../../src/rnn/spec/spec.js';

/** Consecutive timesteps. What a model gets are these numbers, wherever it runs. */
export interface Block {
  readonly first: number;
  readonly count: number;
  /** x [count,F] */
  readonly x: Float64Array<ArrayBuffer>;
  /** Times [count], in milliseconds since 1970. */
  readonly t: Float64Array<ArrayBuffer> | null;
  /** Targets [count,M], of a supervised task. */
  readonly targets: Float64Array<ArrayBuffer> | null;
}

export interface LossOf {
  /** The newest step learned from. */
  readonly step: number;
  readonly loss: number;
}

export interface Score {
  readonly step: number;
  /** Recent mean absolute error, or cross-entropy. */
  readonly error: number | null;
  readonly naive: number | null;
}

/** The hash over the first `count` hidden states. */
export interface Checkpoint {
  readonly count: number;
  readonly hash: string;
}

/** What consecutive steps gave. */
export interface Batch {
  readonly first: number;
  readonly count: number;
  /** h [count,N] */
  readonly h: Float32Array<ArrayBuffer>;
  /** y [count,M] */
  readonly y: Float32Array<ArrayBuffer>;
  readonly losses: readonly LossOf[];
  readonly score: Score | null;
  readonly checkpoints: readonly Checkpoint[];
  /** States before these that were never seen: from then on there is no hash. */
  readonly skipped: number;
}

/** Between two checkpoints lie so many steps. */
export const CHECKPOINT_EVERY = 100;

/** One network that a run feeds. */
export interface Runner {
  /** What the steps gave, in their order. An error, coded, ends it. */
  readonly batches$: Observable<Batch>;
  /** Steps that it takes now. */
  readonly room: number;
  push(block: Block): void;
  close(): void;
}

/** Steps that may be under way: enough to keep a runner busy, few enough that a pause is felt at once. */
export const MAX_UNDER_WAY = 256;

/** What the page says to a worker that runs a network. */
export type ToWorker =
  | { readonly type: 'start'; readonly spec: ModelSpecInput; readonly steps: number }
  | { readonly type: 'run'; readonly block: Block };

/** What such a worker says. */
export type FromWorker =
  | { readonly type: 'batch'; readonly batch: Batch }
  | { readonly type: 'failed'; readonly code: string; readonly message: string };
