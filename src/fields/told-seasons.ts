/** The seasons of a sequence in words: of which field, in steps, and in time where steps come regularly. */
import type { SeasonChange } from '../rnn/forecast/seasons.js';
import type { Model } from '../rnn/model.js';
import type { ModelSpec } from '../rnn/spec/spec.js';
import { durationWords } from './duration-words.js';
import type { Field } from './field.js';

export interface ToldSeason {
  readonly field: string;
  /** The batch row, where there are several. */
  readonly row?: number | undefined;
  /** The period in steps. */
  readonly steps: number;
  /** The same for people: `24 steps, 1 d`. */
  readonly text: string;
}

/** What became of a season: found in the series, tried because the clock suggests it, in another's place, or dropped. */
export type SeasonTurn = 'found' | 'tried' | 'replaced' | 'dropped';

/** What the event of a season tells. */
export interface SeasonDetail extends ToldSeason {
  readonly change: SeasonTurn;
  /** The steps of the one that it replaces. */
  readonly before?: number;
}

/** Tells a change of seasons. @param interval milliseconds between two steps; null where they do not come regularly */
export function seasonTurn(
  { before, after, isFound }: Pick<SeasonChange, 'before' | 'after' | 'isFound'>,
  interval: number | null,
): Omit<SeasonDetail, 'field' | 'row'> {
  const begun = isFound ? 'found' : 'tried';
  const change = before === 0 ? begun : after === 0 ? 'dropped' : 'replaced';
  const steps = after === 0 ? before : after;
  return { change, steps, ...(change === 'replaced' && { before }), text: periodText(steps, interval) };
}

/** Writes it: `season · temp: 24 steps, 1 d found`. */
export const seasonEventText = ({ field, row, change, text, before }: SeasonDetail): string =>
  `season · ${field}${row === undefined ? '' : `, row ${row}`}: ${text} ${change}${before === undefined ? '' : `, ${before} steps before`}`;

/** Writes a period. @param interval milliseconds between two steps; null where they do not come regularly */
export const periodText = (steps: number, interval: number | null): string =>
  `${steps} steps${interval === null ? '' : `, ${durationWords(steps * interval)}`}`;

/** Gives the field, and the batch row where there are several, of the i-th of the B * K series that are forecast. */
export function seriesOf(
  i: number,
  { task, batch, features }: Pick<ModelSpec, 'task' | 'batch' | 'features'>,
  fields: readonly Field[],
): Pick<ToldSeason, 'field' | 'row'> {
  const targets = (task?.kind === 'forecast' ? task.targets : undefined) ?? null;
  const K = targets?.length ?? features;
  const feature = targets?.[i % K] ?? i % K;
  const field = fields[feature]?.name ?? `x${feature}`;
  return batch > 1 ? { field, row: Math.floor(i / K) } : { field };
}

/** Writes seasons, each field once: `temp 24 steps, 1 d and 168 steps, 7 d; flow 24 steps, 1 d`. */
export function seasonsText(seasons: readonly ToldSeason[]): string {
  const texts = new Map<string, string[]>();
  for (const { field, row, text } of seasons) {
    const name = row === undefined ? field : `${field}, row ${row}`;
    texts.set(name, [...(texts.get(name) ?? []), text]);
  }
  return [...texts].map(([name, periods]) => `${name} ${periods.join(' and ')}`).join('; ');
}

/** Gives the seasons by which a model forecasts now; null where the network forecasts alone. */
export function seasonsOf(
  { seasons, interval, spec }: Pick<Model, 'seasons' | 'interval' | 'spec'>,
  fields: readonly Field[],
): ToldSeason[] | null {
  if (!seasons) return null;
  return seasons.flatMap((periods, i) =>
    periods.map((steps) => ({ ...seriesOf(i, spec, fields), steps, text: periodText(steps, interval) })),
  );
}
