/** Who may forecast: the order in which forecasts lie, and the names that a user sees. */
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

/** Where the forecasts lie that a season's help is told by; see ../../kernels/forecast-plan.ts for all. */
export { LINEAR, SEASON, SEASONAL_LINEAR, SMOOTHED as SMOOTHING } from '../../kernels/forecast-plan.js';
export const E = EXPERTS.length;
