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
  const whole = 2 * cosines.length;
  for (let half = 1; half < size; half *= 2) {
    const stride = whole / (2 * half);
    for (let k = 0, at = 0; k < half; k++, at += stride) {
      const c = cosines[at]!;
      const s = sines[at]!;
      for (let i = k; i < size; i += 2 * half) {
        const j = i + half;
        const x = re[j]! * c + im[j]! * s;
        const y = im[j]! * c - re[j]! * s;
        re[j] = re[i]! - x;
        im[j] = im[i]! - y;
        re[i] = re[i]! + x;
        im[i] = im[i]! + y;
      }
    }
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
    [re[i], re[j]] = [re[j]!, re[i]!];
    [im[i], im[j]] = [im[j]!, im[i]!];
  }
}
