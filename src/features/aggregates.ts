/** How the readings of one field within one bin become one number. */
import { addExactly, meanOf, sumOf } from '../math/exact-sum.js';

/**
 * - `last`: the reading with the latest time; of two with the same time the one that came later
 * - `mean`, `sum`: exact, so that the order in which readings come does not matter
 * - `min`, `max`
 */
export const AGGREGATES = ['last', 'mean', 'min', 'max', 'sum'] as const;
export type Aggregate = (typeof AGGREGATES)[number];

/** What a bin knows of one field, as plain data. */
export interface Tally {
  /** How many readings had this field. */
  count: number;
  /** What the aggregate keeps of them; of constant length, but for `mean` and `sum`: at most 48. */
  numbers: number[];
}

interface Rule {
  /** Adds a reading: its time and its finite value. */
  add(numbers: number[], t: number, value: number): void;
  /** Gives the result of at least one reading. */
  result(tally: Tally): number;
}

const first = ({ numbers }: Tally): number => numbers[0]!;

const RULES: Record<Aggregate, Rule> = {
  last: {
    add: (numbers, t, value) => {
      if (numbers.length > 0 && t < numbers[0]!) return;
      numbers[0] = t;
      numbers[1] = value;
    },
    result: ({ numbers }) => numbers[1]!,
  },
  min: {
    add: (numbers, _, value) => {
      numbers[0] = numbers.length > 0 ? Math.min(numbers[0]!, value) : value;
    },
    result: first,
  },
  max: {
    add: (numbers, _, value) => {
      numbers[0] = numbers.length > 0 ? Math.max(numbers[0]!, value) : value;
    },
    result: first,
  },
  sum: {
    add: (numbers, _, value) => addExactly(numbers, value),
    result: ({ numbers }) => sumOf(numbers),
  },
  mean: {
    add: (numbers, _, value) => addExactly(numbers, value),
    result: ({ numbers, count }) => meanOf(numbers, count),
  },
};

/** Adds a reading of a field to its tally. -0 counts as 0. */
export function addReading(aggregate: Aggregate, tally: Tally, t: number, value: number): void {
  tally.count++;
  RULES[aggregate].add(tally.numbers, t, value + 0);
}

/** Gives the field's number, or NaN if it had no reading. */
export const resultOf = (aggregate: Aggregate, tally: Tally): number =>
  tally.count > 0 ? RULES[aggregate].result(tally) : Number.NaN;
