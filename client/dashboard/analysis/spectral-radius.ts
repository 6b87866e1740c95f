/**
 * The spectral radius of a square matrix: the largest modulus of its eigenvalues, complex ones included. Of Wh it tells
 * whether a state without input fades (below 1) or may grow.
 *
 * It is the limit of |A^k|^(1/k) (Gelfand 1941), taken along k = 2^j by squaring. A large matrix is first replaced by a small
 * one that acts as it does on the vectors that Arnoldi's method (1951) has seen.
 */

/** Vectors taken of a large matrix. Beyond it the answer is an estimate from below, good to a few percent. */
const MAX_VECTORS = 96;
/** Squarings: each halves the error. A small matrix costs next to nothing, and gets all the digits there are. */
const SQUARINGS = 22;
const SMALL = 16;
const SQUARINGS_OF_SMALL = 48;

/**
 * Gives the spectral radius of `matrix` [n,n], row after row; NaN where it holds a number that is not finite.
 *
 * @param at where the matrix begins
 */
export function spectralRadius(matrix: ArrayLike<number>, n: number, at = 0): number {
  let a: Float64Array = Float64Array.from({ length: n * n }, (_, i) => matrix[at + i] as number);
  if (!a.every(Number.isFinite)) return Number.NaN;
  let size = n;
  if (n > MAX_VECTORS) {
    a = arnoldi(a, n);
    size = Math.sqrt(a.length);
  }
  let logarithm = 0;
  const squarings = n > SMALL ? SQUARINGS : SQUARINGS_OF_SMALL;
  for (let j = 0; j <= squarings; j++) {
    const scale = a.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    if (scale === 0) return 0;
    logarithm += Math.log(scale) / 2 ** j;
    const half = a.map((value) => value / scale);
    a = product(half, half, size, size);
  }
  return Math.exp(logarithm);
}

/** Gives the matrix [m,m] whose eigenvalues are near the outermost ones of a [n,n], or those that there are where m < MAX_VECTORS. */
function arnoldi(a: Float64Array, n: number): Float64Array {
  const basis: Float64Array[] = [];
  const columns: number[][] = [];
  // no pattern that a matrix of a model would share
  let next: Float64Array = Float64Array.from(
    { length: n },
    (_, i) => (((i + 1) * 0.618_033_988_749_895) % 1) - 0.5,
  );
  let [length, least] = [norm(next), 0];
  while (basis.length < MAX_VECTORS && length > least) {
    basis.push(next.map((value) => value / length));
    next = product(a, basis.at(-1) as Float64Array, n, 1);
    // what is left of less is rounding: the matrix maps the vectors seen into themselves, and no other is needed
    least = 1e-12 * norm(next);
    const column = basis.map(() => 0);
    // twice, since once leaves rounding behind
    for (let pass = 0; pass < 2; pass++)
      for (const [k, unit] of basis.entries()) {
        const along = dot(next, unit);
        next = next.map((value, i) => value - along * (unit[i] as number));
        column[k] = (column[k] as number) + along;
      }
    length = norm(next);
    columns.push([...column, length]);
  }
  const m = columns.length;
  return Float64Array.from({ length: m * m }, (_, i) => columns[i % m]?.[Math.floor(i / m)] ?? 0);
}

/** a [n,n] times b [n,columns] */
function product(a: Float64Array, b: Float64Array, n: number, columns: number): Float64Array {
  const out = new Float64Array(n * columns);
  for (let i = 0; i < n; i++)
    for (let k = 0; k < n; k++) {
      const factor = a[i * n + k] as number;
      for (let j = 0; j < columns; j++) out[i * columns + j]! += factor * (b[k * columns + j] as number);
    }
  return out;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

const norm = (a: Float64Array) => Math.sqrt(dot(a, a));
