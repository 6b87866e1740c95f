/** Names of columns: those of a header, checked, and those of a file without one. */
import { EddyError } from '../../errors.js';
import type { Look } from '../values/look.js';

/** Names columns x0, x1, …, and the first with times `time`. */
export function defaultNames(looks: readonly Look[]): string[] {
  const time = looks.indexOf('time');
  let next = 0;
  return looks.map((_, i) => (i === time ? 'time' : `x${next++}`));
}

/**
 * Trims names, and gives one to columns without.
 *
 * @throws EddyError `input-invalid` if two columns have one name
 */
export function nameColumns(names: readonly string[], line: number): string[] {
  const trimmed = names.map((name, i) => name.trim().replace(/\s+/g, ' ') || `column ${i + 1}`);
  const twice = trimmed.find((name, i) => trimmed.indexOf(name) !== i);
  if (twice === undefined) return trimmed;
  const places = trimmed.flatMap((name, i) => (name === twice ? [i + 1] : []));
  throw new EddyError(
    'input-invalid',
    `line ${line}: columns ${places.join(' and ')} are both named ${JSON.stringify(twice)}; name the columns with --header a,b,c`,
  );
}

/** Gives the unit that a name ends with: `temp (°C)` or `temp [°C]`. */
export const unitIn = (name: string): string | undefined =>
  /\S\s*(?:\(([^()]+)\)|\[([^[\]]+)\])$/.exec(name.trim())?.slice(1).find(Boolean)?.trim();
