/** What goes into a runner and comes out of it, whether it runs in this browser or in the server. */

/** Consecutive timesteps. What a model gets are these float32, wherever it runs. */
export interface Block {
  readonly first: number;
  readonly count: number;
  /** x [count,F] */
  readonly x: Float32Array<ArrayBuffer>;
  /** Targets [count,M], of a supervised task. */
  readonly targets: Float32Array<ArrayBuffer> | null;
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
