/**
 * Long work in pieces. Each `yield` gives what the piece just done cost, in multiply-adds or in numbers that were copied
 * or looked at. Whoever runs it decides when it goes on; run to its end at once it gives the same bits.
 */
export type Pieces<T = void> = Generator<number, T, void>;

/** What a piece costs at most, as far as the arithmetic allows: about 2 ms. */
export const PIECE = 2 ** 23;

/** Runs work to its end. */
export function finish<T>(pieces: Pieces<T>): T {
  for (;;) {
    const piece = pieces.next();
    if (piece.done) return piece.value;
  }
}
