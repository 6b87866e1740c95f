/** Random matrices that first weights are drawn as. */
import type { Address, Kernels, Reals } from '../../kernels/kernels.js';
import { inRanges, type Pieces } from '../../math/pieces.js';
import type { Random } from '../../math/random.js';
import { drawReflections } from './reflections.js';
import { drawRotations } from './rotations.js';

/** How orthogonal matrices are drawn: `reflections` in version 0.1, whose sequences stay with them, `rotations` since. */
export const DRAWS = ['rotations', 'reflections'] as const;
export type Draw = (typeof DRAWS)[number];

/** What first weights are drawn with, and where to. */
export interface Drawing {
  readonly kernels: Kernels;
  readonly random: Random;
  readonly draw: Draw;
  /** An array of its own, no memory of the kernels. */
  readonly to: Reals;
}

/** What a random number costs. */
const DRAWN = 100;

/**
 * Draws [rows,columns], whose rows lie `stride` apart, from U(-l, l), l = sqrt(6 / (rows + columns)) (Glorot and Bengio
 * 2010, equation 16).
 */
export function* glorotUniform(
  { to, random }: Drawing,
  at: Address,
  rows: number,
  columns: number,
  stride = columns,
): Pieces<void> {
  const limit = Math.sqrt(6 / (rows + columns));
  yield* inRanges(rows, DRAWN * columns, (first, end) => {
    for (let i = first; i < end; i++)
      for (let j = 0; j < columns; j++) to[at + i * stride + j] = random.uniform(-limit, limit);
  });
}

/** Draws an orthogonal [n,n] matrix, whose rows lie `stride` apart (Saxe et al. 2014 for its use). */
export function* orthogonal(
  { kernels, random, draw, to }: Drawing,
  at: Address,
  n: number,
  stride = n,
): Pieces<void> {
  if (draw === 'rotations') yield* drawRotations(kernels, random, to, at, n, stride);
  else yield* drawReflections(random, to, at, n, stride);
}
