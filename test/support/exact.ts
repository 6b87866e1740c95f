/** Sums and means in integers, of numbers that are multiples of 2^-300: the truth that float64 is held against. */

const FRACTION = 300;
const ONE = 2 ** FRACTION;

/** Gives a finite number in units of 2^-300, exactly, if it is a multiple of that. */
function fixed(value: number): bigint {
  let whole = value;
  let shift = 0;
  while (!Number.isInteger(whole) && shift < FRACTION) {
    whole *= 2;
    shift++;
  }
  return BigInt(whole) << BigInt(FRACTION - shift);
}

const total = (values: readonly number[]): bigint => values.reduce((sum, value) => sum + fixed(value), 0n);

/** Gives the sum, correctly rounded. */
export const exactSum = (values: readonly number[]): number => Number(total(values)) / ONE;

/** Gives the mean, correctly rounded. */
export const exactMean = (values: readonly number[]): number =>
  Number((total(values) << 100n) / BigInt(values.length)) / 2 ** 100 / ONE;
