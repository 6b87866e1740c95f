/** The result of a pass: as JSON, and as a readable table. The same file gives the same text. */

import type { ForecasterShare } from '../../fields/forecaster-shares.js';
import { type BadRow, type Choice, fieldText, listed, type ReadingReport } from '../../reading/index.js';
import type { OutputName } from '../../rnn/io/output-names.js';
import type { DriftKind } from '../../rnn/scoring/drift/drift.js';
import type { Metrics, Scores } from '../../rnn/scoring/prequential.js';
import type { ModelSpec } from '../../rnn/spec/spec.js';
import { countOf, grouped } from '../shared/terminal.js';
import { ForecasterMeans } from './forecaster-means.js';
import type { Place } from './row-place.js';
import type { Output, Pass, PassRow } from './scoring-pass.js';
import { changesAt, keyOf, type SeasonChange, type SeasonInUse, seasonsInUse } from './seasons-in-use.js';
import type { StepInputs } from './step-inputs.js';

export interface DriftEvent extends Place {
  readonly detector: DriftKind;
}

/** An anomaly, where it begins. */
export interface AnomalyEvent extends Place {
  /** The highest score, which row `peak` has, and the last row; as it begins where it is not over. */
  score: number;
  peak: number;
  end: number | null;
}

/** How many events of a kind are listed; beyond that they are only counted. */
const MAX_NAMED = 10_000;

/** Counts its items, and keeps the first ones. */
class Events<E> {
  readonly named: E[] = [];
  count = 0;

  add(event: E): void {
    if (this.count++ < MAX_NAMED) this.named.push(event);
  }
}

export class Summary {
  readonly drift = new Events<DriftEvent>();
  readonly anomalies = new Events<AnomalyEvent>();
  readonly seasons = new Events<SeasonChange>();
  private readonly found = new Map<string, SeasonChange>();
  private readonly means = new ForecasterMeans();
  private updates = 0;

  constructor(private readonly targets: readonly string[]) {}

  /** Takes a row; unscored rows count in no figure. */
  add(passed: PassRow): void {
    const { row, line, timestamp, time: t, result, forecasters, ended, isScored } = passed;
    this.updates += result.updates.length;
    for (const change of changesAt(passed, this.targets)) {
      if (change.change !== 'dropped') this.found.set(keyOf(change.target, change.steps), change);
      if (isScored) this.seasons.add(change);
    }
    if (!isScored) return;
    if (forecasters) this.means.add(forecasters);
    const { drift, anomaly, isAnomalous } = result;
    if (drift) this.drift.add({ row, line, timestamp, t, detector: drift });
    if (ended) this.end(ended);
    if (isAnomalous) this.anomalies.add({ row, line, timestamp, t, score: anomaly, peak: row, end: null });
  }

  /** Notes where an anomaly ended and was worst: the number of a step is that of its row. */
  private end({ start, end, peak, score }: NonNullable<PassRow['ended']>): void {
    const event = this.anomalies.named.findLast(({ row }) => row === start);
    if (event) Object.assign(event, { score, peak, end });
  }

  read(
    file: string,
    pass: Pass,
    inputs: StepInputs,
    { skip, choice, report }: { skip: number; choice: Choice; report: ReadingReport },
  ): EvalResult {
    const scores = pass.scores();
    const { spec } = pass.model;
    const { outputs: _, ...all } = pass.model.metrics;
    const { rows, badRows, ...passed } = report;
    return {
      file,
      rows: pass.rows,
      skip,
      badRows,
      reading: { ...choice, ...passed, notes: [...choice.notes, ...report.notes] },
      timestamp: inputs.timestamp,
      features: inputs.features,
      targets: pass.targets,
      spec,
      updates: this.updates,
      metrics: {
        ...all,
        outputs: pass.outputs.map(({ target, horizon }, m) => ({
          target,
          horizon,
          ...scoresOnly(scores[m]!),
          forecasters: this.means.of(m),
        })),
      },
      seasons: seasonsInUse(pass.model.seasons ?? [], pass.targets, this.found, pass.model.interval),
      seasonChangeCount: this.seasons.count,
      seasonChanges: this.seasons.named,
      driftCount: this.drift.count,
      drift: this.drift.named,
      anomalyCount: this.anomalies.count,
      anomalies: this.anomalies.named,
    };
  }
}

