/**
 * Where the numbers of a forecaster lie in its columns, and how many there are: a list that it keeps in them itself, so
 * that a kernel is told of one address only. B batch rows, K series that are forecast in each, Q horizons, O = B Q K.
 */
export const PLAN = {
  B: 0,
  K: 1,
  Q: 2,
  /** Regressors of a linear forecast, and of the network: [h_t, inputs, 1]. */
  n: 3,
  nNetwork: 4,
  units: 5,
  /** Numbers in a row of the window: inputs and units. */
  stride: 6,
  /** The places [count] of the inputs that are regressors of the network; 0 where those are all. */
  direct: 7,
  directCount: 8,
  /** Of each output, and how many numbers each has; least squares of the network of each horizon, or of none: 0. */
  mixtures: 9,
  linear: 10,
  seasonal: 11,
  squares: 12,
  squaresLength: 13,
  /** The largest change of late of each output [O]. */
  largest: 14,
  /** What was forecast at the last steps [rows,O,PENDING]. */
  pending: 15,
  /** Room for the regressors of each kind, and for the changes [K] that have come. */
  phi: 16,
  psi: 17,
  eta: 18,
  changes: 19,
  /** History: values [rows,B,K], and how many rows there were before each was known [B,K]. */
  history: 20,
  historyRows: 21,
  known: 22,
  /** Statistics [4,B,K] of the series, and their deviations [B,K]; deviations of their changes from step to step. */
  levels: 23,
  levelDeviations: 24,
  units2: 25,
  /** Deviations of the outputs [Q,K]. */
  deviations: 26,
  /** The newest values of the series [B,K]; NaN is missing. */
  truths: 27,
  /** Linear forecasts of an output learn at every so many steps. */
  turns: 28,
  /** For each horizon: steps ahead, and how far back its baseline lies when the forecast is made. */
  horizons: 29,
  /** Statistics of the changes of the series, and what a sample's weight is multiplied by. */
  unitSums: 30,
  decay: 31,
  /** Their recent values, the periods [B,K,2] of their seasons, 0 for none, and their smoothing. */
  ring: 32,
  periods: 33,
  smoothing: 34,
  /** Room for the changes [Q,K] that the network's least squares say. */
  said: 35,
  length: 36,
} as const;

/** Forecasters of an output: those of ../rnn/forecast/experts.ts, and one who always sleeps. */
export const EXPERTS_LENGTH = 12;
export const [LAST, SEASON, SMOOTHED, LINEAR, SEASONAL_LINEAR, NETWORK, NETWORK_SQUARES, NOBODY] = [
  0, 1, 5, 7, 8, 9, 10, 11,
] as const;

/**
 * The numbers of an output at a step: the forecasts, the one that was served, 1 if there is a season, and what lies in
 * the seasons [6] less the last value.
 */
export const [SERVED, IS_SEASONAL, SEASONS] = [12, 13, 14] as const;
export const PENDING = 20;

/** Regressors of the linear forecast with seasons: itself, what lies in the seasons, 1. */
export const SEASONAL_N = 8;
