/** The two products of a layer, written out. */
import type { Address, Reals } from './arena.js';

/** y [M] = a [A] w + b, w [A,M]. */
export function timesMatrix(
  m: Reals,
  y: Address,
  a: Address,
  w: Address,
  b: Address,
  A: number,
  M: number,
): void {
  for (let j = 0; j < M; j++) {
    let sum = m[b + j];
    for (let i = 0; i < A; i++) sum += m[a + i] * m[w + i * M + j];
    m[y + j] = sum;
  }
}

/** out [A] = d [M] w^T, w [A,M]. */
export function timesTransposed(m: Reals, out: Address, d: Address, w: Address, A: number, M: number): void {
  for (let i = 0; i < A; i++) {
    let sum = 0;
    for (let j = 0; j < M; j++) sum += m[d + j] * m[w + i * M + j];
    m[out + i] = sum;
  }
}