/** The scores of one output, and who forecast it, the mean over the scored rows; nobody where the network does alone. */
export interface OutputScores extends Pick<Output, 'target' | 'horizon'>, Scores {
  readonly forecasters: readonly ForecasterShare[];
}

export interface EvalResult {
  readonly file: string;
  /** Rows taken, and how many at the beginning were not scored. */
  readonly rows: number;
  readonly skip: number;
  readonly badRows: { readonly count: number; readonly first: readonly BadRow[] };
  /** What was taken of the file, what was left out and why. */
  readonly reading: Choice & Omit<ReadingReport, 'rows' | 'badRows'>;
  readonly timestamp: string | null;
  readonly features: readonly string[];
  readonly targets: readonly string[];
  readonly spec: ModelSpec;
  readonly updates: number;
  readonly metrics: Scores & { readonly outputs: readonly OutputScores[] };
  /** The seasons in use at the end, and how they changed. */
  readonly seasons: readonly SeasonInUse[];
  readonly seasonChangeCount: number;
  readonly seasonChanges: readonly SeasonChange[];
  readonly driftCount: number;
  readonly drift: readonly DriftEvent[];
  readonly anomalyCount: number;
  readonly anomalies: readonly AnomalyEvent[];
}

const whole = (value: number | null) => (value === null ? '-' : grouped(value));

const significant = (value: number | null) =>
  value !== null && Math.abs(value) < 1e4 ? String(Number(value.toPrecision(4))) : whole(value);

const percent = (value: number | null) =>
  value === null ? '-' : `${(100 * value).toFixed(1).replace(/^-(?=0\.0$)/, '')} %`;

/** Figures shown for each output: a heading, what it means, which score it is, and how to format it. */
const SCORES = [
  ['MAE', 'mean absolute error', 'mae', significant],
  ['RMSE', 'root mean squared error', 'rmse', significant],
  ['NRMSE', 'RMSE in standard deviations of the target', 'nrmse', significant],
  ['skill vs last', 'how much lower the MAE is than that of persistence', 'skill', percent],
  [
    'vs season',
    'how much lower the MAE is than that of the seasonal-naive baseline',
    'seasonalSkill',
    percent,
  ],
  ['recent MAE', 'MAE of about the last 500 rows', 'recentMae', significant],
  ['scored', 'rows scored', 'scored', whole],
] as const satisfies Figure[];

/** Those of its ranges. */
const RANGES = [
  ['coverage', 'share of the rows that lay in the range forecast for them', 'coverage', percent],
  ['width', 'mean width of the ranges', 'intervalWidth', significant],
  [
    'range skill',
    'how much lower the interval score is than that of ranges around persistence',
    'intervalSkill',
    percent,
  ],
] as const satisfies Figure[];

export const FIGURES: readonly Figure[] = [...SCORES, ...RANGES];

type Figure = readonly [string, string, keyof Scores, (score: number | null) => string];

/** What is shown of the scores of one output. */
export const figuresOf = (scores: Scores, figures = FIGURES): string[] =>
  figures.map(([, , name, format]) => format(scores[name]));

/** A row for each output: its target, how far ahead, and cells. */
export const outputRows = (result: EvalResult, cells: (output: OutputScores) => string[]): string[][] =>
  result.metrics.outputs.map((output) => [
    labelOf(result, output.target),
    String(output.horizon),
    ...cells(output),
  ]);

/** Writes who forecast, at most so many by name: `network 62 %, season 30 %, others 8 %`. */
export function forecastersText({ forecasters }: OutputScores, most = Number.POSITIVE_INFINITY): string {
  const named = forecasters.slice(0, most);
  const others = forecasters.slice(most).reduce((sum, { weight }) => sum + weight, 0);
  const shares = others > 0 ? [...named, { name: 'others', weight: others }] : named;
  return shares.map(({ name, weight }) => `${name} ${Math.round(100 * weight)} %`).join(', ') || 'network';
}

