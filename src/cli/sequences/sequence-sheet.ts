/** All that is told of one sequence, for people, and as JSON. */
import { EddyError } from '../../errors.js';
import { outputLabels } from '../../fields/output-labels.js';
import { seasonsText } from '../../fields/told-seasons.js';
import { parseSpec } from '../../rnn/spec/spec.js';
import { fieldLabel, readingText } from '../shared/field-text.js';
import { agoText, timeText } from '../shared/number-text.js';
import { countOf } from '../shared/terminal.js';
import type { ListedSequence, Place } from './place.js';

/** Fields whose last value is shown. */
const SHOWN = 64;

/** Writes a sheet of a few lines. */
export function sheetOf(row: ListedSequence, now: number): string {
  const {
    sequence,
    awake,
    seq,
    t,
    learning,
    updates,
    scored,
    recentMae,
    recentSkill,
    resample,
    spec,
    health,
    seasons,
  } = row;
  const lines: [string, string][] = [
    [sequence, `${awake ? 'awake' : 'asleep'}${seq === undefined ? '' : `, ${countOf(seq + 1, 'step')}`}`],
    ...pair('last step', typeof t === 'number' && `${timeText(t)}, ${agoText(t, now)}`),
    ...pair('health', health && `${health.state}: ${health.why}`),
    ...fieldLines(row),
    ...pair('resampled', resample && JSON.stringify(resample)),
    ...pair('forecasts', spec && forecastText(row)),
    ...pair('seasons', seasons && (seasonsText(seasons) || 'none found')),
    ...pair(
      'learning',
      updates !== undefined && `${countOf(updates, 'update')}${learning === false ? ', turned off' : ''}`,
    ),
    ...pair(
      'error',
      typeof recentMae === 'number' &&
        `${recentMae.toPrecision(4)} of about the last 500 steps${typeof recentSkill === 'number' ? `, skill ${recentSkill.toFixed(2)}` : ''}; ${countOf(scored ?? 0, 'step')} scored`,
    ),
    ...pair('spec', spec && JSON.stringify(spec)),
  ];
  const width = Math.max(...lines.map(([name]) => name.length));
  return lines.map(([name, text]) => `${name.padEnd(width)}  ${text}`).join('\n');
}

const pair = (name: string, text: string | false | undefined): [string, string][] =>
  text ? [[name, text]] : [];

/** A line for each field, with its last value. */
function fieldLines({ fields = [], targets = [], x = [] }: ListedSequence): [string, string][] {
  const shown = fields.slice(0, SHOWN).map((field, i): [string, string] => {
    const { description } = field;
    const value = x[i];
    const last = value === undefined ? fieldLabel(field) : readingText(field, value);
    return [i === 0 ? 'fields' : '', `${last}${description ? `  ${description}` : ''}`];
  });
  const more = fields.length - SHOWN;
  return [
    ...shown,
    ...pair('', more > 0 && `and ${more} more`),
    ...pair('targets', targets.length > 0 && targets.map(({ name }) => name).join(', ')),
  ];
}

function forecastText({ spec: input, fields = [], targets = [] }: ListedSequence): string | false {
  const spec = parseSpec(input);
  if (spec.task?.kind !== 'forecast') return false;
  const names = [...new Set(outputLabels(spec, fields, targets).map(({ name }) => name))];
  const { horizon } = spec.task;
  return `${names.slice(0, SHOWN).join(', ')}, ${horizon.join(' and ')} ${horizon.at(-1) === 1 ? 'step' : 'steps'} ahead`;
}

/** Gives all that is told of it, and the shapes of its weights if the token lets it be exported. @throws EddyError `sequence-unknown` */
export async function sheetJson(place: Place, name: string): Promise<ListedSequence> {
  const row = await place.row(name);
  try {
    return { ...(await contentOf(await place.export(name))), ...row };
  } catch (error) {
    if (error instanceof EddyError && /^(permission-denied|unauthorized)$/.test(error.code)) return row;
    throw error;
  }
}

/** Gives what is told of it; of one that was imported and never woken, what its file tells. @throws EddyError `sequence-unknown` */
export async function sheetRow(place: Place, name: string): Promise<ListedSequence> {
  const row = await place.row(name);
  return row.seq === undefined ? sheetJson(place, name) : row;
}

async function contentOf(file: Uint8Array) {
  const { readSafetensors } = await import('../../formats/safetensors.js');
  const { metadata, tensors } = readSafetensors(file);
  const { seq, savedAt: at, spec = '{}' } = Object.fromEntries(metadata);
  const names = ['Wx', 'Wh', 'b', 'Wy', 'by'].filter((of) => tensors.has(of));
  return {
    seq: Number(seq),
    spec: JSON.parse(spec) as ListedSequence['spec'],
    at,
    weights: Object.fromEntries(names.map((of) => [of, tensors.get(of)?.shape])),
    bytes: file.length,
  };
}
