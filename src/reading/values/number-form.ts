/** Numbers as files write them: with a decimal point or comma, and separators of thousands. */

export interface NumberForm {
  readonly decimal: '.' | ',';
  /** Do separators group the thousands? */
  readonly isGrouped: boolean;
}

export type NumberParser = (text: string) => number;

/** Makes a parser of numbers of a form; it gives NaN for all other text, and for an infinity. */
export const numberParser = ({ decimal, isGrouped }: NumberForm): NumberParser =>
  decimal === '.'
    ? (text) => {
        const value = plainNumber(text);
        return !Number.isNaN(value) || !isGrouped
          ? value || altered(text, value)
          : ungrouped(text, POINT_GROUPS, ',');
      }
    : (text) => {
        if (COMMA.test(text)) return plainNumber(text.replace(',', '.'));
        return isGrouped ? ungrouped(text, COMMA_GROUPS, '.') : altered(text, Number.NaN);
      };

const COMMA = /^\s*[+-]?(?:\d+(?:,\d*)?|,\d+)(?:[eE][+-]?\d+)?\s*$/;
const POINT_GROUPS = /^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?$/;
const COMMA_GROUPS = /^[+-]?\d{1,3}(?:\.\d{3})+(?:,\d*)?$/;
/** Separators that can be nothing else, with either decimal sign. */
const OTHER_GROUPS = /^[+-]?\d{1,3}(?:['\u2019\u00a0\u202f\u2009]\d{3})+(?:[.,]\d*)?$/;

function ungrouped(text: string, form: RegExp, separator: string): number {
  const trimmed = text.trim();
  return form.test(trimmed)
    ? plainNumber(trimmed.replaceAll(separator, '').replace(',', '.'))
    : altered(text, Number.NaN);
}

/** Reads rarer signs: a minus that is no hyphen, spaces that cannot be a delimiter. */
function altered(text: string, value: number): number {
  if (value === 0) return value;
  const trimmed = text.trim().replace('\u2212', '-');
  if (OTHER_GROUPS.test(trimmed))
    return plainNumber(trimmed.replace(/['\u2019\u00a0\u202f\u2009]/g, '').replace(',', '.'));
  return trimmed === text ? Number.NaN : plainNumber(trimmed);
}

/** Reads a finite decimal number; gives NaN for all else, also for other bases. */
function plainNumber(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value)) return Number.NaN;
  const second = text.charCodeAt(1) | 32;
  const isOtherBase = second === 120 || second === 111 || second === 98;
  return isOtherBase || (value === 0 && !/\d/.test(text)) ? Number.NaN : value;
}

const KINDS = [
  // 20,5
  ['comma', /^[+-]?(?:\d+,(?:\d{0,2}|\d{4,})|0,\d+|\d{4,},\d+|,\d+)(?:[eE][+-]?\d+)?$/],
  // 1.234,5 and 1.234.567
  ['commaGroups', /^[+-]?\d{1,3}(?:(?:\.\d{3})+,\d*|(?:\.\d{3}){2,})$/],
  // 1,234.5 and 1,234,567
  ['pointGroups', /^[+-]?\d{1,3}(?:(?:,\d{3})+\.\d*|(?:,\d{3}){2,})$/],
  // 1,234
  ['either', /^[+-]?[1-9]\d{0,2},\d{3}$/],
  // 20.5
  ['point', /^[+-]?(?:\d+\.\d*|\.\d+)(?:[eE][+-]?\d+)?$/],
] as const;

export interface FoundForm extends NumberForm {
  /** A number that may be read in two ways, if nothing decides between them. */
  readonly ambiguous: string | null;
}

/** Finds the form of the numbers among `cells`. @param told the decimal sign, if it is known */
export function findNumberForm(cells: Iterable<string>, told?: NumberForm['decimal']): FoundForm {
  if (told !== undefined) return { decimal: told, isGrouped: true, ambiguous: null };
  const counts = { comma: 0, commaGroups: 0, pointGroups: 0, either: 0, point: 0 };
  let ambiguous: string | null = null;
  for (const cell of cells) {
    const trimmed = cell.trim();
    const kind = KINDS.find(([, form]) => form.test(trimmed))?.[0];
    if (kind === undefined) continue;
    counts[kind]++;
    if (kind === 'either') ambiguous ??= trimmed;
  }
  const commas = counts.comma + counts.commaGroups;
  const points = counts.point + counts.pointGroups;
  if (commas > points) return { decimal: ',', isGrouped: counts.commaGroups > 0, ambiguous: null };
  return {
    decimal: '.',
    isGrouped: counts.pointGroups > 0 || (counts.either > 0 && points > 0),
    ambiguous: points === 0 ? ambiguous : null,
  };
}

/** Looks like a number in one form or another? */
export const isNumberLike = (text: string): boolean =>
  !Number.isNaN(plainNumber(text)) || KINDS.some(([, form]) => form.test(text));
