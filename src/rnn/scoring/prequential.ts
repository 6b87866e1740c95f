/**
 * Prequential metrics: each prediction is scored with the target that came for it, before anything is learned from
 * that target (Gama et al. 2013). Errors are in the user's units, and every output has its own; the naive forecasts are
 * scored for the same targets.
 */
import { type ColumnStore, type Columns, looseColumns } from '../../kernels/columns.js';
import { AT, LEAST, RECENT, scoreError, scoreRange, SCORES_WIDTH as WIDTH } from '../../kernels/scores.js';
import type { OutputName } from '../io/output-names.js';
import { type Put, putNow, type Take, takeNow } from '../state-copies.js';

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

export interface MetricsState {
  readonly columns: Float64Array;
  readonly classes: Float64Array;
}

export { RECENT };

/** The columns that version 0.1 had, which are the first. */
const FIRST_WIDTH = AT.ranged;

/** Are these the columns of as many outputs as `own`, though they be of version 0.1? */
export const isOfForm = (columns: Float64Array, own: Float64Array): boolean =>
  columns.length === own.length || columns.length * WIDTH === own.length * FIRST_WIDTH;

export class Prequential {
  readonly columns: Columns;
  /** Of softmax: rows scored, cross-entropy, hits, and the recent mean of both. */
  private readonly classes = new Float64Array(5);

  constructor(
    private readonly names: readonly OutputName[],
    store: ColumnStore = looseColumns,
  ) {
    this.columns = store.allocateColumns(names.length * WIDTH);
  }

  score(j: number, prediction: number, target: number): void {
    scoreError(this.columns.array, j * WIDTH, prediction, target);
  }

  /** Scores a range of half-width `half` for output j by the absolute error of its middle; one of 0 is none. */
  scoreInterval(j: number, half: number, probability: number, error: number): void {
    scoreRange(this.columns.array, j * WIDTH, half, 2 / (1 - probability), error);
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
    this.columns.array.fill(0);
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

  state(take: Take = takeNow): MetricsState {
    return { columns: take([this.columns]), classes: this.classes.slice() };
  }

  restore({ columns, classes }: MetricsState, put: Put = putNow): void {
    const width = columns.length / this.names.length;
    const c = this.columns.array;
    if (width === WIDTH) put(this.columns, columns);
    else {
      c.fill(0);
      for (let j = 0; j < this.names.length; j++)
        c.set(columns.subarray(j * width, (j + 1) * width), j * WIDTH);
    }
    this.classes.set(classes);
  }

  private scoresOf(j: number): Scores {
    const c = this.columns.array;
    const of = (name: keyof typeof AT) => c[j * WIDTH + AT[name]]!;
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
