/**
 * The gradient of a layer in pieces: what `denseGradient`, `descend`, `gradientSquares` and `squares` do at once, with
 * their bits. Which weights a piece can hold is the matter of the kernels that keep them; those of the module keep them in
 * panels, see panels.ts.
 */
import { inRanges, PIECE, type Pieces } from '../math/pieces.js';
import type { Address, Arena, LayerSizes, Reals } from './arena.js';
import type { LayerGradient, SgdSettings } from './layer-gradient.js';

/** Where the memory is, whose array is read again after each piece. */
export type Memory = Pick<Arena, 'data'>;

export interface GradientPieces {
  denseGradientInPieces(
    memory: Memory,
    gw: Address,
    gb: Address,
    a: Address,
    stride: number,
    dy: Address,
    ...sizes: LayerSizes
  ): Pieces<void>;
  descendInPieces(memory: Memory, layer: LayerGradient, settings: SgdSettings): Pieces<void>;
  gradientSquaresInPieces(
    memory: Memory,
    a: Address,
    stride: number,
    dy: Address,
    ...sizes: LayerSizes
  ): Pieces<number>;
  squaresInPieces(memory: Memory, p: Address, n: number): Pieces<number>;
}

type Layer = [a: number, stride: number, d: number, dStride: number, ...LayerSizes];
type Biases = [d: number, dStride: number, R: number, M: number];
type Sgd = [rate: number, momentum: number, nesterov: boolean];

/** What the module exports for it. Addresses are bytes. */
export interface GradientPiecesExports {
  addWeights(w: number, ...layer: Layer): void;
  addBiases(b: number, ...biases: Biases): void;
  descendWeights(w: number, v: number, ...settings: [...Layer, ...Sgd, decay: number]): void;
  descendBiases(b: number, vb: number, ...settings: [...Biases, ...Sgd]): void;
  weightSquares(...settings: [...Layer, total: number, lanes: number]): number;
  biasSquares(...settings: [...Biases, total: number]): number;
  isByWeights(...sizes: LayerSizes): number | boolean;
  rowSquares(a: number, stride: number, d: number, A: number, M: number, ...rows: RowRange): number;
  addSquares(sums: number, p: number, n: number): void;
  endSquares(sums: number, p: number, n: number): number;
}
type RowRange = [first: number, end: number, total: number];

/** Reads and writes of a weight and of its velocity, in multiply-adds. */
const WRITTEN = 4;

/** What a sum over rows costs: many of them lie too far apart in memory to stay near. */
export const farther = (rows: number): number => (rows > 256 ? 4 * rows : rows);

/** Columns [at,at + width) of a matrix, whole panels or one, and rows of them. */
interface Tile {
  readonly at: number;
  readonly width: number;
  readonly first: number;
  readonly end: number;
}

/** Cuts a matrix [A,M] into tiles whose weights cost `each`, panels of 32 in as many halves as `step` is less than 32. */
export function* tilesOf(A: number, M: number, each: number, step: 16 | 32): Generator<Tile> {
  const whole = M & ~31;
  const together = Math.floor(PIECE / (each * A * 32));
  for (let at = 0; at < whole; at += 32 * Math.max(1, together)) {
    const width = 32 * Math.min(together, (whole - at) / 32);
    if (together > 0) yield { at, width, first: 0, end: A };
    else for (let part = at; part < at + 32; part += step) yield* rowsOf(A, part, step, each);
  }
  for (let at = whole; at < M; ) {
    const width = [16, 8, 4].find((size) => M - at >= size) ?? M - at;
    yield* rowsOf(A, at, width, each);
    at += width;
  }
}

/** Cuts columns into ranges of rows, each but the last an even number of them. */
function* rowsOf(A: number, at: number, width: number, each: number): Generator<Tile> {
  const rows = Math.max(2, Math.floor(PIECE / (each * width)) & ~1);
  for (let first = 0; first < A; first += rows) yield { at, width, first, end: Math.min(A, first + rows) };
}

