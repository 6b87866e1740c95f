/** Random matrices that first weights are drawn as. */
import type { Address, Arena, Kernels } from '../../kernels/kernels.js';
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
  readonly to: Arena;
}

/**
 * Draws [rows,columns], whose rows lie `stride` apart, from U(-l, l), l = sqrt(6 / (rows + columns)) (Glorot and Bengio
 * 2010, equation 16).
 */
export function glorotUniform(
  { to, random }: Drawing,
  at: Address,
  rows: number,
  columns: number,
  stride = columns,
): void {
  const limit = Math.sqrt(6 / (rows + columns));
  const { data } = to;
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) data[at + i * stride + j] = random.uniform(-limit, limit);
}

/** Draws an orthogonal [n,n] matrix, whose rows lie `stride` apart (Saxe et al. 2014 for its use). */
export function orthogonal({ kernels, random, draw, to }: Drawing, at: Address, n: number, stride = n): void {
  if (draw === 'rotations') drawRotations(kernels, random, to, at, n, stride);
  else drawReflections(random, to, at, n, stride);
}