/** Writes the seasons in use, and since when: `flow 24 steps, 1 d, found at row 118`. */
export const seasonsText = (result: EvalResult): string =>
  result.seasons
    .map(({ target, text, found, isTried }) => {
      const how = isTried ? 'tried since' : 'found at';
      const since = found === null ? '' : `, ${how} ${found.timestamp ?? `row ${found.row}`}`;
      return `${labelOf(result, target)} ${text}${since}`;
    })
    .join('; ');

/** Writes a field's name with its unit. */
export const labelOf = ({ reading }: Pick<EvalResult, 'reading'>, name: string): string =>
  fieldText(reading.fields.find((field) => field.name === name) ?? { name });

export function toText(result: EvalResult): string {
  const scores = outputRows(result, (output) => figuresOf(output, SCORES));
  const ranges = outputRows(result, (output) => [
    ...figuresOf(output, RANGES),
    forecastersText(output, SHOWN),
  ]);
  const { seasons } = result;
  return [
    `${result.file}  ${countOf(result.rows, 'row')}${result.skip > 0 ? `, the first ${grouped(result.skip)} not scored` : ''}`,
    describe(result),
    '',
    ...tableOf(['target', 'ahead', ...SCORES.map(([head]) => head)], scores),
    '',
    ...tableOf(['target', 'ahead', ...RANGES.map(([head]) => head), 'forecast by'], ranges),
    '',
    `${countOf(seasons.length, 'season')}${seasons.length > 0 ? `: ${seasonsText(result)}` : ''}`,
    `${countOf(result.anomalyCount, 'anomaly', 'anomalies')}${placesOf(result.anomalies)}`,
    `${countOf(result.driftCount, 'drift event')}${placesOf(result.drift)}`,
  ].join('\n');
}

/** Aligns a table: numbers to the right, names and the last column of words to the left. */
function tableOf(heads: readonly string[], cells: readonly (readonly string[])[]): string[] {
  const rows = [heads, ...cells];
  const widths = heads.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  const isText = (i: number) => i === 0 || heads[i] === 'forecast by';
  return rows.map((row) =>
    row
      .map((cell, i) => (isText(i) ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd(),
  );
}

export function describe(result: Pick<EvalResult, 'spec' | 'features' | 'targets' | 'reading'>): string {
  const { spec, features, targets } = result;
  const labels = (names: readonly string[]) => listed(names.map((name) => labelOf(result, name)));
  const { learner, optimizer, task, season } = spec;
  const horizons = task?.kind === 'forecast' ? task.horizon : [];
  return [
    `${labels(features)} to ${labels(targets)}, ${horizons.join(' and ')} ${horizons.at(-1) === 1 ? 'row' : 'rows'} ahead`,
    `${spec.units} hidden units`,
    `${learner.kind}${learner.kind === 'tbptt' ? ` k1 ${learner.k1}, k2 ${learner.k2}` : ` k1 ${learner.k1}`}`,
    `${optimizer.kind} at ${optimizer.learningRate}`,
    ...(season ? [`season ${season}`] : []),
    `seed ${spec.seed}`,
  ].join('; ');
}

export { countOf };

/** How many places the text lists. */
const SHOWN = 3;

function placesOf(events: readonly Place[]): string {
  if (events.length === 0) return '';
  const shown = events.slice(0, SHOWN).map(({ row, timestamp }) => timestamp ?? `row ${row}`);
  return `: ${shown.join(', ')}${events.length > SHOWN ? ', ...' : ''}`;
}

/** Omits names that are given elsewhere, and figures for classes. */
function scoresOnly(scores: Scores & Partial<Metrics & OutputName>): Scores {
  const { output, feature, crossEntropy, recentCrossEntropy, accuracy, recentAccuracy, ...own } = scores;
  return own;
}
