/**
 * Sine and cosine of a fraction of a turn, with the same bits on every machine: the last bit of `Math.sin` may differ
 * between engines, which a model's inputs must not. Uses only + - * and floor, which are exactly rounded everywhere.
 */

/**
 * Gives the sine of `turn` turns, for any finite number, within 3e-16: sinTurn(.25) is 1.
 */
export const sinTurn = (turn: number): number => quarter(turn, 0);

/** Gives the cosine of `turn` turns, for any finite number, within 3e-16: cosTurn(.5) is -1. */
export const cosTurn = (turn: number): number => quarter(turn, 1);

/** Subtracts the nearest quarter turn; the rest is at most an eighth, and the subtraction is exact. */
function quarter(turn: number, ahead: 0 | 1): number {
  const fraction = turn - Math.floor(turn);
  const nearest = Math.floor(4 * fraction + 0.5);
  const angle = 2 * Math.PI * (fraction - nearest / 4);
  switch ((nearest + ahead) % 4) {
    case 0:
      return sine(angle);
    case 1:
      return cosine(angle);
    case 2:
      return 0 - sine(angle);
    default:
      return 0 - cosine(angle);
  }
}

/** 1 / n! for odd and for even n, with their signs: the Taylor series, highest power first. */
const SINE = [17, 15, 13, 11, 9, 7, 5, 3, 1].map(term);
const COSINE = [16, 14, 12, 10, 8, 6, 4, 2, 0].map(term);

function term(n: number): number {
  let factorial = 1; // up to 17! it is below 2^53, so exact
  for (let i = 2; i <= n; i++) factorial *= i;
  return (n % 4 < 2 ? 1 : -1) / factorial;
}

/** The sine of |x| <= pi / 4; the next term of the series would be below 1e-19. */
function sine(x: number): number {
  return x * series(SINE, x * x);
}

/** The cosine of |x| <= pi / 4; the next term would be below 3e-18. */
function cosine(x: number): number {
  return series(COSINE, x * x);
}

function series(terms: readonly number[], square: number): number {
  let sum = 0;
  for (const factor of terms) sum = sum * square + factor;
  return sum;
}
