/** A result as a line for people: step, time, and numbers by name with their units. Times are in UTC. */
import type { Results } from '../../../client/sdk/index.js';
import type { Field } from '../../fields/field.js';
import { anomalyEventText } from '../../fields/told-anomalies.js';
import { type SeasonDetail, seasonEventText } from '../../fields/told-seasons.js';
import { readingText } from '../shared/field-text.js';
import { numberWithRange, shortest, timeText } from '../shared/number-text.js';
import { colorsFor } from '../shared/output.js';
import { countOf, sparkline } from '../shared/terminal.js';
import type { ResultNames } from './result-names.js';

/** The most units, and numbers, drawn on one line. */
const MAX_DRAWN = 64;

type Colors = ReturnType<typeof colorsFor>;

export function resultText(result: object, names: ResultNames | null, c = colorsFor(process.stdout)): string {
  const { seq, t, skipped, ...others } = result as Partial<Results['states']>;
  return [
    ...(seq === undefined ? [] : [c.bold(String(seq).padStart(8))]),
    ...(typeof t === 'number' ? [c.dim(timeText(t))] : []),
    ...Object.entries(others).flatMap(([key, value]) => partsOf(key, value, { result, names, c })),
    ...(skipped ? [c.yellow(`${skipped} skipped`)] : []),
  ].join('  ');
}

interface Context {
  readonly result: object;
  readonly names: ResultNames | null;
  readonly c: Colors;
}

function partsOf(key: string, value: unknown, { result, names, c }: Context): string[] {
  if (key === 'h' && value instanceof Float32Array)
    return [c.cyan(sparkline(value.subarray(0, MAX_DRAWN), -1, 1)), c.dim(countOf(value.length, 'unit'))];
  if (key === 'x' && value instanceof Float64Array) return numbers(value, names?.fields ?? [], c);
  if (key === 'y' && value instanceof Float32Array) return predicted(value, result, names, c);
  if (key === 'interval' || key === 'range') return [];
  if (key === 'event' || key === 'detail') {
    const text = eventText(result);
    if (text !== null) return key === 'event' ? [text] : [];
  }
  if (key === 'forecasters') return [`${c.dim('forecast by')} ${sharesText(value as Shares)}`];
  if (key === 'health') return [healthText(value as Results['metrics']['health'], c)];
  if (value instanceof Float32Array) return [`${c.dim(key)} ${countOf(value.length, 'number')}`];
  if (key === 'outputs' && Array.isArray(value)) return value.map((output) => scoreOf(output, c));
  if (value === null) return [];
  return [`${c.dim(key)} ${plain(value)}`];
}

/** Writes what a series or its forecast did as words; null for another event, whose detail is written as it is. */
function eventText({
  event = '',
  detail = {},
}: {
  readonly event?: string;
  readonly detail?: object;
}): string | null {
  if (event === 'season') return seasonEventText(detail as SeasonDetail);
  if (event === 'health') {
    const { from, to, why } = detail as Record<string, string>;
    return `health · ${from} → ${to} · ${why}`;
  }
  return anomalyEventText(event, detail as Results['events']['detail'], { step: String, number: shortest });
}

const healthText = (health: Results['metrics']['health'], c: Colors): string =>
  health ? `${c.bold(health.state)} ${c.dim(health.why)}` : '';

type Shares = NonNullable<Results['metrics']['forecasters']>;

/** Writes who forecasts: network 62 %, season 38 %. */
const sharesText = (shares: Shares): string =>
  shares.map(({ name, weight }) => `${name} ${Math.round(100 * weight)} %`).join(', ') || '–';

const plain = (value: unknown): string =>
  typeof value === 'number' && !Number.isInteger(value) ? value.toPrecision(4) : JSON.stringify(value);

/** Writes the numbers of B rows of fields, with their ranges where they have some. */
function numbers(
  values: ArrayLike<number>,
  fields: readonly Field[],
  c: Colors,
  ranges?: ArrayLike<number> | null,
): string[] {
  const shown = Array.from(values).slice(0, MAX_DRAWN);
  const written = shown.map((value, i) =>
    numberText(value, fields[i % (fields.length || 1)], c, ranges?.[i]),
  );
  return values.length > MAX_DRAWN ? [...written, c.dim(`and ${values.length - MAX_DRAWN} more`)] : written;
}

function numberText(value: number, field: Field | undefined, c: Colors, range = 0): string {
  if (field) return readingText(field, value, c.dim, range);
  return Number.isNaN(value) ? '–' : numberWithRange(value, range);
}

/** Names the steps ahead where there are several horizons, and the time a single one is for where steps come regularly. */
function predicted(y: Float32Array, result: object, names: ResultNames | null, c: Colors): string[] {
  const outputs = names?.outputs ?? [];
  const horizons = [...new Set(outputs.map(({ horizon }) => horizon))];
  const [only] = horizons;
  const isOne = horizons.length === 1 && typeof only === 'number';
  const fields = outputs.map(({ name, unit, horizon }) => ({
    name: isOne || horizon === null ? name : `${name} +${horizon}`,
    unit,
  }));
  const { t, interval, range } = result as Partial<Results['predictions']>;
  const isTimed = isOne && typeof t === 'number' && typeof interval === 'number';
  const ahead = isTimed ? `for ${timeText(Math.round(t + only * interval))}` : isOne ? `${only} ahead` : '';
  return [...(ahead ? [c.dim(ahead)] : []), ...numbers(y, fields, c, range)];
}

/** Writes the recent error of one output. */
function scoreOf(output: Results['metrics']['outputs'][number], c: Colors): string {
  const { name, unit, horizon, recentMae, recentSkill } = output;
  const label = `${name ?? `output ${output.output}`}${horizon === null ? '' : ` +${horizon}`}`;
  if (recentMae === null) return `${c.dim(label)} –`;
  const skill = recentSkill === null ? '' : `, skill ${recentSkill.toFixed(2)}`;
  return `${c.dim(label)} error ${Number(recentMae.toPrecision(4))}${unit ? ` ${unit}` : ''}${skill}`;
}
