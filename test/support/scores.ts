/** Scores what stands beside a forecast, as the kernel that judges forecasts does. */
import { AT, SCORES_WIDTH, scoreMean, scoreNaiveRange } from '../../src/kernels/scores.js';
import type { Prequential } from '../../src/rnn/scoring/prequential.js';

/** The error that the naive forecast of output j would have had. */
export const scoreNaive = ({ columns }: Prequential, j: number, error: number): void =>
  scoreMean(columns.array, j * SCORES_WIDTH + AT.naiveScored, Math.abs(error));

/** That of the seasonal one. */
export const scoreSeasonal = ({ columns }: Prequential, j: number, error: number): void =>
  scoreMean(columns.array, j * SCORES_WIDTH + AT.seasonalScored, Math.abs(error));

/** A range of half-width `half` of the naive forecast, whose error is `error`. */
export const scoreNaiveInterval = (
  { columns }: Prequential,
  j: number,
  half: number,
  probability: number,
  error: number,
): void => scoreNaiveRange(columns.array, j * SCORES_WIDTH, half, 2 / (1 - probability), error);
