/**
 * The kernels that judge forecasts when their time has come: contract, reference, and the way to the module. They score
 * what was served, move its ranges, make targets of truths, and let changes join the outputs' statistics.
 */
import type { Address, Reals } from './arena.js';
import { RANGE_LENGTH, rangeObserve, rangeWidth } from './interval.js';
import { MAX_DEVIATIONS, scalerObserve } from './scaler-columns.js';
import {
  AT,
  HEALTH_WIDTH,
  healthObserve,
  healthSpread,
  relativeError,
  SCORES_WIDTH,
  scoreError,
  scoreMean,
  scoreNaiveRange,
  scoreRange,
} from './scores.js';

/**
 * Where the numbers of a forecast's outputs lie in the columns, and how many there are; the kernels are told where this
 * list itself lies. B batch rows, K series in each, Q horizons, M = Q K outputs.
 */
export const JUDGED = {
  B: 0,
  K: 1,
  Q: 2,
  /** Outputs that a step is judged odd by, the first ones. */
  first: 3,
  scores: 4,
  health: 5,
  /** Sums of the step under way [5]. */
  healthStep: 6,
  /** Mean absolute errors and counts [M,2]; targets [B,first] and forecasts [B,first]; sum of relative errors, counts of errors and of the first ones. */
  errors: 7,
  targets: 8,
  forecasts: 9,
  sums: 10,
  /** Ranges and those of the naive forecast [B,M], what was served of both [rows,B,M]; 0 without. 1 - probability, and 2 over it. */
  ranges: 11,
  naiveRanges: 12,
  served: 13,
  naiveServed: 14,
  alpha: 15,
  per: 16,
  history: 17,
  historyRows: 18,
  known: 19,
  /** The newest values of the series [B,K], NaN is missing; and those that were read. */
  newest: 20,
  /** Statistics of the outputs; 0 without. What a sample's weight is multiplied by; 1 if they have a mean. */
  scaler: 21,
  decay: 22,
  isCentred: 23,
  /** 1 if changes are forecast. */
  isChange: 24,
  /** For each horizon: steps ahead; how far back the baseline lies, and the season's value, or -1. */
  horizons: 25,
  length: 26,
} as const;

/** Stands for a target that did not come, and the largest that did. */
const NO_TARGET = 3.4028234663852886e38;
const LARGEST_TARGET = 3.4028232635611926e38;
/** What rounding takes off a prediction is nothing up to this part of a deviation. */
const NEGLIGIBLE = 2 ** -16;

/** Where the step that is judged lies in the arena, and in the columns. */
type Step = [exact: Address, sums: Address, prediction: Address, target: Address, deviation: Address];

export interface JudgeKernels {
  /**
   * Judges the forecasts of horizon q by the newest values, and gives 1 if one of them is to be learned from, else 0.
   *
   * @param row where the step's ranges lie among those that were served; -1 if nothing was forecast for now
   */
  judgeForecasts(
    c: Float64Array,
    m: Reals,
    plan: Address,
    q: number,
    row: number,
    learning: number,
    slot: number,
    seen: number,
    ...step: Step
  ): number;

  /** Writes the half-widths of the next ranges of O outputs, and of the naive forecast's: to `last` and to what is served. */
  serveRanges(
    c: Float64Array,
    ranges: Address,
    naive: Address,
    served: Address,
    naiveServed: Address,
    last: Address,
    O: number,
  ): void;
}

/**
 * Gives the prediction that a target is measured from: the one that was served, or, where float32 has not digits enough
 * for it, the exact one.
 */
export const measured = (served: number, exact: number, deviation: number): number =>
  Math.abs(served - exact) <= NEGLIGIBLE * deviation ? served : exact;

