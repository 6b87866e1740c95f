/**
 * Prequential metrics: each prediction is scored with the target that came for it, before anything is learned from
 * that target (Gama et al. 2013). Errors are in the user's units, and every output has its own; the naive forecasts are
 * scored for the same targets.
 */
import type { OutputName } from '../io/output-names.js';

/** Scores of one output, or of all. A score that is not known yet, or does not apply, is null. */
export interface Scores {
  /** Targets scored. */
  readonly scored: number;
  /** Mean absolute and root mean squared error of all of them. */
  readonly mae: number | null;
  readonly rmse: number | null;
  /** rmse in standard deviations of the targets. */
  readonly nrmse: number | null;
  /** Mean absolute error in percent of the target, over targets that are not 0. */
  readonly mape: number | null;
  /** Mean absolute and root mean squared error of the last ones: an exponential window of RECENT targets. */
  readonly recentMae: number | null;
  readonly recentRmse: number | null;
  /** Mean absolute error of the persistence and of the seasonal-naive baseline; null without one. */
  readonly naiveMae: number | null;
  readonly recentNaiveMae: number | null;
  readonly seasonalMae: number | null;
  readonly recentSeasonalMae: number | null;
  /** 1 - mae / naiveMae: 0 is as good as the naive forecast, 1 is perfect. The same against the seasonal one. */
  readonly skill: number | null;
  readonly recentSkill: number | null;
  readonly seasonalSkill: number | null;
  readonly recentSeasonalSkill: number | null;
  /** Share of the targets that lay in the range that was served for them; null while there was none. */
  readonly coverage: number | null;
  readonly recentCoverage: number | null;
  /** Mean width of those ranges, in the target's units. */
  readonly intervalWidth: number | null;
  readonly recentIntervalWidth: number | null;
  /**
   * Mean interval score: the width, and 2 / alpha for each unit that a target lay outside, alpha = 1 - probability
   * (Gneiting and Raftery 2007, section 6.2). And 1 - it over that of the naive forecast's ranges.
   */
  readonly intervalScore: number | null;
  readonly intervalSkill: number | null;
}

export interface Metrics extends Scores {
  /** Of softmax: mean cross-entropy in nats, and the share of rows whose likeliest class was the target's. */
  readonly crossEntropy: number | null;
  readonly recentCrossEntropy: number | null;
  readonly accuracy: number | null;
  readonly recentAccuracy: number | null;
  /** The same scores for each output, where there is more than one. */
  readonly outputs: readonly (OutputName & Scores)[];
}

/** Half-widths of the ranges that were served for output o at a step, and of the naive forecast's; 0 for none. */
export interface Ranges {
  readonly probability: number;
  at(step: number, o: number): number;
  naiveAt(step: number, o: number): number;
}

export interface MetricsState {
  readonly columns: Float64Array;
  readonly classes: Float64Array;
}

/** Length of the exponential window, in targets. */
export const RECENT = 500;

/** Nothing is measured in parts of less, the least normal float32: so no quotient can overflow. */
const LEAST = 2 ** -126;

