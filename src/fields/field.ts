/** What the numbers of a step mean: fields, by name, in the order of x [B,F]; and those of a target [B,M], or its classes. */
import { EddyError } from '../errors.js';

/** One number of a step or of a target, or a class. */
export interface Field {
  /** 1 to 128 characters, unique among the fields. */
  readonly name: string;
  /** As free text: `°C`. */
  readonly unit?: string | undefined;
  readonly description?: string | undefined;
}

/** A field as a user gives it: its name alone, or with its unit. */
export type FieldInput = string | Field;

/** The longest name of a field, in characters. */
export const MAX_FIELD_NAME = 128;

/** How many names an error shows. */
const SHOWN = 16;

/**
 * Checks fields and gives them in the long form.
 *
 * @param what what they are, for the error: `fields` or `targets`
 * @throws EddyError `fields-invalid` where a name is empty, too long or there twice
 */
export function parseFields(input: readonly FieldInput[], what: string): Field[] {
  const refuse = (why: string): never => {
    throw new EddyError('fields-invalid', `${what}: ${why}`);
  };
  const seen = new Set<string>();
  return input.map((given, i) => {
    const { name, unit, description } = typeof given === 'string' ? { name: given } : given;
    if (name.trim() === '') refuse(`the name of number ${i} is empty`);
    if (name.length > MAX_FIELD_NAME)
      refuse(
        `the name ${JSON.stringify(name.slice(0, 24))}… has ${name.length} characters; the limit is ${MAX_FIELD_NAME}`,
      );
    if (seen.has(name)) refuse(`the name ${JSON.stringify(name)} is there twice`);
    seen.add(name);
    return { name, ...(unit && { unit }), ...(description && { description }) };
  });
}

/** Names for numbers that have none: x0, x1 … */
export const numberedFields = (count: number, prefix = 'x'): Field[] =>
  Array.from({ length: count }, (_, i) => ({ name: `${prefix}${i}` }));

/** Lists fields for an error, with their units. */
export function listOf(fields: readonly Field[]): string {
  const shown = fields.slice(0, SHOWN).map(({ name, unit }) => (unit ? `${name} (${unit})` : name));
  if (fields.length > SHOWN) shown.push(`and ${fields.length - SHOWN} more`);
  return shown.join(', ');
}

/**
 * Tells where each field of a sequence is among those that a producer gives: x of the sequence is `x[order[i]]`. Null where
 * both have the same order.
 *
 * @throws EddyError `fields-conflict` where they are not the same fields, which shows both lists
 */
export function orderOf(
  kept: readonly Field[],
  given: readonly Field[],
  sequence: string,
): Int32Array | null {
  const places = new Map(given.map((field, i) => [field.name, { field, i }]));
  const order = Int32Array.from(kept, ({ name, unit }) => {
    const place = places.get(name);
    const isSame =
      place && (unit === undefined || place.field.unit === undefined || unit === place.field.unit);
    return isSame ? place.i : -1;
  });
  if (given.length !== kept.length || order.includes(-1))
    throw new EddyError(
      'fields-conflict',
      `sequence ${sequence} has the fields ${listOf(kept)}; these were given: ${listOf(given)}`,
    );
  return order.every((from, to) => from === to) ? null : order;
}

/** A reading by name: a number, true or false as 1 and 0, or null for a gap. */
export type Reading = number | boolean | null;

/**
 * Gives x [F] of readings by name; NaN for a field that is absent.
 *
 * @throws EddyError `field-unknown`, which names the fields that there are
 */
export function readingsToX(
  values: Readonly<Record<string, Reading | undefined>>,
  fields: readonly Field[],
): Float64Array<ArrayBuffer> {
  const x = new Float64Array(fields.length).fill(Number.NaN);
  let known = 0;
  for (const [i, { name }] of fields.entries()) {
    if (!Object.hasOwn(values, name)) continue;
    known++;
    const value = values[name];
    if (typeof value === 'number' || typeof value === 'boolean') x[i] = Number(value);
  }
  if (known === Object.keys(values).length) return x;
  const names = new Set(fields.map(({ name }) => name));
  const unknown = Object.keys(values).filter((name) => !names.has(name));
  throw new EddyError(
    'field-unknown',
    `there is no field ${unknown
      .slice(0, SHOWN)
      .map((name) => JSON.stringify(name.slice(0, MAX_FIELD_NAME)))
      .join(', ')}; the fields are ${listOf(fields)}`,
  );
}