export const judgeReference: JudgeKernels = {
  judgeForecasts(c, m, plan, q, row, learning, slot, seen, exact, sums, prediction, target, deviation) {
    const of = (name: keyof typeof JUDGED) => c[plan + JUDGED[name]];
    const [B, K, Q, first, rows] = [of('B'), of('K'), of('Q'), of('first'), of('historyRows')];
    const M = Q * K;
    const horizon = of('horizons') + 3 * q;
    const [ahead, arrived, seasonal] = [c[horizon], c[horizon + 1], c[horizon + 2]];
    const [scaler, ranges] = [of('scaler'), of('ranges')];
    const isChange = of('isChange') !== 0;
    const knows = (back: number, i: number) => back < rows && seen - back > c[of('known') + i];
    const read = (back: number, i: number) =>
      c[of('history') + (slot - back < 0 ? slot - back + rows : slot - back) * B * K + i];

    const score = (r: number, i: number, j: number, value: number, isKnown: boolean) => {
      const o = r * M + j;
      const y = c[exact + o];
      const error = Math.abs(y - value);
      const naive = Math.abs(value - read(ahead, i));
      const scores = of('scores') + j * SCORES_WIDTH;
      scoreError(c, scores, y, value);
      c[of('sums')] += M === 1 ? error : relativeError(c, of('errors') + 2 * j, error);
      c[of('sums') + 1]++;
      if (j < first) {
        c[of('targets') + r * first + j] = value;
        c[of('forecasts') + r * first + j] = y;
        c[of('sums') + 2]++;
      }
      scoreMean(c, scores + AT.naiveScored, naive);
      if (ranges > 0) {
        const [half, plain] = [c[of('served') + row * B * M + o], c[of('naiveServed') + row * B * M + o]];
        scoreRange(c, scores, half, of('per'), error);
        scoreNaiveRange(c, scores, plain, of('per'), naive);
        rangeObserve(c, ranges + o * RANGE_LENGTH, of('alpha'), error, half);
        rangeObserve(c, of('naiveRanges') + o * RANGE_LENGTH, of('alpha'), naive, plain);
      }
      if (seasonal >= 0 && knows(seasonal, i))
        scoreMean(c, scores + AT.seasonalScored, Math.abs(value - read(seasonal, i)));
      const health = of('health') + j * HEALTH_WIDTH;
      if (!isChange) {
        const spread = healthSpread(c, health, value);
        healthObserve(c, health, of('healthStep'), error, naive, error, spread);
        return;
      }
      const spread = scaler > 0 ? m[deviation + j] : 1;
      const network = isKnown ? spread * m[sums + o] : 0;
      const actual = value - read(arrived === seasonal && isKnown ? arrived : ahead, i);
      const base = Math.abs(actual);
      healthObserve(c, health, of('healthStep'), error, base, Math.abs(actual - network), base);
    };

    /** Makes a truth a target, in the units of the sums, and tells whether it can count. */
    const meet = (o: number, j: number, d: number) => {
      const spread = scaler > 0 ? m[deviation + j] : 1;
      if (spread === 0) return false;
      const offset = isChange
        ? d / spread
        : m[sums + o] - (measured(m[prediction + o], c[exact + o], spread) - d) / spread;
      const limit = scaler > 0 ? MAX_DEVIATIONS : LARGEST_TARGET;
      m[target + o] = Math.min(limit, Math.max(-limit, offset));
      return true;
    };

    let counts = 0;
    for (let r = 0; r < B; r++)
      for (let k = 0; k < K; k++) {
        const [i, j] = [r * K + k, q * K + k];
        const o = r * M + j;
        const [truth, value] = [c[of('newest') + i], c[of('newest') + B * K + i]];
        const wasForecast = row >= 0 && knows(ahead, i);
        const isKnown = !isChange || knows(arrived, i);
        if (wasForecast && !Number.isNaN(value)) score(r, i, j, value, isKnown);
        let joins = truth;
        if (isChange) joins = row >= 0 && isKnown ? truth - read(arrived, i) : Number.NaN;
        if (wasForecast && isKnown && !Number.isNaN(truth)) {
          if (meet(o, j, joins) && learning !== 0) counts = 1;
          else m[target + o] = NO_TARGET;
        }
        if (scaler > 0) scalerObserve(c, scaler, M, j, joins, of('decay'), of('isCentred') !== 0);
      }
    return counts;
  },

  serveRanges(c, ranges, naive, served, naiveServed, last, O) {
    for (let o = 0; o < O; o++) {
      const width = rangeWidth(c, ranges + o * RANGE_LENGTH);
      c[last + o] = width;
      c[served + o] = width;
      c[naiveServed + o] = rangeWidth(c, naive + o * RANGE_LENGTH);
    }
  },
};

/** Kernels as the module exports them: without arrays, and with addresses in bytes. */
export interface JudgeExports {
  judgeForecasts(
    ...call: [plan: number, q: number, row: number, learning: number, slot: number, seen: number, ...Step]
  ): number;
  serveRanges(
    ...call: [ranges: number, naive: number, served: number, naiveServed: number, last: number, O: number]
  ): void;
}

export const judgeOnWasm = (wasm: JudgeExports): JudgeKernels => ({
  judgeForecasts: (_c, _m, plan, q, row, learning, slot, seen, exact, sums, prediction, target, deviation) =>
    wasm.judgeForecasts(
      8 * plan,
      q,
      row,
      learning,
      slot,
      seen,
      8 * exact,
      4 * sums,
      4 * prediction,
      4 * target,
      4 * deviation,
    ),
  serveRanges: (_c, ranges, naive, served, naiveServed, last, O) =>
    wasm.serveRanges(8 * ranges, 8 * naive, 8 * served, 8 * naiveServed, 8 * last, O),
});
