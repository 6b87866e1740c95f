/** Bounds on the work done at a time. */
import { type ModelSpec, stepWork } from '../rnn/spec/spec.js';

/** The most multiply-adds of one block, during which all other sequences wait. */
const BLOCK_WORK = 2 ** 30;
/** The most multiply-adds of a replay from a checkpoint to the end of its log. */
const REPLAY_WORK = 2 ** 31;

/** Gives the most steps of a block. */
export const blockStepsOf = (spec: ModelSpec, limit: number): number => within(spec, BLOCK_WORK, limit);

/** Gives the most steps between two checkpoints. */
export const replayStepsOf = (spec: ModelSpec, limit: number): number => within(spec, REPLAY_WORK, limit);

const within = (spec: ModelSpec, work: number, limit: number): number =>
  Math.max(1, Math.min(limit, Math.floor(work / stepWork(spec))));
