/**
 * The WebAssembly kernels: one module with f32x4 arithmetic of its own, for Node and the browser alike. No relaxed SIMD,
 * no Math: the same bits on every machine. All numbers of all models lie in the module's memory.
 */
import { type AnomalyExports, anomalyOnWasm } from './anomaly-kernels.js';
import type { Exported } from './arena.js';
import { type CellExports, cellsOnWasm } from './cell-kernels.js';
import { columnsOn } from './columns.js';
import { type ForecastExports, forecastOnWasm } from './forecast-kernels.js';
import { type GradientPiecesExports, gradientPiecesOnWasm } from './gradient-pieces.js';
import { Heap } from './heap.js';
import { type InputExports, inputsOnWasm } from './input-kernels.js';
import { type JudgeExports, judgeOnWasm } from './judge-kernels.js';
import type { Arena, Kernels, Reals } from './kernels.js';
import { MODULE } from './module.js';
import { pack, unpack } from './panels.js';
import { roomOn } from './room.js';

/** Kernels that the module exports as they are. */
type Plain =
  | 'dense'
  | 'denseBackward'
  | 'denseGradient'
  | 'gradientSquares'
  | 'rotate'
  | 'squares'
  | 'softmax'
  | 'largest';

type Sgd = [rate: number, momentum: number, nesterov: boolean, decay: number];
type Layer = [w: number, b: number, v: number, vb: number, a: number, stride: number, d: number, ...Sizes];
type Sizes = [rows: number, inputs: number, outputs: number];
type Adapt = [scale: number, l2: number, first: number, second: number, ...AdaptStep];
type AdaptStep = [rate: number, root: number, epsilon: number, shrink: number];
type Scaled = [served: number, current: number, factor: number, ...LossSizes];
type LossSizes = [T: number, B: number, M: number, before: number];

/** What the module exports. Addresses are bytes. */
interface Exports
  extends Exported<Pick<Kernels, Plain>>,
    CellExports,
    GradientPiecesExports,
    AnomalyExports,
    ForecastExports,
    InputExports,
    JudgeExports {
  readonly memory: WebAssembly.Memory;
  heapBase(): number;
  descend(...layer: [...Layer, ...Sgd]): void;
  descendAlong(w: number, g: number, v: number, n: number, ...settings: Sgd): void;
  adapt(w: number, g: number, m1: number, m2: number, n: number, ...settings: Adapt): void;
  squaredError(dy: number, y: number, target: number, ...scaleAndSizes: Scaled): number;
  tanhAll(p: number, n: number): void;
}

const PAGE = 65_536;

/** A module of one function, of one v128 instruction. */
const SIMD_PROBE = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98,
  11,
];

/** Tells whether this engine has WebAssembly with SIMD. */
export const hasWasmSimd = (): boolean =>
  typeof WebAssembly === 'object' && WebAssembly.validate(Uint8Array.from(SIMD_PROBE));

/** The most pages that are taken before they are needed: 64 MiB. */
const MOST_AHEAD = 1024;

/**
 * Grows a memory by so many pages or, because each time costs milliseconds and collects garbage, by a quarter of what is there.
 * What is never written takes no memory of the machine.
 */
function growBy(memory: WebAssembly.Memory, pages: number): void {
  const ahead = Math.min(MOST_AHEAD, Math.floor(memory.buffer.byteLength / PAGE / 4));
  try {
    memory.grow(Math.max(pages, ahead));
  } catch (error) {
    if (!(error instanceof RangeError) || ahead <= pages) throw error;
    memory.grow(pages);
  }
}

