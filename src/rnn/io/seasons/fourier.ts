/**
 * The discrete Fourier transform of a power of two of complex numbers, with the same bits on every machine: twiddles of
 * exactly rounded arithmetic, and butterflies in one order (Cooley and Tukey 1965, radix 2, decimation in time).
 */
import { sinTurn } from '../../../math/sine.js';

/** Cosine and sine of k / size turns, for k below half of size: what the largest transform so far needed. */
let cosines = new Float64Array(0);
let sines = new Float64Array(0);

/** Gives the smallest power of two that is no less than `count`. */
export function powerOfTwo(count: number): number {
  let size = 1;
  while (size < count) size *= 2;
  return size;
}

/** Transforms `size` complex numbers in place: X_k = sum of x_t e^(-2 pi i k t / size). @param size a power of two */
export function transform(re: Float64Array, im: Float64Array, size: number): void {
  prepare(size);
  reverseBits(re, im, size);
  let half = 1;
  for (; 4 * half <= size; half *= 4) twoStages(re, im, size, half);
  if (half < size) stage(re, im, size, half);
}

/** One stage: butterflies of numbers that lie `half` apart. */
function stage(re: Float64Array, im: Float64Array, size: number, half: number): void {
  const cos = cosines;
  const sin = sines;
  const stride = cos.length / half;
  for (let first = 0; first < size; first += 2 * half)
    for (let k = 0, at = 0; k < half; k++, at += stride) {
      const i = first + k;
      const j = i + half;
      const c = cos[at]!;
      const s = sin[at]!;
      const a = re[j]!;
      const b = im[j]!;
      const x = a * c + b * s;
      const y = b * c - a * s;
      re[j] = re[i]! - x;
      im[j] = im[i]! - y;
      re[i] = re[i]! + x;
      im[i] = im[i]! + y;
    }
}

/** Two stages, of `half` and of twice that, in one pass over the numbers: with the same bits as one after the other. */
function twoStages(re: Float64Array, im: Float64Array, size: number, half: number): void {
  const cos = cosines;
  const sin = sines;
  const stride = cos.length / half;
  const quarter = cos.length >> 1;
  for (let first = 0; first < size; first += 4 * half)
    for (let k = 0, at = 0; k < half; k++, at += stride) {
      const i0 = first + k;
      const i1 = i0 + half;
      const i2 = i1 + half;
      const i3 = i2 + half;
      const c = cos[at]!;
      const s = sin[at]!;
      const a0 = re[i0]!;
      const b0 = im[i0]!;
      const a1 = re[i1]!;
      const b1 = im[i1]!;
      const a2 = re[i2]!;
      const b2 = im[i2]!;
      const a3 = re[i3]!;
      const b3 = im[i3]!;
      const x1 = a1 * c + b1 * s;
      const y1 = b1 * c - a1 * s;
      const x3 = a3 * c + b3 * s;
      const y3 = b3 * c - a3 * s;
      const p0 = a0 + x1;
      const q0 = b0 + y1;
      const p1 = a0 - x1;
      const q1 = b0 - y1;
      const p2 = a2 + x3;
      const q2 = b2 + y3;
      const p3 = a2 - x3;
      const q3 = b2 - y3;
      const next = at >> 1;
      const d = cos[next]!;
      const t = sin[next]!;
      const e = cos[next + quarter]!;
      const u = sin[next + quarter]!;
      const x2 = p2 * d + q2 * t;
      const y2 = q2 * d - p2 * t;
      const z = p3 * e + q3 * u;
      const w = q3 * e - p3 * u;
      re[i0] = p0 + x2;
      im[i0] = q0 + y2;
      re[i1] = p1 + z;
      im[i1] = q1 + w;
      re[i2] = p0 - x2;
      im[i2] = q0 - y2;
      re[i3] = p1 - z;
      im[i3] = q1 - w;
    }
}

/**
 * Fills both tables from the sines of a quarter turn. A twiddle depends on its angle alone, so that it is the same
 * whichever size of transform asked for it first.
 */
function prepare(size: number): void {
  const half = Math.max(2, size / 2);
  if (cosines.length >= half) return;
  cosines = new Float64Array(half);
  sines = new Float64Array(half);
  const quarter = half / 2;
  for (let k = 0; k <= quarter; k++) {
    const sine = sinTurn(k / (2 * half));
    sines[k] = sine;
    if (k > 0) sines[half - k] = sine;
    cosines[quarter - k] = sine;
    if (k > 0 && k < quarter) cosines[quarter + k] = -sine;
  }
}

function reverseBits(re: Float64Array, im: Float64Array, size: number): void {
  for (let i = 1, j = 0; i < size; i++) {
    let bit = size / 2;
    for (; j >= bit; bit /= 2) j -= bit;
    j += bit;
    if (i >= j) continue;
    const x = re[i]!;
    re[i] = re[j]!;
    re[j] = x;
    const y = im[i]!;
    im[i] = im[j]!;
    im[j] = y;
  }
}
