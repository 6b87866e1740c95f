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

/** Where the forecast of each lies among those of an output. */
export const LAST = 0;
/** Of the first season; that of the second lies two further. */
export const SEASON = 1;
export const SMOOTHING = 5;
export const LINEAR = 7;
export const SEASONAL_LINEAR = 8;
export const NETWORK = 9;
export const NETWORK_SQUARES = 10;
export const E = EXPERTS.length;
