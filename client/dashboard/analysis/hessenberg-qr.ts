/** An eigenvalue. */
export interface Modulus {
  readonly re: number;
  readonly im: number;
}
/** Rounds that one eigenvalue may take. The worst matrices known need about 30. */
const MAX_ROUNDS = 300;
const EPSILON = 2 ** -52;

/**
 * Gives the eigenvalues of an upper Hessenberg matrix, which is used up: Francis' QR algorithm with double shifts, as in
 * EISPACK's hqr (Martin, Peters and Wilkinson 1970). Real numbers are enough for complex pairs.
 */
export function eigenvalues(h: number[][]): Modulus[] {
  const found: Modulus[] = [];
  let end = h.length - 1;
  let rounds = 0;
  while (end >= 0) {
    const start = splitBefore(h, end);
    if (start === end) {
      found.push({ re: at(h, end, end), im: 0 });
      end--;
      rounds = 0;
    } else if (start === end - 1) {
      found.push(...pair(h, end));
      end -= 2;
      rounds = 0;
    } else if (rounds++ === MAX_ROUNDS) {
      // give up on this one and go on with the rest: not seen, and better than to hang
      found.push({ re: at(h, end, end), im: 0 });
      end--;
      rounds = 0;
    } else chase(h, start, end, rounds);
  }
  return found;
}

const at = (h: readonly number[][], i: number, j: number) => (h[i] as number[])[j] as number;
const put = (h: number[][], i: number, j: number, value: number) => {
  (h[i] as number[])[j] = value;
};

/** Gives where the block that ends at `end` begins: below a subdiagonal number that is as good as 0. */
function splitBefore(h: number[][], end: number): number {
  for (let l = end; l > 0; l--) {
    const near = Math.abs(at(h, l - 1, l - 1)) + Math.abs(at(h, l, l));
    if (Math.abs(at(h, l, l - 1)) > EPSILON * (near || 1)) continue;
    put(h, l, l - 1, 0);
    return l;
  }
  return 0;
}

/** Gives the eigenvalues of the 2 x 2 block that ends at `end`. */
function pair(h: number[][], end: number): [Modulus, Modulus] {
  const [a, b] = [at(h, end - 1, end - 1), at(h, end - 1, end)];
  const [c, d] = [at(h, end, end - 1), at(h, end, end)];
  const p = (a - d) / 2;
  const q = p * p + b * c;
  if (q < 0) {
    const im = Math.sqrt(-q);
    return [
      { re: d + p, im },
      { re: d + p, im: -im },
    ];
  }
  const z = p + (p < 0 ? -1 : 1) * Math.sqrt(q);
  return [
    { re: d + z, im: 0 },
    { re: z === 0 ? d : d - (b * c) / z, im: 0 },
  ];
}

/** One double-shifted QR step on the block start .. end: a bulge is made at its top and chased down to its end. */
function chase(h: number[][], start: number, end: number, round: number): void {
  let x = at(h, end, end);
  let y = at(h, end - 1, end - 1);
  let w = at(h, end, end - 1) * at(h, end - 1, end);
  if (round % 10 === 0) {
    // an exceptional shift, where the usual ones go round in circles
    const s = Math.abs(at(h, end, end - 1)) + Math.abs(at(h, end - 1, end - 2));
    x = 0.75 * s;
    y = x;
    w = -0.4375 * s * s;
  }
  const shifted = (m: number) => {
    const [hmm, r, s] = [at(h, m, m), x - at(h, m, m), y - at(h, m, m)];
    return [
      (r * s - w) / at(h, m + 1, m) + at(h, m, m + 1),
      at(h, m + 1, m + 1) - hmm - r - s,
      at(h, m + 2, m + 1),
    ];
  };
  for (let k = start; k < end; k++) {
    const isLast = k === end - 1;
    const [p, q, r] =
      k === start
        ? (shifted(start) as [number, number, number])
        : [at(h, k, k - 1), at(h, k + 1, k - 1), isLast ? 0 : at(h, k + 2, k - 1)];
    reflect(h, k, start, end, p, q, isLast ? 0 : r);
  }
}

/** Applies the Householder reflection that turns [p, q, r] upright, from both sides, to rows and columns k .. k + 2. */
function reflect(h: number[][], k: number, start: number, end: number, p: number, q: number, r: number) {
  const scale = Math.abs(p) + Math.abs(q) + Math.abs(r);
  if (scale === 0) return;
  const [a, b, c] = [p / scale, q / scale, r / scale];
  const length = Math.sqrt(a * a + b * b + c * c) * (a < 0 ? -1 : 1);
  // I - beta v v^T, v = [1, v1, v2]
  const [v1, v2, beta] = [b / (a + length), c / (a + length), (a + length) / length];
  const three = k + 2 <= end;
  if (k > start) {
    put(h, k, k - 1, -length * scale);
    put(h, k + 1, k - 1, 0);
    if (three) put(h, k + 2, k - 1, 0);
  }
  for (let j = k; j <= end; j++) {
    const sum = beta * (at(h, k, j) + v1 * at(h, k + 1, j) + (three ? v2 * at(h, k + 2, j) : 0));
    put(h, k, j, at(h, k, j) - sum);
    put(h, k + 1, j, at(h, k + 1, j) - v1 * sum);
    if (three) put(h, k + 2, j, at(h, k + 2, j) - v2 * sum);
  }
  for (let i = start; i <= Math.min(end, k + 3); i++) {
    const sum = beta * (at(h, i, k) + v1 * at(h, i, k + 1) + (three ? v2 * at(h, i, k + 2) : 0));
    put(h, i, k, at(h, i, k) - sum);
    put(h, i, k + 1, at(h, i, k + 1) - v1 * sum);
    if (three) put(h, i, k + 2, at(h, i, k + 2) - v2 * sum);
  }
}
