/** How a part of a setting is read from a link and written to it. */
export interface Field<T> {
  readonly initial: T;
  /** What may stand there, for the message where something else does. */
  readonly expected: string;
  /** Gives undefined where it cannot be read. */
  parse(said: string): T | undefined;
  format(value: T): string;
}

export const oneOf = <const T extends string>(all: readonly T[], initial: T): Field<T> => ({
  initial,
  expected: all.filter((one) => one !== '').join(', '),
  parse: (said) => all.find((one) => one === said),
  format: (value) => value,
});

export interface NumberField extends Field<number> {
  readonly least: number;
  readonly most: number;
}

export const whole = (least: number, most: number, initial: number): NumberField => ({
  initial,
  least,
  most,
  expected: `a whole number from ${least} to ${most}`,
  parse: (said) => (/^\d{1,10}$/.test(said) ? within(Number(said), least, most) : undefined),
  format: String,
});

export const numberIn = (least: number, most: number, initial: number): NumberField => ({
  initial,
  least,
  most,
  expected: `a number from ${least} to ${most}`,
  parse: (said) =>
    /^\d{0,9}\.?\d{1,9}(e-?\d{1,2})?$/.test(said) ? within(Number(said), least, most) : undefined,
  format: String,
});

export interface TextField extends Field<string> {
  readonly longest: number;
}

export const text = (longest: number): TextField => ({
  initial: '',
  longest,
  expected: `at most ${longest} characters`,
  parse: (said) => (said.length <= longest ? said : undefined),
  format: (value) => value,
});

/** Some of a few words, each once, in the order in which they are given. */
export const someOf = <const T extends string>(all: readonly T[]): Field<readonly T[]> => ({
  initial: [],
  expected: `some of ${all.join(', ')}`,
  parse(said) {
    const words = said.split(',').map((word) => all.find((one) => one === word));
    return new Set(words).size === words.length && !words.includes(undefined) ? (words as T[]) : undefined;
  },
  format: (value) => value.join(','),
});

/** Names, as JSON, since a name may hold anything. */
export const list = (most: number, longest: number): Field<readonly string[]> => ({
  initial: [],
  expected: `at most ${most} names`,
  parse(said) {
    const names = readJson(said);
    if (!Array.isArray(names) || names.length > most) return undefined;
    return names.every((name) => typeof name === 'string' && name.length <= longest) ? names : undefined;
  },
  format: (value) => (value.length > 0 ? JSON.stringify(value) : ''),
});

/** Numbers in [0, 1], `count` of them or none, two hexadecimal digits each. */
export const points = (count: number): Field<readonly number[]> => ({
  initial: [],
  expected: `${2 * count} hexadecimal digits`,
  parse(said) {
    if (said.length !== 2 * count || !/^[0-9a-f]*$/.test(said)) return undefined;
    return Array.from({ length: count }, (_, i) => Number.parseInt(said.slice(2 * i, 2 * i + 2), 16) / 255);
  },
  format: (value) =>
    value
      .map((share) =>
        Math.round(share * 255)
          .toString(16)
          .padStart(2, '0'),
      )
      .join(''),
});

const within = (value: number, least: number, most: number) =>
  value >= least && value <= most ? value : undefined;

function readJson(said: string): unknown {
  try {
    return JSON.parse(said);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
