/**
 * The source's own numbers, reproduced both ways: its forward pass as it stands, and its backward pass by a replica of
 * its own rule, beside the right one. The rule has four slips:
 *
 *   1. it multiplies the weight gradients of the steps where the chain rule sums them;
 *   2. it takes 1 - tanh(h)^2, and in its fit that of h_{t-1}, where 1 - h_t^2 is meant;
 *   3. its input gradient is da (x) x_last where da Wx^T is meant;
 *   4. the last row of its output table, from which its printed backward pass starts, was never written.
 */
import { describe, expect, it } from 'vitest';
import { bptt } from '../../src/rnn/learning/bptt.js';
import { Model } from '../../src/rnn/model.js';
import { relativeError } from '../support/numeric-compare.js';
import { centralDifferences } from '../support/numeric-difference.js';
import { float64, setParameters } from '../support/numeric-models.js';
import * as notebook from './notebook.figures.js';

type Vector = readonly number[];
type Matrix = readonly Vector[];
interface Weights {
  readonly Wx: Matrix;
  readonly Wh: Matrix;
  readonly b: Vector;
}

const { x, fit } = notebook;
const initial: Weights = { Wx: notebook.Wx, Wh: notebook.Wh, b: notebook.b };
const model = {
  features: 2,
  units: 4,
  batch: 1,
  readout: { kind: 'softmax' as const, dense: false },
  task: { kind: 'supervised' as const, outputs: 4, delay: 0 },
};
const flatten = ({ Wx, Wh, b }: Weights): Float64Array => Float64Array.of(...Wx.flat(), ...Wh.flat(), ...b);
const targets = x.flatMap(() => fit.target);
const right = (parameters: ArrayLike<number>, inputs: ArrayLike<number> = x.flat()) =>
  bptt({ spec: model, parameters, x: inputs, targets, reduction: 'sum' }, float64);

/** Rounds to what the notebook prints: 8 decimals. */
const printed = (values: ArrayLike<number>): number[] =>
  Array.from(values, (value) => Number(value.toFixed(8)));

// The replica. What differs from the right rule is marked.

const times = (row: Vector, w: Matrix): Vector =>
  w[0]!.map((_, j) => row.reduce((sum, value, i) => sum + value * w[i]![j]!, 0));
const timesTransposed = (row: Vector, w: Matrix): Vector =>
  w.map((weights) => weights.reduce((sum, weight, j) => sum + weight * row[j]!, 0));
const outer = (column: Vector, row: Vector): Matrix => column.map((a) => row.map((value) => a * value));
const zip = (a: Vector, c: Vector, f: (a: number, c: number) => number): Vector =>
  a.map((v, i) => f(v, c[i]!));
const zipRows = (a: Matrix, c: Matrix, f: (a: number, c: number) => number): Matrix =>
  a.map((row, i) => zip(row, c[i]!, f));
const multiply = (a: number, c: number): number => a * c;
const descend = (weight: number, gradient: number): number => weight - fit.learningRate * gradient;

/** Gives h_{-1} .. h_2 and y_0 .. y_2. */
function forward({ Wx, Wh, b }: Weights): { h: Matrix; y: Matrix } {
  const h: Vector[] = [[0, 0, 0, 0]];
  for (const [t, input] of x.entries()) {
    const a = zip(
      zip(times(input, Wx), times(h[t]!, Wh), (p, q) => p + q),
      b,
      (p, q) => p + q,
    );
    h.push(a.map(Math.tanh));
  }
  const y = h.slice(1).map((row) => {
    const sum = row.reduce((total, value) => total + Math.exp(value), 0);
    return row.map((value) => Math.exp(value) / sum);
  });
  return { h, y };
}

/** Gives da by the notebook's rule: slip 2, tanh once more over what is a tanh already. */
const notebookHA = (LH: Vector, h: Vector): Vector =>
  zip(LH, h, (e, value) => e * (1 - Math.tanh(value) ** 2));

/** Gives what the notebook takes for the gradient of its weights. */
function notebookGradient(weights: Weights): Weights {
  const { h, y } = forward(weights);
  const ones = (width: number): Vector => Array.from({ length: width }, () => 1);
  let gradient: Weights = { Wx: x[0]!.map(() => ones(4)), Wh: ones(4).map(() => ones(4)), b: ones(4) };
  let carried: Vector = [0, 0, 0, 0];
  for (let t = x.length - 1; t >= 0; t--) {
    const before = h[t]!; // h_{t-1}: the table begins with h_{-1}
    const LH = zip(
      zip(y[t]!, fit.target, (p, q) => p - q),
      carried,
      (p, q) => p + q,
    );
    const HA = notebookHA(LH, before); // slip 2
    gradient = {
      Wx: zipRows(gradient.Wx, outer(x[t]!, HA), multiply), // slip 1
      Wh: zipRows(gradient.Wh, outer(before, HA), multiply), // slip 1
      b: zip(gradient.b, HA, multiply), // slip 1
    };
    carried = timesTransposed(HA, weights.Wh);
  }
  return gradient;
}

const update = (weights: Weights, gradient: Weights): Weights => ({
  Wx: zipRows(weights.Wx, gradient.Wx, descend),
  Wh: zipRows(weights.Wh, gradient.Wh, descend),
  b: zip(weights.b, gradient.b, descend),
});

