/**
 * Full backpropagation through time over a finite sequence: the loss and every gradient, the inputs' and the first
 * state's included. TBPTT with k2 >= T gives the same; this one needs no model and keeps nothing.
 */
import { EddyError } from '../../errors.js';
import type { Kernels, Reals } from '../../kernels/kernels.js';
import { layoutParameters, type ParameterShape, permute } from '../cell/parameters.js';
import { createReadout, type Readout } from '../io/readout.js';
import type { ModelSpec } from '../spec/defaults.js';
import { Tbptt } from './tbptt.js';
import { layWeights } from './weight-places.js';
import { Window } from './window.js';

export interface BpttInput {
  readonly spec: ParameterShape & Pick<ModelSpec, 'batch' | 'task'>;
  /** W [F+N,N], b [N], Wy [N,M], by [M], one after the other; of a GRU W is [F+N,3N] and b [2,3N]. */
  readonly parameters: ArrayLike<number>;
  /** x [T,B,F] */
  readonly x: ArrayLike<number>;
  /** Targets [T,B,M]. Without a readout: dL/dh_t [T,B,N], the gradient that comes from whatever reads h. */
  readonly targets: ArrayLike<number>;
  /** h_{-1} [B,N], 0 if left out. */
  readonly h0?: ArrayLike<number>;
  /** mean if left out; sum without a readout, whose targets are then dL/dh_t as they are. */
  readonly reduction?: 'mean' | 'sum';
}

export interface BpttResult {
  readonly loss: number;
  /** h [T,B,N] */
  readonly h: Reals;
  /** y [T,B,M] */
  readonly y: Reals;
  /** Gradients of the parameters, in their order. */
  readonly parameters: Reals;
  /** dL/dx [T,B,F] */
  readonly x: Reals;
  /** dL/dh_{-1} [B,N] */
  readonly h0: Reals;
}

/**
 * Computes the loss of a sequence and its gradients.
 *
 * @throws EddyError `step-shape`, `target-shape`, `setting-invalid` where lengths do not fit
 * @example
 * const { loss, parameters } = bptt({ spec, parameters: weights, x, targets }, createReferenceKernels('float64'))
 */
export function bptt(input: BpttInput, kernels: Kernels): BpttResult {
  const { spec, reduction = spec.readout.kind === 'none' ? 'sum' : 'mean' } = input;
  const { features: F, units: N, batch: B } = spec;
  const declared = layoutParameters(spec);
  const readout = createReadout(kernels, spec.readout, declared) ?? givenGradient(N);
  const layout = { ...declared, outputs: spec.readout.kind === 'none' ? N : declared.outputs };
  const M = layout.outputs;
  const T = input.x.length / (B * F);
  checkLengths(input, T, layout.length, M);
  const D = F + N;
  const learner = { kind: 'tbptt', k1: T, k2: T, reduction } as const;
  const { cell } = layout;
  const { activations } = cell;
  const shape = { keep: T, batch: B, features: F, units: N, outputs: M, scaled: false, activations };
  const gradient = layout.length + Window.length(shape);
  const cellScratch = gradient + layout.length;
  const scratch = cellScratch + B * cell.forwardScratch;
  const arena = kernels.allocate(scratch + Tbptt.scratchLength(learner, layout, B));
  try {
    const { data: m, base } = arena;
    const window = new Window(base + layout.length, shape);
    const lengths = { at: base, count: layout.length, cellCount: layout.wy, cellBiases: cell.biases };
    const weights = layWeights({ first: false, second: false }, lengths, base);
    const places = { weights: base, velocity: weights.velocity, scratch: base + cellScratch };
    const parts = { kernels, readout, layout, weights, batch: B, kept: base, scratch: base + scratch };
    const worker = layout.kind.create(kernels, cell, places);
    const tbptt = new Tbptt(learner, { ...parts, cell: worker });
    m.set(input.parameters, base);
    permute('pack', kernels, layout, m, base);
    for (let row = 0; row < B && input.h0; row++)
      for (let j = 0; j < N; j++) m[window.zAt(0) + row * D + F + j] = input.h0[row * N + j]!;
    for (let t = 0; t < T; t++) {
      const z = window.zAt(window.advance(m));
      for (let i = 0; i < B * F; i++) m[z + Math.floor(i / F) * D + (i % F)] = input.x[t * B * F + i]!;
      worker.forward(m, { z, activations: window.activationsAt(t), T: 1, B });
      readout.forward(m, window.sumsAt(t), window.zAt(t + 1) + F, D, base, B);
      for (let i = 0; i < B * M; i++) m[window.targetAt(t) + i] = input.targets[t * B * M + i]!;
      window.markTarget(t, true);
    }
    const block = tbptt.backward(m, window, { from: 0, first: 0, last: T - 1 }, null)!;
    for (const { w, b, a, stride, dy, R, A, M } of block.gradient.layers)
      kernels.denseGradient(m, w + gradient, b + gradient, a, stride, dy, R, A, M);
    permute('unpack', kernels, layout, m, base + gradient);
    const columns = (at: number, rows: number, from: number, to: number): Reals => {
      const out = m.slice(0, rows * (to - from));
      for (let r = 0; r < rows; r++) out.set(m.subarray(at + r * D + from, at + r * D + to), r * (to - from));
      return out;
    };
    return {
      loss: block.loss,
      h: columns(window.zAt(1), T * B, F, D),
      y: m.slice(window.sumsAt(0), window.sumsAt(T)),
      parameters: m.slice(base + gradient, base + gradient + layout.length),
      x: columns(block.dz, T * B, 0, F),
      h0: columns(block.dz, B, F, D),
    };
  } finally {
    arena.free();
  }
}

function checkLengths(
  { spec, parameters, x, targets, h0 }: BpttInput,
  T: number,
  P: number,
  M: number,
): void {
  const { batch: B, units: N } = spec;
  if (!(T >= 1 && Number.isInteger(T)))
    throw new EddyError('step-shape', `x has ${x.length} numbers, not T * B * F`);
  if (targets.length !== T * B * M)
    throw new EddyError('target-shape', `targets have ${targets.length} numbers, not ${T * B * M}`);
  if (parameters.length !== P)
    throw new EddyError('setting-invalid', `there are ${parameters.length} parameters, not ${P}`);
  if (h0 && h0.length !== B * N)
    throw new EddyError('step-shape', `h0 has ${h0.length} numbers, not ${B * N}`);
}

/** Stands in for a readout that a model has not: L = sum of h_t * g_t for a given g_t, so that dL/dh_t = g_t. */
function givenGradient(N: number): Readout {
  return {
    forward(m, y, h, stride, _parameters, R) {
      for (let r = 0; r < R; r++) m.copyWithin(y + r * N, h + r * stride, h + r * stride + N);
    },
    loss: {
      perRow: () => 1,
      compute(m, dy, y, target, _scale, factor, T, B, _M, before = 0) {
        let loss = before;
        for (let j = 0; j < T * B * N; j++) {
          loss += m[y + j]! * m[target + j]!;
          m[dy + j] = m[target + j]! * factor;
        }
        return loss;
      },
    },
    backward(m, e, dy, _parameters, R) {
      m.copyWithin(e, dy, dy + R * N);
    },
  };
}
