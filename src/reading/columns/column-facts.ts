/** What the head of a file shows of one column. */
import type { Cell, SensorRecord } from '../reading.js';
import type { NumberParser } from '../values/number-form.js';
import { areSwitches, type MissingWords, switchOf } from '../values/words.js';

export type ColumnKind = 'number' | 'switch' | 'text' | 'empty';

export interface ColumnFacts {
  readonly name: string;
  readonly index: number;
  readonly kind: ColumnKind;
  /** The cells that are not missing, and the numbers among them. */
  readonly cells: readonly Cell[];
  readonly numbers: readonly number[];
  /** The first text that is no number, or null. */
  readonly sample: string | null;
}

/** Gathers the facts of a column. */
export function factsOf(
  name: string,
  index: number,
  records: readonly SensorRecord[],
  { missing, parse }: { missing: MissingWords; parse: NumberParser },
): ColumnFacts {
  const cells: Cell[] = [];
  const numbers: number[] = [];
  const words = new Set<string>();
  let texts = 0;
  let sample: string | null = null;
  for (const { cells: all, fault } of records) {
    const cell = fault === undefined ? all[index] : null;
    if (isGap(cell, missing)) continue;
    cells.push(cell);
    const value = typeof cell === 'string' ? parse(cell) : Number(cell);
    if (typeof cell === 'boolean') words.add(String(cell));
    else if (Number.isFinite(value)) numbers.push(value);
    else {
      texts++;
      sample ??= String(cell);
      if (words.size <= 8) words.add(String(cell));
    }
  }
  const isSwitch = areSwitches(words) && numbers.every((value) => value === 0 || value === 1);
  const kind =
    cells.length === 0
      ? 'empty'
      : isSwitch
        ? 'switch'
        : numbers.length > 0 && numbers.length >= texts
          ? 'number'
          : 'text';
  return { name, index, kind, cells, numbers, sample };
}

/** Is there no value? */
export const isGap = (cell: Cell, missing: MissingWords): boolean =>
  cell === undefined ||
  cell === null ||
  (typeof cell === 'string'
    ? missing.has(cell)
    : typeof cell === 'number' && (Number.isNaN(cell) || missing.numbers.has(cell)));

/** Gives a cell of a column of switches as 0 or 1, NaN if it is neither. */
export function switchValue(cell: Cell): number {
  if (cell === null || cell === undefined) return Number.NaN;
  if (typeof cell !== 'string') return zeroOrOne(Number(cell));
  const value = switchOf(cell);
  return Number.isNaN(value) && cell.trim() !== '' ? zeroOrOne(Number(cell)) : value;
}

const zeroOrOne = (value: number) => (value === 0 || value === 1 ? value : Number.NaN);
