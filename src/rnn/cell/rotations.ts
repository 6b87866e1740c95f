/**
 * A random orthogonal matrix as a product of rotations: Q = R_L ... R_2 R_1 D. D has random signs; each layer R turns all
 * rows, in random disjoint pairs, by random angles. That is 2 L n^2 multiply-adds, where reflections take 2/3 n^3.
 *
 * A vector whose coordinates are turned in random pairs is uniform on the sphere after a multiple of n log n such turns
 * (Kac's walk; Pillai and Smith 2017, "Kac's walk on n-sphere mixes in n log n steps"), and each column of Q is one. L = 4
 * log2 n layers are 2 n log2 n turns: each layer leaves 3/4 of what the fourth moment of the elements is too large by, so
 * (3/4)^L n, about n^-.66, is left of it. Products of few rotations stand in for uniform matrices in Genz (1998) as well.
 */
import type { Address, Kernels, Reals } from '../../kernels/kernels.js';
import { type Pieces, VISIT } from '../../math/pieces.js';
import type { Random } from '../../math/random.js';
import { cosTurn, sinTurn } from '../../math/sine.js';

/** Columns that are turned at a time: 1,024 rows of them fit into a second cache of 256 KiB. */
const STRIP = 64;

/** What an entry of a plan costs: three random numbers, a sine and a cosine. */
const PLANNED = 500;

/** Draws an orthogonal [n,n] matrix to `at` of an array, where its rows lie `stride` apart. */
export function* drawRotations(
  kernels: Kernels,
  random: Random,
  to: Reals,
  at: Address,
  n: number,
  stride: number,
): Pieces<void> {
  const layers = 4 * Math.ceil(Math.log2(n));
  const count = layers * (n >> 1);
  const scratch = kernels.allocate(n * STRIP + 4 * count);
  try {
    const strip = scratch.base;
    const plan = strip + n * STRIP;
    const signs = Array.from({ length: n }, () => (random.uniform(-1, 1) < 0 ? -1 : 1));
    const order = Array.from({ length: n }, (_, row) => row);
    for (let layer = 0; layer < layers; layer++) {
      shuffle(order, random);
      planLayer(scratch.data, plan + 4 * layer * (n >> 1), order, random);
      yield PLANNED * n;
    }
    for (let first = 0; first < n; first += STRIP) {
      const { data: s } = scratch;
      const width = Math.min(STRIP, n - first);
      s.fill(0, strip, strip + n * width);
      for (let j = 0; j < width; j++) s[strip + (first + j) * width + j] = signs[first + j]!;
      kernels.rotate(s, strip, plan, count, width);
      copyStrip(s, strip, to, at + first, n, width, stride);
      yield 4 * count * width + VISIT * n * width;
    }
  } finally {
    scratch.free();
  }
}

/** Writes the plan [ i, j, c, s ] of a layer: rows in pairs, in their order, the odd one left out, and angles of any size. */
function planLayer(m: Reals, at: Address, order: readonly number[], random: Random): void {
  let entry = at;
  for (let k = 0; k + 1 < order.length; k += 2) {
    const turn = random.uniform(0, 1);
    m[entry++] = order[k]!;
    m[entry++] = order[k + 1]!;
    m[entry++] = cosTurn(turn);
    m[entry++] = sinTurn(turn);
  }
}

/** Puts items into an order of which all are equally likely (Fisher and Yates; Knuth 1997, algorithm 3.4.2 P). */
function shuffle(items: number[], random: Random): void {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(random.uniform(0, i + 1));
    const item = items[i]!;
    items[i] = items[j]!;
    items[j] = item;
  }
}

function copyStrip(
  from: Reals,
  strip: Address,
  to: Reals,
  at: Address,
  rows: number,
  width: number,
  stride: number,
): void {
  for (let row = 0; row < rows; row++)
    to.set(from.subarray(strip + row * width, strip + (row + 1) * width), at + row * stride);
}
