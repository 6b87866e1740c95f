/**
 * The plain reference of the kernels: each is its formula, written out; those of a cell are in the cell's file. In float64
 * it is the oracle that everything else is measured against; in float32 the same code stores every result rounded.
 */
import { inRanges, type Pieces } from '../math/pieces.js';
import { type AnomalyKernels, anomalyReference } from './anomaly-kernels.js';
import { type CellKernels, cellReference } from './cell-kernels.js';
import { type ColumnStore, plainColumns } from './columns.js';
import { type ForecastKernels, forecastReference } from './forecast-kernels.js';
import type { GradientPieces } from './gradient-pieces.js';
import { type InputKernels, inputReference } from './input-kernels.js';
import { type JudgeKernels, judgeReference } from './judge-kernels.js';
import {
  type Address,
  type Arena,
  type Kernels,
  NO_TARGET,
  type Reals,
  type Room,
  type SgdSettings,
} from './kernels.js';
import { timesMatrix, timesTransposed } from './reference-products.js';

/** What differs from precision to precision, and how matrices are kept. */
type Stored = 'name' | 'bytesPerReal' | 'allocate' | 'roomInPieces' | 'pack' | 'unpack' | 'rotate';

/** Creates the reference kernels of one precision. */
export function createReferenceKernels(precision: 'float32' | 'float64'): Kernels {
  const Store = precision === 'float32' ? Float32Array : Float64Array;
  const allocate = (length: number): Arena => ({
    data: new Store(length),
    base: 0,
    length,
    free: () => undefined,
  });
  const { allocateColumns } = plainColumns();
  return {
    name: `reference-${precision}`,
    bytesPerReal: precision === 'float32' ? 4 : 8,
    allocate,
    allocateColumns,
    roomInPieces: () => emptyRoom(allocate, allocateColumns),
    pack: copyMatrix,
    unpack: copyMatrix,
    ...anomalyReference,
    ...cellReference,
    ...forecastReference,
    ...inputReference,
    ...judgeReference,
    ...layerReference,
    ...gradientPiecesReference,
    rotate: rotateIn(precision === 'float32' ? Math.fround : (value) => value),
  };
}

/** Room that is made as it is taken: an array of its own begins as zeros anyway. */
function* emptyRoom(
  allocate: Kernels['allocate'],
  allocateColumns: Kernels['allocateColumns'],
): Pieces<Room> {
  return { allocate, allocateColumns, close: () => undefined };
}

/** What other files have. */
type Elsewhere = AnomalyKernels &
  CellKernels &
  ColumnStore &
  ForecastKernels &
  GradientPieces &
  InputKernels &
  JudgeKernels;

const layerReference: Omit<Kernels, keyof Elsewhere | Stored> = {
  dense(m, y, a, stride, w, b, R, A, M) {
    for (let r = 0; r < R; r++) timesMatrix(m, y + r * M, a + r * stride, w, b, A, M);
  },

  denseBackward(m, da, dy, w, R, A, M) {
    for (let r = 0; r < R; r++) timesTransposed(m, da + r * A, dy + r * M, w, A, M);
  },

  denseGradient(m, gw, gb, a, stride, dy, R, A, M) {
    for (let r = 0; r < R; r++) {
      const d = dy + r * M;
      for (let i = 0; i < A; i++) {
        const input = m[a + r * stride + i];
        for (let j = 0; j < M; j++) m[gw + i * M + j] += input * m[d + j];
      }
      for (let j = 0; j < M; j++) m[gb + j] += m[d + j];
    }
  },

  softmax(m, y, R, M) {
    for (let row = y; row < y + R * M; row += M) {
      let max = m[row];
      for (let j = 1; j < M; j++) max = Math.max(max, m[row + j]);
      let sum = 0;
      for (let j = 0; j < M; j++) sum += Math.exp(m[row + j] - max);
      for (let j = 0; j < M; j++) m[row + j] = Math.exp(m[row + j] - max) / sum;
    }
  },

  squaredError(m, dy, y, target, scale, factor, T, B, M, before = 0) {
    let loss = before;
    for (let i = 0; i < T * B * M; i++) {
      const j = i % M;
      const current = scale ? m[scale.current + j] : 1;
      const served = scale ? m[scale.served + Math.floor(i / (B * M)) * M + j] : 1;
      const counts = current > 0 && served > 0 && m[target + i] !== NO_TARGET;
      const units = served / current;
      const error = counts ? (m[y + i] - m[target + i]) * units : 0;
      loss += error * error;
      m[dy + i] = counts ? 2 * factor * error * units : 0;
    }
    return loss;
  },

  gradientSquares(m, a, stride, dy, R, A, M) {
    let sum = 0;
    for (let j = 0; j < M; j++) {
      for (let i = 0; i < A; i++) sum += gradientAt(m, a + i, stride, dy + j, R, M) ** 2;
      sum += biasGradientAt(m, dy + j, R, M) ** 2;
    }
    return sum;
  },

  descend(m, layer, settings) {
    const { w, b, velocity, velocityB, a, stride, dy, R, A, M } = layer;
    for (let i = 0; i < A; i++)
      for (let j = 0; j < M; j++) {
        const k = i * M + j;
        move(m, w + k, velocity + k, gradientAt(m, a + i, stride, dy + j, R, M), settings);
      }
    const undecayed = { ...settings, decay: 0 };
    for (let j = 0; j < M; j++) move(m, b + j, velocityB + j, biasGradientAt(m, dy + j, R, M), undecayed);
  },

  descendAlong(m, w, g, v, n, settings) {
    for (let i = 0; i < n; i++) move(m, w + i, v + i, m[g + i], settings);
  },

  adapt(m, w, g, m1, m2, n, { scale, rate, beta1, beta2, c1, c2, epsilon, l2, shrink }) {
    for (let i = 0; i < n; i++) {
      const gradient = scale * m[g + i] + l2 * m[w + i];
      if (beta1 > 0) m[m1 + i] += (1 - beta1) * (gradient - m[m1 + i]);
      m[m2 + i] += (1 - beta2) * (gradient * gradient - m[m2 + i]);
      const first = beta1 > 0 ? m[m1 + i] : gradient;
      m[w + i] -= shrink * m[w + i] + (rate * (first / c1)) / (Math.sqrt(m[m2 + i] / c2) + epsilon);
    }
  },

  squares(m, p, n) {
    let sum = 0;
    for (let i = p; i < p + n; i++) sum += m[i] * m[i];
    return sum;
  },

  largest(m, p, n) {
    let max = 0;
    for (let i = p; i < p + n; i++) max = Math.max(max, Math.abs(m[i]));
    return max;
  },
};

