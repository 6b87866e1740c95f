/** The counters of sequences: plain numbers, so that counting a step is one addition. */
export interface SequenceCounters {
  /** Steps applied. */
  steps: number;
  /** Repeated steps, acknowledged without effect. */
  stepsRepeated: number;
  updatesApplied: number;
  /** Updates skipped because a weight would have become non-finite. */
  updatesSkipped: number;
}
