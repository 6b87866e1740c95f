import type { LearnedRun } from '../operators/run.js';

/** The counters of sequences: plain numbers, so that counting a step is one addition. */
export interface SequenceCounters {
  /** Steps applied. */
  steps: number;
  /** Repeated steps, acknowledged without effect. */
  stepsRepeated: number;
  updatesApplied: number;
  /** Updates skipped because a weight would have become non-finite. */
  updatesSkipped: number;
  /** Replays of logs for subscribers who missed something, and their steps. */
  catchUps: number;
  catchUpSteps: number;
}

/** Counts the steps and the updates of a run. */
export function countRun(counters: SequenceCounters, { count, updates }: LearnedRun): void {
  counters.steps += count;
  if (updates.length === 0) return;
  const applied = updates.filter((update) => update.applied).length;
  counters.updatesApplied += applied;
  counters.updatesSkipped += updates.length - applied;
}
