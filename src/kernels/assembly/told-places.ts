// What a forecaster tells its kernels of; see ../forecast-plan.ts. Addresses count in numbers there, in bytes here.

@inline
export function numberAt(plan: usize, i: usize): i32 {
  return <i32>load<f64>(plan + (i << 3));
}

@inline
export function addressAt(plan: usize, i: usize): usize {
  return <usize>numberAt(plan, i) << 3;
}

export const B: usize = 0;
export const K: usize = 1;
export const Q: usize = 2;
export const N_LINEAR: usize = 3;
export const N_NETWORK: usize = 4;
export const UNITS: usize = 5;
export const STRIDE: usize = 6;
export const DIRECT: usize = 7;
export const DIRECT_COUNT: usize = 8;
export const MIXTURES: usize = 9;
export const LINEARS: usize = 10;
export const SEASONALS: usize = 11;
export const SQUARES: usize = 12;
export const SQUARES_LENGTH: usize = 13;
export const LARGEST_CHANGES: usize = 14;
export const PENDINGS: usize = 15;
export const PHI: usize = 16;
export const PSI: usize = 17;
export const ETA: usize = 18;
export const CHANGES: usize = 19;
export const HISTORY: usize = 20;
export const HISTORY_ROWS: usize = 21;
export const KNOWN: usize = 22;
export const LEVELS: usize = 23;
export const LEVEL_DEVIATIONS: usize = 24;
export const UNIT_DEVIATIONS: usize = 25;
export const DEVIATIONS: usize = 26;
export const TRUTHS: usize = 27;
export const TURNS: usize = 28;
export const HORIZONS: usize = 29;
export const UNIT_SUMS: usize = 30;
export const DECAY: usize = 248;
export const RING: usize = 32;
export const PERIODS: usize = 33;
export const SMOOTHINGS: usize = 34;
export const SAID: usize = 35;

/** Bytes of the numbers of an output at a step, and where in them each lies. */
export const PENDING: usize = 160;
export const SEASON: usize = 8;
export const SMOOTHED: usize = 40;
export const LINEAR: usize = 56;
export const SEASONAL_LINEAR: usize = 64;
export const NETWORK: usize = 72;
export const NETWORK_SQUARES: usize = 80;
export const NOBODY: usize = 88;
export const SERVED: usize = 96;
export const IS_SEASONAL: usize = 104;
export const SEASONS: usize = 112;

/** Forecasters, numbers of a mixture, and of least squares of n regressors for one target, in bytes. */
export const E: i32 = 12;
export const MIXTURE: usize = 304;

@inline
export function leastSquaresOf(n: i32): usize {
  const n2 = <usize>(n + (n & 1));
  return ((n2 * n2) / 2 + n2 + 3 * n2 + 4) << 3;
}

export const SEASONAL_N: i32 = 8;