/** Runs the fit. What it leaves in h and y is the forward pass of the last round, before that round's update. */
function notebookFit(): { h: Matrix; y: Matrix; weights: Weights } {
  let weights = initial;
  let last = forward(weights);
  for (let round = 0; round < fit.iterations; round++) {
    last = forward(weights);
    weights = update(weights, notebookGradient(weights));
  }
  return { ...last, weights };
}

describe('the notebook, forward', () => {
  it('[MATH1] h_t = tanh(x_t Wx + h_{t-1} Wh + b) gives its hidden states to 8 decimals', () => {
    expect(printed(right(flatten(initial)).h)).toEqual(notebook.forward.flat());
  });

  it('[MATH1] a model, one step at a time, gives its hidden states to 8 decimals', () => {
    const stepped = new Model({ ...model, scaler: { kind: 'none' } }, { kernels: float64 });
    setParameters(stepped, flatten(initial));
    expect(x.map((row) => printed(stepped.step(row).h))).toEqual(notebook.forward);
  });
});

describe('the notebook, backward by its own rule', () => {
  const { h, y, weights } = notebookFit();

  it('[MATH2] a replica of its rule gives every number that its fit prints', () => {
    expect(h.map(printed)).toEqual(fit.h);
    expect(y.map(printed)).toEqual(fit.y);
  });

  it('[MATH2] a replica of its rule gives every number of its backward pass, cell by cell', () => {
    const { backward } = notebook;
    const lastX = x.at(-1)!;
    const LH = zip(fit.unwrittenRow, fit.target, (p, q) => p - q); // slip 4
    expect(printed(LH)).toEqual(backward.LH);
    expect(h.map((row) => printed(row.map(Math.tanh)))).toEqual(backward.tanhH);
    const HA = notebookHA(LH, h[3]!); // slip 2
    expect(printed(HA)).toEqual(backward.HA);
    expect(outer(lastX, HA).map(printed)).toEqual(backward.LWx);
    expect(outer(h[2]!, HA).map(printed)).toEqual(backward.LWh);
    expect(printed(timesTransposed(HA, weights.Wh))).toEqual(backward.LHBefore);
    expect(outer(HA, lastX).map(printed)).toEqual(backward.LX); // slip 3
  });
});

describe('the notebook, backward by the chain rule', () => {
  const parameters = flatten(initial);
  const inputs = Float64Array.from(x.flat());
  const gradient = right(parameters);

  it('[MATH3] the gradients of its model equal central differences', () => {
    const loss = () => right(parameters, inputs).loss;
    expect(relativeError(gradient.parameters, centralDifferences(loss, parameters))).toBeLessThan(1e-7);
    expect(relativeError(gradient.x, centralDifferences(loss, inputs))).toBeLessThan(1e-7);
  });

  it('[MATH3] the gradients differ from what its rule takes for them', () => {
    const theirs = notebookGradient(initial);
    const ours = Array.from(gradient.parameters);
    expect(relativeError(theirs.Wx.flat(), ours.slice(0, 8))).toBeGreaterThan(0.9);
    expect(relativeError(theirs.Wh.flat(), ours.slice(8, 24))).toBeGreaterThan(0.9);
    expect(relativeError(theirs.b, ours.slice(24))).toBeGreaterThan(0.9);
  });

  it('[MATH3] each slip alone changes its result', () => {
    const { h, y } = forward(initial);
    const LH = zip(y[2]!, fit.target, (p, q) => p - q);
    const da = zip(LH, h[3]!, (e, value) => e * (1 - value ** 2));
    const last = bptt(
      { spec: model, parameters, x: x[2]!, targets: fit.target, h0: h[2]!, reduction: 'sum' },
      float64,
    );
    expect(relativeError(da, last.parameters.slice(24)), 'da_2 is dL/dh_2 (1 - h_2^2)').toBeLessThan(1e-12);
    expect(relativeError(notebookHA(LH, h[3]!), da), 'slip 2, of h_t').toBeGreaterThan(0.5);
    expect(relativeError(notebookHA(LH, h[2]!), da), 'slip 2, of h_{t-1}').toBeGreaterThan(0.5);
    expect(relativeError(timesTransposed(da, notebook.Wx), last.x), 'dL/dx is da Wx^T').toBeLessThan(1e-12);
    expect(outer(da, x[2]!).flat(), 'slip 3 has not even the shape of x').not.toHaveLength(last.x.length);
    expect(relativeError(fit.unwrittenRow, y[2]!), 'slip 4').toBeGreaterThan(0.5);
  });

  it('[MATH3] ten rounds by the chain rule lower the loss a thousand times further than ten by its rule', () => {
    const weights = Float64Array.from(parameters);
    for (let round = 0; round < fit.iterations; round++)
      for (const [i, slope] of right(weights).parameters.entries()) weights[i]! -= fit.learningRate * slope;
    const [begin, theirs, ours] = [parameters, flatten(notebookFit().weights), weights].map(
      (w) => right(w).loss,
    );
    expect(begin! - theirs!).toBeGreaterThan(0);
    expect(begin! - ours!).toBeGreaterThan(1000 * (begin! - theirs!));
  });
});
