/** Statistics of samples that are forgotten, by the plain sums: what a scaler must have got in one pass. */

/**
 * Gives mean, deviation about it and deviation about 0 (`size`) of samples of which each counts `decay` times what the one
 * after it does. NaN is no sample.
 */
export function weighted(samples: readonly number[], decay: number) {
  const given = samples.filter((sample) => !Number.isNaN(sample));
  const weights = given.map((_, i) => decay ** (given.length - 1 - i));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const average = (of: (sample: number) => number) =>
    given.reduce((sum, sample, i) => sum + weights[i]! * of(sample), 0) / total;
  const mean = average((sample) => sample);
  return {
    mean,
    deviation: Math.sqrt(average((sample) => (sample - mean) ** 2)),
    size: Math.sqrt(average((sample) => sample ** 2)),
  };
}
