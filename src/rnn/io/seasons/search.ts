/**
 * The search of a series' seasons: peaks of its autocorrelation, and of that of its changes, that stand out of the lags
 * around them. Values show a smooth season in noise, changes a sharp one in what drifts.
 */
import { ln } from '../../../math/logarithm.js';
import { type Autocorrelation, autocorrelations } from './autocorrelation.js';
import { contrastAt } from './contrast.js';
import { changesOf, detrended } from './detrend.js';
import { isPeak, periodOf } from './peaks.js';

export interface Season {
  /** Steps of one period, from 2 on. */
  readonly period: number;
  /** What share of the variance repeats, in (0, 1], without trend and slower memory. */
  readonly strength: number;
}

/** The fewest values that are searched, and the most seasons that are given. */
export const MIN_VALUES = 16;
export const MAX_SEASONS = 3;

/** A weaker season is of no use to a forecast. */
const WEAKEST = 0.1;
/** Below this many periods seen, a season has to be at least as strong as this. */
const FEW_PERIODS = 3;
const STRONG = 0.8;
/** How many times as many lags are held to be tested: the more, the rarer is a season by chance. */
const CAUTION = 6;
/** Of a longer season: what share of a shorter one's rest it leaves, and what it explains more, in variance and in errors. */
const LEAVES = 0.85;
const GAIN = 0.02;
const ERRORS = 4;
/** A season is told beside a stronger one from this share of its strength on; below, it is a part of that one's form. */
const BESIDE = 0.65;

interface Peak extends Season {
  readonly a: Autocorrelation;
  /** Is it no chance, whatever the others are? */
  readonly isSignificant: boolean;
}

/** Gives the seasons of the values x [n], oldest first: strongest first; none of too few values. */
export function findSeasons(x: Float64Array): Season[] {
  const n = x.length;
  if (n < MIN_VALUES) return [];
  const u = detrended(x);
  if (u === null) return [];
  const peaks: Peak[] = [];
  for (const a of autocorrelations(u, changesOf(u), Math.floor((3 * n) / 4))) addPeaks(a, n, peaks);
  peaks.sort((one, other) => one.period - other.period || other.strength - one.strength);
  const found: Peak[] = [];
  for (const peak of peaks) {
    const same = found.findIndex(({ period }) => isNear(peak.period, period));
    if (same < 0) {
      if (isNew(peak, found, n)) found.push(peak);
    } else if (peak.isSignificant && peak.strength > found[same]!.strength) found[same] = peak;
  }
  found.sort((one, other) => other.strength - one.strength || one.period - other.period);
  const least = BESIDE * (found[0]?.strength ?? 0);
  return found
    .filter(({ strength }) => strength >= least)
    .slice(0, MAX_SEASONS)
    .map(({ period, strength }) => ({ period, strength }));
}

/** Adds the peaks of an autocorrelation of n values: periods of which at least two were seen. */
function addPeaks(a: Autocorrelation, n: number, peaks: Peak[]): void {
  for (let lag = 2; 2 * lag <= n; lag++) {
    if (!isPeak(a.r, lag)) continue;
    const period = Math.min(periodOf(a.r, lag, n), Math.floor(n / 2));
    const { strength, error } = contrastAt(a, period, n);
    if (strength < (n < FEW_PERIODS * period ? STRONG : WEAKEST)) continue;
    const isSignificant = strength * strength >= chance(error, n) * error * error;
    peaks.push({ period, strength, a, isSignificant });
  }
}

/**
 * Gives the square of the errors that the largest of the tested lags hardly exceeds by chance: 2 ln of how many of them
 * are independent, which is fewer the more each one's error is that of few values.
 */
const chance = (error: number, n: number): number =>
  2 * ln(1 + (CAUTION / 2) * Math.min(n, 1 / (error * error)));

/** Is a period, which is no shorter, the same as one that was found? */
const isNear = (period: number, found: number): boolean => period - found <= Math.max(1, found / 6);

/**
 * Is a peak a season beside the shorter ones that were found? It has to
 * explain clearly more than the shorter one's own multiples on both sides of it; it is then no chance either, though the
 * shorter season is all that its autocorrelation shows at first sight.
 */
function isNew(peak: Peak, found: readonly Peak[], n: number): boolean {
  let isNoChance = peak.isSignificant;
  for (const { period, strength } of found) {
    if (peak.period < 1.5 * period) continue; // no multiple of it
    if (peak.strength <= strength || !isClearlyMore(peak, period, n)) return false;
    const off = Math.abs(peak.period - period * Math.round(peak.period / period));
    if (off <= Math.max(1, period / 8)) isNoChance = true;
  }
  return isNoChance;
}

function isClearlyMore({ a: { r }, period }: Peak, shorter: number, n: number): boolean {
  const beside = (r[period - shorter]! + r[period + shorter]!) / 2;
  const gain = r[period]! - beside;
  const error = (1 - beside * beside) * Math.sqrt(1.5 / (n - period));
  return gain >= Math.max(GAIN, (1 - LEAVES) * (1 - beside), ERRORS * error);
}
