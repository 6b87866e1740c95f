/** The result of a pass: as JSON, and as a readable table. The same file gives the same text. */

import { type BadRow, type Choice, fieldText, listed, type ReadingReport } from '../../reading/index.js';
import type { OutputName } from '../../rnn/io/output-names.js';
import type { DriftKind } from '../../rnn/scoring/drift/drift.js';
import type { Metrics, Scores } from '../../rnn/scoring/prequential.js';
import type { ModelSpec } from '../../rnn/spec/spec.js';
import { countOf, grouped } from '../shared/terminal.js';
import type { Output, Pass, PassRow } from './scoring-pass.js';
import type { StepInputs } from './step-inputs.js';

interface Place {
  readonly row: number;
  readonly line: number;
  readonly timestamp: string | null;
  /** The same in milliseconds since 1970, or null. */
  readonly t: number | null;
}

export interface DriftEvent extends Place {
  readonly detector: DriftKind;
}

export interface AnomalyEvent extends Place {
  readonly score: number;
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
  private updates = 0;

  /** Takes a row; unscored rows count in no figure. */
  add({ row, line, timestamp, time: t, result, isScored }: PassRow): void {
    this.updates += result.updates.length;
    if (!isScored) return;
    const { drift, anomaly, isAnomalous } = result;
    if (drift) this.drift.add({ row, line, timestamp, t, detector: drift });
    if (isAnomalous) this.anomalies.add({ row, line, timestamp, t, score: anomaly });
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
        })),
      },
      driftCount: this.drift.count,
      drift: this.drift.named,
      anomalyCount: this.anomalies.count,
      anomalies: this.anomalies.named,
    };
  }
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
  readonly metrics: Scores & { readonly outputs: readonly (Pick<Output, 'target' | 'horizon'> & Scores)[] };
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

/** The figures shown for each output: a heading, what it means, which score it is, and how to format it. */
export const FIGURES = [
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
] as const satisfies (readonly [string, string, keyof Scores, (score: number | null) => string])[];

/** What is shown of the scores of one output. */
export const figuresOf = (scores: Scores): string[] =>
  FIGURES.map(([, , name, format]) => format(scores[name]));

export const figureRows = (result: EvalResult): string[][] =>
  result.metrics.outputs.map((output) => [
    labelOf(result, output.target),
    String(output.horizon),
    ...figuresOf(output),
  ]);

/** Writes a field's name with its unit. */
export const labelOf = ({ reading }: Pick<EvalResult, 'reading'>, name: string): string =>
  fieldText(reading.fields.find((field) => field.name === name) ?? { name });

export function toText(result: EvalResult): string {
  const rows = [['target', 'ahead', ...FIGURES.map(([head]) => head)], ...figureRows(result)];
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  const table = rows.map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '),
  );
  return [
    `${result.file}  ${countOf(result.rows, 'row')}${result.skip > 0 ? `, the first ${grouped(result.skip)} not scored` : ''}`,
    describe(result),
    '',
    ...table,
    '',
    `${countOf(result.anomalyCount, 'anomaly', 'anomalies')}${placesOf(result.anomalies)}`,
    `${countOf(result.driftCount, 'drift event')}${placesOf(result.drift)}`,
  ].join('\n');
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