/** Instantiates the module. Models of one thread should share one instance. */
export function createWasmKernels(): Kernels & { tanhAll(m: Reals, p: number, n: number): void } {
  const bytes = Uint8Array.from(atob(MODULE), (char) => char.charCodeAt(0));
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  const wasm = instance.exports as unknown as Exports;
  const { memory } = wasm;
  let data = new Float32Array(memory.buffer);
  let columns = new Float64Array(memory.buffer);
  const grow = (size: number) => {
    const pages = Math.ceil(size / PAGE) - memory.buffer.byteLength / PAGE;
    if (pages <= 0) return;
    growBy(memory, pages);
    data = new Float32Array(memory.buffer);
    columns = new Float64Array(memory.buffer);
  };
  const heap = new Heap(wasm.heapBase(), grow, 64);
  // an arena that is forgotten without free() is given back when it is collected
  const forgotten = new FinalizationRegistry<[at: number, bytes: number]>((part) => heap.release(...part));
  const arenaAt = (at: number, length: number): Arena => {
    const arena: Arena = {
      get data() {
        return data;
      },
      base: at / 4,
      length,
      free() {
        if (forgotten.unregister(arena)) heap.release(at, 4 * length);
      },
    };
    forgotten.register(arena, [at, 4 * length], arena);
    return arena;
  };
  const allocate = (length: number): Arena => {
    const arena = arenaAt(heap.allocate(4 * length), length);
    data.fill(0, arena.base, arena.base + length);
    return arena;
  };
  const { allocateColumns, columnsAt } = columnsOn(heap, () => columns);
  const scratch = heap.allocate(64);
  const clear = (from: number, to: number) => data.fill(0, from / 4, to / 4);
  return {
    name: 'wasm-simd',
    bytesPerReal: 4,
    allocate,
    allocateColumns,
    roomInPieces: (bytes) =>
      roomOn({ heap, clear, arenaAt, columnsAt }, bytes, { allocate, allocateColumns }),
    pack,
    unpack,
    ...anomalyOnWasm(wasm),
    ...cellsOnWasm(wasm),
    ...gradientPiecesOnWasm(wasm, scratch, () => data),
    ...forecastOnWasm(wasm),
    ...inputsOnWasm(wasm),
    ...judgeOnWasm(wasm),
    dense: (_m, y, a, stride, w, b, R, A, M) => wasm.dense(4 * y, 4 * a, stride, 4 * w, 4 * b, R, A, M),
    denseBackward: (_m, da, dy, w, R, A, M) => wasm.denseBackward(4 * da, 4 * dy, 4 * w, R, A, M),
    denseGradient: (_m, gw, gb, a, stride, dy, R, A, M) =>
      wasm.denseGradient(4 * gw, 4 * gb, 4 * a, stride, 4 * dy, R, A, M),
    gradientSquares: (_m, a, stride, dy, R, A, M) => wasm.gradientSquares(4 * a, stride, 4 * dy, R, A, M),
    descend(_m, { w, b, velocity, velocityB, a, stride, dy, R, A, M }, { rate, momentum, nesterov, decay }) {
      const [v, vb] = momentum === 0 ? [0, 0] : [4 * velocity, 4 * velocityB];
      wasm.descend(4 * w, 4 * b, v, vb, 4 * a, stride, 4 * dy, R, A, M, rate, momentum, nesterov, decay);
    },
    descendAlong: (_m, w, g, v, n, { rate, momentum, nesterov, decay }) =>
      wasm.descendAlong(4 * w, 4 * g, momentum === 0 ? 0 : 4 * v, n, rate, momentum, nesterov, decay),
    adapt(_m, w, g, m1, m2, n, { scale, rate, beta1, beta2, c1, c2, epsilon, l2, shrink }) {
      const first = beta1 === 0 ? 0 : 4 * m1;
      const root = 1 / Math.sqrt(c2);
      wasm.adapt(
        4 * w,
        4 * g,
        first,
        4 * m2,
        n,
        scale,
        l2,
        1 - beta1,
        1 - beta2,
        rate / c1,
        root,
        epsilon,
        shrink,
      );
    },
    rotate: (_m, x, plan, count, M) => wasm.rotate(4 * x, 4 * plan, count, M),
    squares: (_m, p, n) => wasm.squares(4 * p, n),
    softmax: (_m, y, R, M) => wasm.softmax(4 * y, R, M),
    squaredError(_m, dy, y, target, scale, factor, T, B, M, before = 0) {
      const [served, current] = scale ? [4 * scale.served, 4 * scale.current] : [0, 0];
      return wasm.squaredError(4 * dy, 4 * y, 4 * target, served, current, factor, T, B, M, before);
    },
    largest: (_m, p, n) => wasm.largest(4 * p, n),
    tanhAll: (_m, p, n) => wasm.tanhAll(4 * p, n),
  };
}
