/** Fields and their values as text, a unit once. */
import type { Field } from '../../fields/field.js';
import { numberWithRange } from './number-text.js';

/** Gives the unit of a field, if its name does not hold it already. */
const unitOf = ({ name, unit }: Field): string =>
  unit === undefined || name.endsWith(`(${unit})`) || name.endsWith(`[${unit}]`) ? '' : unit;

/** Writes a field with its unit. */
export function fieldLabel(field: Field): string {
  const unit = unitOf(field);
  return unit ? `${field.name} [${unit}]` : field.name;
}

/** Writes a value of a field: `temp 21.4 °C`; – for a gap, NaN or null. @param paint the name. @param range to either side */
export function readingText(
  field: Field,
  value: number | null,
  paint: (name: string) => string = (name) => name,
  range = 0,
): string {
  if (value === null || Number.isNaN(value)) return `${paint(field.name)} –`;
  const unit = unitOf(field);
  return `${paint(field.name)} ${numberWithRange(value, range)}${unit ? ` ${unit}` : ''}`;
}
