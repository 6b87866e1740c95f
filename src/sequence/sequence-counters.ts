/** What sequences count while they work: plain numbers, so that counting a step is one addition. */
export interface SequenceCounters {
  /** Steps that had their effect. */
  steps: number;
  /** Steps that came again and had none. */
  stepsRepeated: number;
  updatesApplied: number;
  /** Updates that were not applied, because a weight would have become non-finite. */
  updatesSkipped: number;
}
