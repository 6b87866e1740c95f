/** Steps of the history that a step is compared with: an exponential window, after a plain mean up to there. */
export const LONG = 4000;
/** Steps that only teach. */
export const WARM = 100;
