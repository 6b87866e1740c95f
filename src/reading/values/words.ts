/** Words that stand for a missing value, and for 0 and 1. */

const MISSING = new Set([
  ...[
    '',
    'na',
    'n/a',
    'n.a.',
    '#n/a',
    '#na',
    '<na>',
    'nan',
    '-nan',
    '#nan',
    '1.#qnan',
    'null',
    '(null)',
    '<null>',
    'nil',
    'none',
    '\\n',
  ],
  ...[
    '-',
    '--',
    '---',
    '?',
    '*',
    '.',
    '..',
    'unavailable',
    'unknown',
    'missing',
    'undefined',
    'no data',
    'nodata',
  ],
]);

/** What counts as missing: words in any case, and numbers that were told. */
export class MissingWords {
  private readonly words: ReadonlySet<string>;
  /** Numbers that stand for a missing value, such as -999. */
  readonly numbers: ReadonlySet<number>;

  constructor(told: readonly string[] = []) {
    const words = told.map((word) => word.trim().toLowerCase());
    this.words = new Set([...MISSING, ...words]);
    this.numbers = new Set(
      words
        .filter((word) => word !== '')
        .map(Number)
        .filter(Number.isFinite),
    );
  }

  has(text: string): boolean {
    return this.words.has(text) || this.words.has(text.trim().toLowerCase());
  }
}

/** Words for 1 and for 0. A column of the pairs marked `both` is taken only if both words come. */
const PAIRS = [
  { one: 'true', zero: 'false', both: false },
  { one: 'on', zero: 'off', both: false },
  { one: 'yes', zero: 'no', both: true },
  { one: 'open', zero: 'closed', both: true },
  { one: 'y', zero: 'n', both: true },
  { one: 't', zero: 'f', both: true },
] as const;

const VALUES = new Map<string, 0 | 1>(
  PAIRS.flatMap(
    ({ one, zero }) =>
      [
        [one, 1],
        [zero, 0],
      ] as const,
  ),
);

/** Gives the value of a word for 0 or 1, else NaN. */
export const switchOf = (text: string): number => VALUES.get(text.trim().toLowerCase()) ?? Number.NaN;

/** Are these words those of switches, and not of something else that a switch has too? */
export function areSwitches(words: Iterable<string>): boolean {
  const seen = new Set([...words].map((word) => word.trim().toLowerCase()));
  const pairs = PAIRS.filter(({ one, zero }) => seen.has(one) || seen.has(zero));
  const count = pairs.reduce((sum, { one, zero }) => sum + Number(seen.has(one)) + Number(seen.has(zero)), 0);
  return (
    count === seen.size &&
    count > 0 &&
    pairs.every(({ one, zero, both }) => !both || (seen.has(one) && seen.has(zero)))
  );
}