/** Columns of a matrix that make a piece: each weight is computed by itself. */
const columnsOf = (R: number, A: number, M: number, work: (from: number, to: number) => void): Pieces<void> =>
  inRanges(M, SLOW * R * (A + 1), work);

/** What a multiply-add costs that is written out, in those of the module. */
const SLOW = 8;

const gradientPiecesReference: GradientPieces = {
  *denseGradientInPieces(memory, gw, gb, a, stride, dy, R, A, M) {
    yield* inRanges(R, SLOW * (A + 1) * M, (from, to) => {
      const [rows, d] = [a + from * stride, dy + from * M];
      layerReference.denseGradient(memory.data, gw, gb, rows, stride, d, to - from, A, M);
    });
  },

  *descendInPieces(memory, { w, b, velocity, velocityB, a, stride, dy, R, A, M }, settings) {
    const undecayed = { ...settings, decay: 0 };
    yield* columnsOf(R, A, M, (from, to) => {
      const { data: m } = memory;
      for (let j = from; j < to; j++) {
        for (let k = j, i = 0; i < A; i++, k += M)
          move(m, w + k, velocity + k, gradientAt(m, a + i, stride, dy + j, R, M), settings);
        move(m, b + j, velocityB + j, biasGradientAt(m, dy + j, R, M), undecayed);
      }
    });
  },

  *gradientSquaresInPieces(memory, a, stride, dy, R, A, M) {
    let sum = 0;
    yield* columnsOf(R, A, M, (from, to) => {
      const { data: m } = memory;
      for (let j = from; j < to; j++) {
        for (let i = 0; i < A; i++) sum += gradientAt(m, a + i, stride, dy + j, R, M) ** 2;
        sum += biasGradientAt(m, dy + j, R, M) ** 2;
      }
    });
    return sum;
  },

  *squaresInPieces(memory, p, n) {
    let sum = 0;
    yield* inRanges(n, SLOW, (from, to) => {
      const { data: m } = memory;
      for (let i = p + from; i < p + to; i++) sum += m[i] * m[i];
    });
    return sum;
  },
};

/** Matrices are kept row after row. */
const copyMatrix: Kernels['pack'] = (m, at, rows, columns, from, fromAt = 0, [first, end] = [0, rows]) => {
  if (from) m.set(from.subarray(fromAt + first * columns, fromAt + end * columns), at + first * columns);
};

/** The rotation of rows with every result rounded, products too. */
const rotateIn =
  (round: (value: number) => number): Kernels['rotate'] =>
  (m, x, plan, count, M) => {
    for (let entry = plan; entry < plan + 4 * count; entry += 4) {
      const [i, j, c, s] = [m[entry], m[entry + 1], m[entry + 2], m[entry + 3]];
      for (let k = 0; k < M; k++) {
        const [u, v] = [m[x + i * M + k], m[x + j * M + k]];
        m[x + i * M + k] = round(c * u) - round(s * v);
        m[x + j * M + k] = round(s * u) + round(c * v);
      }
    }
  };

/** One weight's gradient: the products of a column of a and a column of dy. */
function gradientAt(m: Reals, a: Address, stride: number, dy: Address, R: number, M: number): number {
  let sum = 0;
  for (let r = 0; r < R; r++) sum += m[a + r * stride] * m[dy + r * M];
  return sum;
}

function biasGradientAt(m: Reals, dy: Address, R: number, M: number): number {
  let sum = 0;
  for (let r = 0; r < R; r++) sum += m[dy + r * M];
  return sum;
}

function move(
  m: Reals,
  w: Address,
  v: Address,
  gradient: number,
  { rate, momentum, nesterov, decay }: SgdSettings,
): void {
  const descent = decay === 0 ? rate * gradient : rate * gradient + decay * m[w];
  if (momentum === 0) {
    m[w] -= descent;
    return;
  }
  m[v] = momentum * m[v] - descent;
  m[w] += nesterov ? momentum * m[v] - descent : m[v];
}
