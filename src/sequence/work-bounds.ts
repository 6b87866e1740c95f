/** How much may be done at a time. */
import { type ModelSpec, stepWork } from '../rnn/spec/spec.js';

/** Multiply-adds that one block may cost: it holds up all other sequences for as long. */
const BLOCK_WORK = 2 ** 30;
/** Multiply-adds that the way from a checkpoint to the end of its log may cost. */
const REPLAY_WORK = 2 ** 31;

/** Gives how many steps a block may have. */
export const blockStepsOf = (spec: ModelSpec, limit: number): number => within(spec, BLOCK_WORK, limit);

/** Gives how many steps may come between two checkpoints. */
export const replayStepsOf = (spec: ModelSpec, limit: number): number => within(spec, REPLAY_WORK, limit);

const within = (spec: ModelSpec, work: number, limit: number): number =>
  Math.max(1, Math.min(limit, Math.floor(work / stepWork(spec))));
