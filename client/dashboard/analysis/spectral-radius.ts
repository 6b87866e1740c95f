/**
 * The spectral radius of a square matrix: the largest modulus of its eigenvalues, complex ones included. Of Wh it tells
 * whether a state without input fades (below 1) or may grow.
 *
 * Arnoldi's method (1951) gives a small matrix that acts as the large one does on the vectors it has seen; the QR
 * algorithm (Francis 1961) gives the eigenvalues of that. Where it may take as many vectors as the matrix is wide, the
 * answer is exact but for rounding.
 */
import { eigenvalues, type Modulus } from './hessenberg-qr.js';

/** Vectors taken of a large matrix. Beyond it the answer is an estimate from below, good to a few percent. */
const MAX_VECTORS = 96;

/**
 * Gives the spectral radius of `matrix` [n,n], row after row; NaN where it holds a number that is not finite.
 *
 * @param at where the matrix begins
 */
export function spectralRadius(matrix: ArrayLike<number>, n: number, at = 0): number {
  if (n === 0) return 0;
  let scale = 0;
  for (let i = 0; i < n * n; i++) scale = Math.max(scale, Math.abs(matrix[at + i] as number));
  if (!Number.isFinite(scale)) return Number.NaN;
  if (scale === 0) return 0;
  const a = Float64Array.from({ length: n * n }, (_, i) => (matrix[at + i] as number) / scale);
  const blocks = arnoldi(a, n, Math.min(n, MAX_VECTORS));
  return scale * Math.max(...blocks.flatMap((block) => eigenvalues(block).map(modulus)));
}

const modulus = ({ re, im }: Modulus) => Math.hypot(re, im);

/**
 * Gives Hessenberg matrices whose eigenvalues are those of a [n,n], or near its outermost ones: more than one where the
 * vectors seen so far span a space that the matrix maps into itself, and a new vector has to be taken.
 */
function arnoldi(a: Float64Array, n: number, most: number): number[][][] {
  const basis: Float64Array[] = [];
  const blocks: number[][][] = [];
  while (basis.length < most) {
    const start = freshVector(basis, n);
    if (!start) break;
    const from = basis.length;
    const columns: number[][] = [];
    let next: Float64Array | null = start;
    while (next && basis.length < most) {
      basis.push(next);
      const image = multiply(a, next, n);
      const size = norm(image);
      const column = orthogonalise(image, basis);
      const left = norm(image);
      // the block's own part: what earlier blocks span is mapped into itself, and lies above its diagonal
      columns.push([...column.slice(from), left]);
      next = left > 1e-12 * Math.max(size, 1e-300) && left > 0 ? image.map((value) => value / left) : null;
    }
    blocks.push(hessenberg(columns));
  }
  return blocks;
}

/** Lays out columns of growing length as a square matrix. */
const hessenberg = (columns: readonly number[][]): number[][] =>
  columns.map((_, i) => columns.map((column, j) => (i <= j + 1 ? (column[i] as number) : 0)));

/** Takes out of a vector what lies in the basis, twice, since once leaves rounding behind; gives how much it was. */
function orthogonalise(vector: Float64Array, basis: readonly Float64Array[]): number[] {
  const parts = basis.map(() => 0);
  for (let pass = 0; pass < 2; pass++)
    for (const [k, unit] of basis.entries()) {
      let along = 0;
      for (let i = 0; i < vector.length; i++) along += (vector[i] as number) * (unit[i] as number);
      for (let i = 0; i < vector.length; i++) vector[i] = (vector[i] as number) - along * (unit[i] as number);
      parts[k] = (parts[k] as number) + along;
    }
  return parts;
}

/** Gives a unit vector at right angles to the basis, the same at every call; null if there is none. */
function freshVector(basis: readonly Float64Array[], n: number): Float64Array | null {
  for (let attempt = 0; attempt < n; attempt++) {
    // no pattern that a matrix of a model would share
    const vector = Float64Array.from(
      { length: n },
      (_, i) => (((i + attempt + 1) * 0.618_033_988_749_895) % 1) - 0.5,
    );
    const before = norm(vector);
    orthogonalise(vector, basis);
    const left = norm(vector);
    if (left > 1e-8 * before) return vector.map((value) => value / left);
  }
  return null;
}

function multiply(a: Float64Array, x: Float64Array, n: number): Float64Array {
  const y = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += (a[i * n + j] as number) * (x[j] as number);
    y[i] = sum;
  }
  return y;
}

function norm(vector: Float64Array): number {
  let sum = 0;
  for (const value of vector) sum += value * value;
  return Math.sqrt(sum);
}
