/** Sequences as a table, one a line. */
import type { Field } from '../../fields/field.js';
import { fieldLabel } from '../shared/field-text.js';
import { agoText } from '../shared/number-text.js';
import { countOf, grouped } from '../shared/terminal.js';
import type { ListedSequence } from './place.js';

const HEAD = ['sequence', '', 'steps', 'last', 'error', 'skill', 'health', 'model', 'fields'] as const;
/** Columns of numbers, which end in line. */
const RIGHT = new Set([2, 4, 5]);
/** Fields that a line names. */
const NAMED = 4;
const NONE = '-';

/** Gives the lines of some sequences, aligned. @param isHeaded are there headings above? */
export function tableOf(rows: readonly ListedSequence[], now: number, isHeaded: boolean): string[] {
  const cells = [...(isHeaded ? [[...HEAD]] : []), ...rows.map((row) => cellsOf(row, now))];
  const widths = HEAD.map((_, i) => Math.max(...cells.map((line) => line[i]!.length)));
  return cells.map((line) =>
    line
      .map((cell, i) => (RIGHT.has(i) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd(),
  );
}

function cellsOf(
  { sequence, awake, seq, t, recentMae, recentSkill, health, spec, fields }: ListedSequence,
  now: number,
): string[] {
  return [
    sequence,
    awake ? 'awake' : 'asleep',
    seq === undefined ? NONE : countOf(seq + 1, 'step'),
    typeof t === 'number' ? agoText(t, now) : NONE,
    typeof recentMae === 'number' ? recentMae.toPrecision(3) : NONE,
    typeof recentSkill === 'number' ? recentSkill.toFixed(2) : NONE,
    health?.state ?? NONE,
    spec ? `${spec.cell} ${grouped(Number(spec.units))}` : NONE,
    fields ? someFields(fields) : NONE,
  ];
}

function someFields(fields: readonly Field[]): string {
  const named = fields.slice(0, NAMED).map(fieldLabel);
  return fields.length > NAMED ? `${named.join(', ')} and ${fields.length - NAMED} more` : named.join(', ');
}
