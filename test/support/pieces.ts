/** Work in pieces, looked at piece by piece. */
import type { Kernels } from '../../src/kernels/kernels.js';
import type { Pieces } from '../../src/math/pieces.js';

/** Runs work to its end and gives what its pieces cost, and its result. @param between what happens between two of them */
export function costsOf<T>(pieces: Pieces<T>, between?: () => void): { costs: number[]; value: T } {
  const costs: number[] = [];
  for (;;) {
    const { done, value } = pieces.next();
    if (done) return { costs, value };
    costs.push(value);
    between?.();
  }
}

/** Runs work while, between two of its pieces, other work allocates so much that the memory of the kernels moves. */
export function runAmidOthers<T>(pieces: Pieces<T>, kernels: Kernels): T {
  const others: { free(): void }[] = [];
  const { value } = costsOf(pieces, () => {
    if (others.length < 40) others.push(kernels.allocate(20_000), kernels.allocateColumns(20_000));
  });
  for (const other of others) other.free();
  return value;
}