/** The sums that are kept for each output. */
const COLUMNS = [
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
const AT = Object.fromEntries(COLUMNS.map((name, i) => [name, i])) as Record<
  (typeof COLUMNS)[number],
  number
>;
const WIDTH = COLUMNS.length;

export class Prequential {
  private readonly columns: Float64Array;
  /** Of softmax: rows scored, cross-entropy, hits, and the recent mean of both. */
  private readonly classes = new Float64Array(5);

  constructor(private readonly names: readonly OutputName[]) {
    this.columns = new Float64Array(names.length * WIDTH);
  }

  score(j: number, prediction: number, target: number): void {
    const c = this.columns;
    const at = j * WIDTH;
    const error = prediction - target;
    const absolute = Math.abs(error);
    const n = ++c[at + AT.scored]!;
    c[at + AT.absolute]! += absolute;
    c[at + AT.squared]! += error * error;
    if (Math.abs(target) >= LEAST) {
      c[at + AT.percent]! += Math.abs(error / target);
      c[at + AT.percentScored]!++;
    }
    const window = Math.min(n, RECENT);
    c[at + AT.recentAbsolute]! += (absolute - c[at + AT.recentAbsolute]!) / window;
    c[at + AT.recentSquared]! += (error * error - c[at + AT.recentSquared]!) / window;
    const delta = target - c[at + AT.targetMean]!;
    c[at + AT.targetMean]! += delta / n;
    c[at + AT.targetM2]! += delta * (target - c[at + AT.targetMean]!);
  }

  /** Scores what the naive forecast would have said for output j. */
  scoreNaive(j: number, error: number): void {
    this.addMean(j * WIDTH + AT.naiveScored, Math.abs(error));
  }

  /** Scores what the seasonal one would have said. */
  scoreSeasonal(j: number, error: number): void {
    this.addMean(j * WIDTH + AT.seasonalScored, Math.abs(error));
  }

  /**
   * Scores the ranges that were served at `step` for output o, the j-th of its row, by the absolute errors of their
   * middles; `naive` is null without a naive forecast.
   */
  scoreInterval(
    j: number,
    error: number,
    naive: number | null,
    ranges: Ranges,
    step: number,
    o: number,
  ): void {
    const c = this.columns;
    const at = j * WIDTH;
    const half = ranges.at(step, o);
    const per = 2 / (1 - ranges.probability);
    if (half > 0) {
      const n = ++c[at + AT.ranged]!;
      const window = Math.min(n, RECENT);
      const inside = error <= half ? 1 : 0;
      c[at + AT.inside]! += inside;
      c[at + AT.recentInside]! += (inside - c[at + AT.recentInside]!) / window;
      c[at + AT.width]! += 2 * half;
      c[at + AT.recentWidth]! += (2 * half - c[at + AT.recentWidth]!) / window;
      c[at + AT.intervalScore]! += 2 * half + per * Math.max(0, error - half);
    }
    const plain = naive === null ? 0 : ranges.naiveAt(step, o);
    if (naive === null || !(plain > 0)) return;
    c[at + AT.naiveRanged]!++;
    c[at + AT.naiveIntervalScore]! += 2 * plain + per * Math.max(0, naive - plain);
  }

  scoreClasses(crossEntropy: number, isHit: boolean): void {
    const c = this.classes;
    const hit = isHit ? 1 : 0;
    const window = Math.min(++c[0]!, RECENT);
    c[1]! += crossEntropy;
    c[2]! += hit;
    c[3]! += (crossEntropy - c[3]!) / window;
    c[4]! += (hit - c[4]!) / window;
  }

  clear(): void {
    this.columns.fill(0);
    this.classes.fill(0);
  }

  read(): Metrics {
    const scores = this.names.map((_, j) => this.scoresOf(j));
    const [rows, crossEntropy, hits, recentCrossEntropy, recentHits] = this.classes as unknown as number[];
    const ofClasses = (value: number) => (rows! > 0 ? value : null);
    return {
      ...meanOf(scores, Object.keys(this.scoresOf(0)) as (keyof Scores)[]),
      crossEntropy: ofClasses(crossEntropy! / rows!),
      recentCrossEntropy: ofClasses(recentCrossEntropy!),
      accuracy: ofClasses(hits! / rows!),
      recentAccuracy: ofClasses(recentHits!),
      outputs: scores.length > 1 ? this.names.map((name, j) => ({ ...name, ...scores[j]! })) : [],
    };
  }

  state(): MetricsState {
    return { columns: this.columns.slice(), classes: this.classes.slice() };
  }

  restore({ columns, classes }: MetricsState): void {
    this.columns.set(columns);
    this.classes.set(classes);
  }

  /** Adds to a count, a sum and a recent mean that lie one after the other. */
  private addMean(at: number, value: number): void {
    const c = this.columns;
    const n = ++c[at]!;
    c[at + 1]! += value;
    c[at + 2]! += (value - c[at + 2]!) / Math.min(n, RECENT);
  }

  private scoresOf(j: number): Scores {
    const of = (name: keyof typeof AT) => this.columns[j * WIDTH + AT[name]]!;
    const scored = of('scored');
    const known = (count: number, value: number) => (count > 0 ? value : null);
    const mae = known(scored, of('absolute') / scored);
    const rmse = known(scored, Math.sqrt(of('squared') / scored));
    const recentMae = known(scored, of('recentAbsolute'));
    const deviation = Math.sqrt(of('targetM2') / scored);
    const naiveMae = known(of('naiveScored'), of('naive') / of('naiveScored'));
    const recentNaiveMae = known(of('naiveScored'), of('recentNaive'));
    const seasonalMae = known(of('seasonalScored'), of('seasonal') / of('seasonalScored'));
    const recentSeasonalMae = known(of('seasonalScored'), of('recentSeasonal'));
    const ranged = of('ranged');
    const intervalScore = known(ranged, of('intervalScore') / ranged);
    return {
      scored,
      mae,
      rmse,
      nrmse: rmse !== null && deviation > 0 ? rmse / deviation : null,
      mape: known(of('percentScored'), (100 * of('percent')) / of('percentScored')),
      recentMae,
      recentRmse: known(scored, Math.sqrt(of('recentSquared'))),
      naiveMae,
      recentNaiveMae,
      seasonalMae,
      recentSeasonalMae,
      skill: skillOf(mae, naiveMae),
      recentSkill: skillOf(recentMae, recentNaiveMae),
      seasonalSkill: skillOf(mae, seasonalMae),
      recentSeasonalSkill: skillOf(recentMae, recentSeasonalMae),
      coverage: known(ranged, of('inside') / ranged),
      recentCoverage: known(ranged, of('recentInside')),
      intervalWidth: known(ranged, of('width') / ranged),
      recentIntervalWidth: known(ranged, of('recentWidth')),
      intervalScore,
      intervalSkill: skillOf(
        intervalScore,
        known(of('naiveRanged'), of('naiveIntervalScore') / of('naiveRanged')),
      ),
    };
  }
}

/** Gives how much better an error is than another: 1 - error / reference. */
export const skillOf = (error: number | null, reference: number | null): number | null =>
  error === null || reference === null || reference < LEAST ? null : 1 - error / reference;

/** Gives the means over the outputs that can tell; the root of the mean square, for rmse. */
function meanOf(outputs: readonly Scores[], names: readonly (keyof Scores)[]): Scores {
  const mean = (name: keyof Scores) => {
    const isRoot = name === 'rmse' || name === 'recentRmse';
    const known = outputs.map((scores) => scores[name]).filter((value) => value !== null);
    const sum = known.reduce((total, value) => total + (isRoot ? value * value : value), 0);
    if (known.length === 0) return null;
    return isRoot ? Math.sqrt(sum / known.length) : sum / known.length;
  };
  const means = Object.fromEntries(names.map((name) => [name, mean(name)])) as unknown as Scores;
  return { ...means, scored: outputs.reduce((most, { scored }) => Math.max(most, scored), 0) };
}
