/** The fields of a model spec, each with its range, and its default where that depends on no other field. */
import { z } from 'zod';
import { TIME_KINDS } from '../../features/time-features.js';
import { CELL_NAMES } from '../cell/cells.js';
import { learnerSettings } from '../learning/learners.js';
import { optimizerSettings } from '../learning/optimizers/optimizers.js';

/** Steps of a season, at most: the hours of a year. */
const MAX_SEASON = 8784;

const count = (max: number) => z.int().min(1).max(max);

const readout = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({
    kind: z.literal('linear'),
    /**
     * How it learns: `gradient`, with the cell, by the optimizer; `rls`, for forecasts by the mixture, beside that by
     * recursive least squares on [h, inputs, 1], as a forecaster of its own.
     */
    rule: z.enum(['rls', 'gradient']).optional(),
  }),
  z.strictObject({
    kind: z.literal('softmax'),
    /** false: the softmax of h itself, without weights, so that M = N. */
    dense: z.boolean().default(true),
  }),
]);

/** How far ahead a forecast may look, and how far back an input. */
const MAX_HORIZON = 1024;
export const MAX_LAG = 1024;
/** Different numbers in ascending order. */
const ascending = (max: number) =>
  z
    .array(count(max))
    .max(16)
    .transform((numbers) => [...new Set(numbers)].sort((a, b) => a - b));

const task = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('forecast'),
    /** Steps ahead, one or several at once: the prediction made at t is for x at t + horizon. */
    horizon: z
      .union([
        count(MAX_HORIZON).transform((horizon) => [horizon]),
        ascending(MAX_HORIZON).pipe(z.array(z.number()).min(1)),
      ])
      .default([1]),
    /** The features to forecast, by index; all of them if left out. */
    targets: z.array(z.int().min(0)).min(1).max(4096).optional(),
    /**
     * What the forecast is made as a change against: nothing, the last value, or the value of one season before the
     * time that is forecast. `season` if a season is given, or else `last`; `none` without a scaler.
     */
    baseline: z.enum(['none', 'last', 'season']).optional(),
    /**
     * Who forecasts: a `mixture` of the network and of plain forecasters by their past errors, or the `network` alone.
     * The mixture, unless there is no scaler or no baseline.
     */
    forecaster: z.enum(['mixture', 'network']).optional(),
    /** Of version 0.1: false is the network alone. */
    gate: z.boolean().optional(),
  }),
  z.strictObject({
    kind: z.literal('supervised'),
    /** M, the numbers in a target. */
    outputs: count(4096),
    /** How many steps after its own a target may still come. */
    delay: z.int().min(0).max(1024).default(32),
  }),
]);

const inputs = z.strictObject({
  /** The cell also gets x_t - x_{t-lag} for each of these lags, of the features that are forecast. */
  changes: ascending(MAX_LAG).optional(),
  /** The cell also gets x_{t-lag} for each of these lags, of the features that are forecast. */
  lags: ascending(MAX_LAG).default([]),
  /** Is a missing number (null) refused, or taken as its last value, which joins no statistics? */
  missing: z.enum(['refuse', 'hold']).default('refuse'),
  /** Is a value far outside all that came before taken as missing, until many in a row say that the level is another one? */
  wild: z.enum(['hold', 'take']).default('hold'),
  /**
   * Are features that are not forecast let into the cell whole, or, where there are more than four of them, as far as they
   * tell something of the errors of a linear forecast?
   */
  others: z.enum(['relevant', 'all']).default('relevant'),
  /** The cell also gets these features of a step's time, in this order, in UTC; each step then needs its time. */
  time: z
    .array(z.enum(TIME_KINDS))
    .refine((kinds) => new Set(kinds).size === kinds.length, 'each kind may be named once')
    .default([]),
  /** Is a step whose time lies before that of the last one refused, or taken as it comes? */
  late: z.enum(['refuse', 'take']).default('refuse'),
});

const scaler = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  /** Online standardisation: mean 0, deviation 1, by the statistics of the past. */
  z.strictObject({
    kind: z.literal('standard'),
    /** Samples after which one counts half; null never forgets. */
    halfLife: z.number().min(10).max(1e9).nullable().default(2000),
  }),
]);

export const fields = z.strictObject({
  /** F, the numbers in one timestep. */
  features: count(4096),
  /** N, the hidden units. */
  units: count(1024),
  /** B, parallel rows of the sequence. */
  batch: count(1024).default(1),
  /** `simple-rnn`, or `gru`: PyTorch's, with the reset after the product. */
  cell: z.enum(CELL_NAMES).default('simple-rnn'),
  readout: readout.default({ kind: 'linear' }),
  task: task.optional(),
  /** P, the steps of one season, where the series has one. */
  season: z.int().min(2).max(MAX_SEASON).optional(),
  inputs: inputs.prefault({}),
  learner: learnerSettings.prefault({ kind: 'tbptt' }),
  optimizer: optimizerSettings.prefault({ kind: 'adam' }),
  scaler: scaler.prefault({ kind: 'standard' }),
  /** The probability with which the range of a prediction is to hold what comes. */
  interval: z.number().min(0.5).max(0.999).default(0.9),
  /** Is a model that has diverged told of only, or are its weights drawn again by itself? */
  onDiverged: z.enum(['tell', 'restart']).default('tell'),
  seed: z.int().min(0).max(0xffff_ffff).default(1),
});
