/** Sums over the errors of one output: what ../rnn/scoring/ tells is made of. */
import type { Address } from './arena.js';

/** The sums that are kept for each output. */
export const SCORES = [
  'scored',
  'absolute',
  'squared',
  'percent',
  'percentScored',
  'recentAbsolute',
  'recentSquared',
  'targetMean',
  'targetM2',
  'naiveScored',
  'naive',
  'recentNaive',
  'seasonalScored',
  'seasonal',
  'recentSeasonal',
  'ranged',
  'inside',
  'recentInside',
  'width',
  'recentWidth',
  'intervalScore',
  'naiveRanged',
  'naiveIntervalScore',
] as const;
export const AT = Object.fromEntries(SCORES.map((name, i) => [name, i])) as Record<
  (typeof SCORES)[number],
  number
>;
export const SCORES_WIDTH = SCORES.length;

/** Length of the exponential window, in targets. */
export const RECENT = 500;

/** Nothing is measured in parts of less, the least normal float32: so no quotient can overflow. */
export const LEAST = 2 ** -126;

export function scoreError(c: Float64Array, at: Address, prediction: number, target: number): void {
  const error = prediction - target;
  const absolute = Math.abs(error);
  const n = ++c[at + AT.scored];
  c[at + AT.absolute] += absolute;
  c[at + AT.squared] += error * error;
  if (Math.abs(target) >= LEAST) {
    c[at + AT.percent] += Math.abs(error / target);
    c[at + AT.percentScored]++;
  }
  const share = 1 / Math.min(n, RECENT);
  c[at + AT.recentAbsolute] += (absolute - c[at + AT.recentAbsolute]) * share;
  c[at + AT.recentSquared] += (error * error - c[at + AT.recentSquared]) * share;
  const delta = target - c[at + AT.targetMean];
  c[at + AT.targetMean] += delta / n;
  c[at + AT.targetM2] += delta * (target - c[at + AT.targetMean]);
}

/** Adds to a count, a sum and a recent mean that lie one after the other. */
export function scoreMean(c: Float64Array, at: Address, value: number): void {
  const n = ++c[at];
  c[at + 1] += value;
  c[at + 2] += (value - c[at + 2]) * (1 / Math.min(n, RECENT));
}

/** Scores a range of half-width `half` by the absolute error of its middle. @param per 2 / (1 - probability) */
export function scoreRange(c: Float64Array, at: Address, half: number, per: number, error: number): void {
  if (!(half > 0)) return;
  const n = ++c[at + AT.ranged];
  const share = 1 / Math.min(n, RECENT);
  const inside = error <= half ? 1 : 0;
  c[at + AT.inside] += inside;
  c[at + AT.recentInside] += (inside - c[at + AT.recentInside]) * share;
  c[at + AT.width] += 2 * half;
  c[at + AT.recentWidth] += (2 * half - c[at + AT.recentWidth]) * share;
  c[at + AT.intervalScore] += 2 * half + per * Math.max(0, error - half);
}

/** The same for a range of the naive forecast. */
export function scoreNaiveRange(
  c: Float64Array,
  at: Address,
  half: number,
  per: number,
  error: number,
): void {
  if (!(half > 0)) return;
  c[at + AT.naiveRanged]++;
  c[at + AT.naiveIntervalScore] += 2 * half + per * Math.max(0, error - half);
}

/** Units of one error that count at most, and targets that a unit is the mean of. */
export const MOST_UNITS = 50;
const MEMORY = 2000;
/** A unit that is this many times an error is one of a wild value, and falls by SHRINK. */
const FAR = 1000;
const SHRINK = 0.9;

/** Scales of the baseline's errors and of the yardstick, mean of the targets, and their count. */
export const HEALTH_WIDTH = 4;

/** Adds errors of one output to the sums [5] of a step, in units of the baseline's; see ../rnn/scoring/health.ts. */
export function healthObserve(
  c: Float64Array,
  at: Address,
  step: Address,
  served: number,
  naive: number,
  network: number,
  yardstick: number,
): void {
  const n = Math.min(++c[at + 3], MEMORY);
  const unit = unitAfter(c[at], naive, n);
  const stick = yardstick === naive ? unit : unitAfter(c[at + 1], yardstick, n);
  c[at] = unit;
  c[at + 1] = stick;
  c[step] += inUnits(served, unit);
  c[step + 1] += inUnits(naive, unit);
  c[step + 2] += inUnits(network, stick);
  c[step + 3] += inUnits(yardstick, stick);
  c[step + 4]++;
}

/** Gives how far a target is from the mean of those before it, which it then joins. */
export function healthSpread(c: Float64Array, at: Address, target: number): number {
  const n = Math.min(c[at + 3] + 1, MEMORY);
  const distance = n === 1 ? 0 : target - c[at + 2];
  const limit = c[at + 1] > 0 ? MOST_UNITS * c[at + 1] : Math.abs(distance);
  c[at + 2] = n === 1 ? target : c[at + 2] + Math.max(-limit, Math.min(limit, distance)) / n;
  return Math.abs(distance);
}

function inUnits(error: number, unit: number): number {
  if (unit > 0) return Math.min(error / unit, MOST_UNITS);
  return error > 0 ? 1 : 0;
}

/** Gives the unit after an error: a mean over n targets. */
function unitAfter(unit: number, error: number, n: number): number {
  if (unit === 0) return error;
  if (error > 0 && error < unit / FAR) return unit * SHRINK;
  return unit + (Math.min(error, MOST_UNITS * unit) - unit) / n;
}

/** Gives an error in units of a mean of those before, which it joins: [ mean | count ]. */
export function relativeError(c: Float64Array, at: Address, error: number): number {
  const mean = c[at];
  const n = ++c[at + 1];
  c[at] = mean + (error - mean) / n;
  return mean > 0 ? error / mean : 1;
}