/** Where a tile's weights begin in panels: whole panels, or one. */
const offsetOf = ({ at, width, first }: Tile, A: number): number => A * at + first * width;

/** @param scratch byte address of 64 bytes that belong to no model */
export function gradientPiecesOnWasm(
  wasm: GradientPiecesExports,
  scratch: number,
  view: () => Reals,
): GradientPieces {
  const lanes = () => view().subarray(scratch / 4, scratch / 4 + 16);
  return {
    *denseGradientInPieces(_memory, gw, gb, a, stride, dy, R, A, M) {
      const each = farther(R) + WRITTEN;
      for (const tile of tilesOf(A, M, each, 32)) {
        const { at, width, first, end } = tile;
        const w = 4 * (gw + offsetOf(tile, A));
        wasm.addWeights(w, 4 * (a + first), stride, 4 * (dy + at), M, R, end - first, width);
        yield each * width * (end - first);
      }
      yield* inRanges(M, farther(R), (from, to) =>
        wasm.addBiases(4 * (gb + from), 4 * (dy + from), M, R, to - from),
      );
    },

    *descendInPieces(_memory, layer, { rate, momentum, nesterov, decay }) {
      const { w, b, velocity, velocityB, a, stride, dy, R, A, M } = layer;
      const each = farther(R) + WRITTEN;
      for (const tile of tilesOf(A, M, each, 32)) {
        const { at, width, first, end } = tile;
        const offset = offsetOf(tile, A);
        const v = momentum === 0 ? 0 : 4 * (velocity + offset);
        const rows = end - first;
        const from = 4 * (a + first);
        const d = 4 * (dy + at);
        wasm.descendWeights(
          4 * (w + offset),
          v,
          from,
          stride,
          d,
          M,
          R,
          rows,
          width,
          rate,
          momentum,
          nesterov,
          decay,
        );
        yield each * width * rows;
      }
      yield* inRanges(M, farther(R), (from, to) => {
        const vb = momentum === 0 ? 0 : 4 * (velocityB + from);
        wasm.descendBiases(4 * (b + from), vb, 4 * (dy + from), M, R, to - from, rate, momentum, nesterov);
      });
    },

    *gradientSquaresInPieces(_memory, a, stride, dy, R, A, M) {
      let total = 0;
      if (!wasm.isByWeights(R, A, M)) {
        const most = Math.max(1, Math.floor(PIECE / ((A + M) * R)));
        for (let first = 0; first < R; first += most) {
          const end = Math.min(R, first + most);
          total = wasm.rowSquares(4 * a, stride, 4 * dy, A, M, first, end, total);
          yield (A + M) * end * (end - first);
        }
        return total;
      }
      // the lanes of 16 columns that are cut into rows go on from piece to piece
      const kept = new Float32Array(4);
      const each = farther(R);
      for (const { at, width, first, end } of tilesOf(A, M, each, 16)) {
        const isCut = width === 16 && end - first < A;
        if (isCut) lanes().set(first === 0 ? [0, 0, 0, 0] : kept);
        const from = 4 * (a + first);
        const d = 4 * (dy + at);
        total = wasm.weightSquares(from, stride, d, M, R, end - first, width, total, isCut ? scratch : 0);
        if (isCut) kept.set(lanes().subarray(0, 4));
        if (isCut && end === A) total += kept[0]! + kept[1]! + kept[2]! + kept[3]!;
        yield each * width * (end - first);
      }
      yield* inRanges(M, farther(R), (from, to) => {
        total = wasm.biasSquares(4 * (dy + from), M, R, to - from, total);
      });
      return total;
    },

    *squaresInPieces(_memory, p, n) {
      const whole = n & ~3;
      const kept = new Float32Array(8);
      yield* inRanges(whole / 4, 4 * WRITTEN, (first, end) => {
        lanes().set(kept);
        wasm.addSquares(scratch, 4 * (p + 4 * first), 4 * (end - first));
        kept.set(lanes().subarray(0, 8));
      });
      lanes().set(kept);
      return wasm.endSquares(scratch, 4 * (p + whole), n - whole);
    },
  };
}
