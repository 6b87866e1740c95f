/** Who may forecast: the names that a user sees, in the order in which forecasts lie; see ../../kernels/forecast-plan.ts. */
export const EXPERTS = [
  'last value',
  'season',
  'season and change',
  'second season',
  'second season and change',
  'slow smoothing',
  'smoothing with trend',
  'linear',
  'linear with seasons',
  'network',
  'network by least squares',
] as const;

export const E = EXPERTS.length;
