/**
 * The range of each number's past, and whether a value lies outside it (NAB's rule for spatial anomalies).
 *
 * The range shrinks to the running mean with a half-life of HALF steps, so that no early spike blinds it for good; where a
 * value shows that it had shrunk too far, the half-life of that number doubles. A value that widens the range widens it by
 * OVERSHOOT more, so that spikes that grow slowly are told rarely. Of a value farther out than FAR ranges only so much joins,
 * and goes again within QUICK steps unless a second one comes as far.
 */
import { ln } from '../math/logarithm.js';
import { LONG, WARM } from './anomaly-windows.js';
import type { Address } from './arena.js';

/** How far outside a value must be, in parts of the range; more while that is known from few steps. */
const TOLERANCE = 0.05;
const OVERSHOOT = 0.25;
const FAR = 2;
const HALF = 20_000;
const QUICK = 2000;

/** Numbers of each: the range; what it was before it shrank; its inner part, without what one wild value added; mean; shrinking. */
const [LOW, HIGH, BOTTOM, TOP, CORE_LOW, CORE_HIGH, MEAN, SHRINK] = [0, 1, 2, 3, 4, 5, 6, 7];
export const RANGE_WIDTH = 8;

/** What a value may lie outside by, in parts of the range. The more numbers a step has, the further out the farthest lies by chance. */
export const rangeTolerance = (size: number): number => TOLERANCE * (1 + ln(size));

/** The mean of a number, to which wild values add little. */
export const rangeMean = (c: Float64Array, o: Address): number => c[o + MEAN];

/** Tells if a value, the `seen`-th of a number, lies outside the range before it, and lets it join. */
export function rangeWiden(
  c: Float64Array,
  o: Address,
  value: number,
  seen: number,
  tolerance: number,
): boolean {
  if (seen === 1) {
    c.fill(value, o, o + SHRINK);
    c[o + SHRINK] = Math.LN2 / HALF;
    return false;
  }
  const [low, high] = [c[o + LOW], c[o + HIGH]];
  const range = high - low;
  const beyond = value > high ? value - high : value < low ? low - value : 0;
  const isKnown = seen > WARM;
  const isOutside = beyond > 0 && isKnown && beyond > range * tolerance * (1 + WARM / seen);
  let joins = value;
  let isCut = false;
  if (beyond > 0) {
    isCut = isKnown && range > 0 && beyond > FAR * range;
    const by = isCut ? FAR * range : beyond;
    const more = isKnown ? by * (1 + OVERSHOOT) : by;
    if (isOutside && range > 0 && value >= c[o + BOTTOM] && value <= c[o + TOP]) c[o + SHRINK] /= 2;
    joins = value > high ? high + by : low - by;
    if (value > high) c[o + HIGH] = high + more;
    else c[o + LOW] = low - more;
    c[o + TOP] = Math.max(c[o + TOP], joins);
    c[o + BOTTOM] = Math.min(c[o + BOTTOM], joins);
  }
  widenCore(c, o, value, low, high, isCut);
  shrink(c, o, joins, seen);
  return isOutside;
}

/** A second value in the farther half of what a wild one added shows that it was no glitch. */
function widenCore(
  c: Float64Array,
  o: Address,
  value: number,
  low: number,
  high: number,
  isCut: boolean,
): void {
  const [coreLow, coreHigh] = [c[o + CORE_LOW], c[o + CORE_HIGH]];
  if (value > coreHigh) {
    const isSecond = value > (coreHigh + c[o + HIGH]) / 2;
    c[o + CORE_HIGH] = isCut && coreHigh >= high ? high : isSecond ? c[o + HIGH] : value;
  } else if (value < coreLow) {
    const isSecond = value < (coreLow + c[o + LOW]) / 2;
    c[o + CORE_LOW] = isCut && coreLow <= low ? low : isSecond ? c[o + LOW] : value;
  }
  const quick = Math.LN2 / QUICK;
  if (c[o + HIGH] > c[o + CORE_HIGH]) c[o + HIGH] += quick * (c[o + CORE_HIGH] - c[o + HIGH]);
  if (c[o + LOW] < c[o + CORE_LOW]) c[o + LOW] += quick * (c[o + CORE_LOW] - c[o + LOW]);
}

function shrink(c: Float64Array, o: Address, joins: number, seen: number): void {
  const mean = c[o + MEAN] + (joins - c[o + MEAN]) / Math.min(seen, LONG);
  const by = c[o + SHRINK];
  c[o + MEAN] = mean;
  for (const bound of [LOW, HIGH, CORE_LOW, CORE_HIGH]) c[o + bound] += by * (mean - c[o + bound]);
  c[o + CORE_LOW] = Math.max(c[o + LOW], c[o + CORE_LOW]);
  c[o + CORE_HIGH] = Math.min(c[o + HIGH], c[o + CORE_HIGH]);
}
