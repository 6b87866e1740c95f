/**
 * Gradients against central differences (see numeric-difference.ts for the step). The measure is, for each tensor apart,
 * ||got - want|| / ||want||: an element that happens to be near 0 is judged by the size of its tensor.
 */
import { describe, expect, it } from 'vitest';
import { createReferenceKernels } from '../../src/kernels/reference.js';
import { CELL_NAMES, type CellName } from '../../src/rnn/cell/cells.js';
import { layoutParameters } from '../../src/rnn/cell/parameters.js';
import { type BpttInput, bptt } from '../../src/rnn/learning/bptt.js';
import { codeOf, relativeError } from '../support/numeric-compare.js';
import { centralDifferences } from '../support/numeric-difference.js';
import { float64 } from '../support/numeric-models.js';
import { Numbers } from '../support/numeric-random.js';

const [F, N] = [3, 4];

const READOUTS = [
  { name: 'none, with a given dL/dh', readout: { kind: 'none' }, M: N },
  { name: 'linear', readout: { kind: 'linear' }, M: 2 },
  { name: 'softmax', readout: { kind: 'softmax', dense: true }, M: 3 },
  { name: 'softmax of h', readout: { kind: 'softmax', dense: false }, M: N },
] as const;
type Case = (typeof READOUTS)[number];

const CASES = CELL_NAMES.flatMap((cell) =>
  READOUTS.flatMap((readout) => [1, 3].flatMap((B) => [1, 5, 32].map((T) => ({ ...readout, cell, B, T })))),
);

function problem({ readout, M, cell = 'simple-rnn' }: Case & { cell?: CellName }, B: number, T: number) {
  const numbers = new Numbers(T * 10 + B);
  const task = readout.kind === 'none' ? undefined : ({ kind: 'supervised', outputs: M, delay: 0 } as const);
  const spec = { features: F, units: N, batch: B, cell, readout, ...(task && { task }) };
  return {
    spec,
    parameters: Float64Array.from(numbers.many(layoutParameters(spec).length, 0.8)),
    x: Float64Array.from(numbers.many(T * B * F)),
    targets: readout.kind === 'softmax' ? numbers.distributions(T * B, M) : numbers.many(T * B * M),
    h0: Float64Array.from(numbers.many(B * N, 0.9)),
  };
}

/** Cuts the parameters, or their gradient, into tensors; those the readout has not are left out. */
function tensorsOf(spec: BpttInput['spec'], all: ArrayLike<number>): Record<string, number[]> {
  const { b, wy, by, length } = layoutParameters(spec);
  const values = Array.from(all);
  const cuts = {
    Wx: values.slice(0, (b / (F + N)) * F),
    Wh: values.slice((b / (F + N)) * F, b),
    b: values.slice(b, wy),
    Wy: values.slice(wy, by),
    by: values.slice(by, length),
  };
  return Object.fromEntries(Object.entries(cuts).filter(([, tensor]) => tensor.length > 0));
}

const allTensors = (
  { spec }: BpttInput,
  gradient: Pick<ReturnType<typeof bptt>, 'parameters' | 'x' | 'h0'>,
) => ({
  ...tensorsOf(spec, gradient.parameters),
  x: Array.from(gradient.x),
  h0: Array.from(gradient.h0),
});

describe.each(['mean', 'sum'] as const)('gradients, reduction %s', (reduction) => {
  it.each(CASES)(
    '[MATH4] $cell, $name: every gradient equals central differences, B = $B, T = $T',
    ({ B, T, ...readout }) => {
      const input = { ...problem(readout, B, T), reduction };
      const loss = () => bptt(input, float64).loss;
      const want = allTensors(input, {
        parameters: centralDifferences(loss, input.parameters),
        x: centralDifferences(loss, input.x),
        h0: centralDifferences(loss, input.h0),
      });
      const got = allTensors(input, bptt(input, float64));
      const dense = readout.readout.kind === 'linear' || readout.name === 'softmax' ? ['Wy', 'by'] : [];
      expect(Object.keys(got)).toEqual(['Wx', 'Wh', 'b', ...dense, 'x', 'h0']);
      for (const [name, tensor] of Object.entries(got))
        expect(relativeError(tensor, want[name as keyof typeof want]), name).toBeLessThan(1e-7);
    },
  );
});

describe('gradients in float32', () => {
  const float32 = createReferenceKernels('float32');

  it.each(CASES)(
    '[MATH5] $cell, $name: float32 agrees with float64 to 1e-4, B = $B, T = $T',
    ({ B, T, ...readout }) => {
      const input = problem(readout, B, T);
      const [got, want] = [bptt(input, float32), bptt(input, float64)];
      expect(got.parameters).toBeInstanceOf(Float32Array);
      const tensors = allTensors(input, want);
      for (const [name, tensor] of Object.entries(allTensors(input, got)))
        expect(relativeError(tensor, tensors[name as keyof typeof tensors]), name).toBeLessThan(1e-4);
      expect(relativeError(got.h, want.h)).toBeLessThan(1e-4);
      expect(relativeError([got.loss], [want.loss])).toBeLessThan(1e-4);
    },
  );
});

describe('losses', () => {
  const rowsOf = (values: ArrayLike<number>, width: number) =>
    Array.from({ length: values.length / width }, (_, r) =>
      Array.from({ length: width }, (_, j) => values[r * width + j]!),
    );
  const [B, T] = [3, 5];
  const both = (input: BpttInput) => {
    const sum = bptt({ ...input, reduction: 'sum' }, float64);
    return { ...sum, sum: sum.loss, mean: bptt({ ...input, reduction: 'mean' }, float64).loss };
  };
  const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);

  it('[MATH6] linear is y = h Wy + by and the squared error, whose mean is over steps, rows and outputs', () => {
    const input = problem(READOUTS[1], B, T);
    const { h, y, sum, mean } = both(input);
    const { Wy, by } = tensorsOf(input.spec, input.parameters);
    const want = rowsOf(h, N).flatMap((row) =>
      by!.map((c, j) => c + total(row.map((v, i) => v * Wy![i * 2 + j]!))),
    );
    expect(relativeError(y, want)).toBeLessThan(1e-14);
    const loss = total(want.map((value, i) => (value - input.targets[i]!) ** 2));
    expect(relativeError([sum, mean], [loss, loss / (T * B * 2)])).toBeLessThan(1e-14);
  });

  it.each([READOUTS[2], READOUTS[3]])(
    '[MATH6] $name is a distribution and the cross-entropy, whose mean is over steps and rows',
    (readout) => {
      const input = problem(readout, B, T);
      const { h, y, sum, mean } = both(input);
      const { Wy, by } = tensorsOf(input.spec, input.parameters);
      const want = rowsOf(h, N).flatMap((row) => {
        const logits = by ? by.map((c, j) => c + total(row.map((v, i) => v * Wy![i * 3 + j]!))) : row;
        return logits.map((value) => Math.exp(value) / total(logits.map(Math.exp)));
      });
      expect(relativeError(y, want)).toBeLessThan(1e-14);
      const loss = -total(want.map((value, i) => input.targets[i]! * Math.log(value)));
      expect(relativeError([sum, mean], [loss, loss / (T * B)])).toBeLessThan(1e-14);
    },
  );

  it('[MATH7] without a readout the targets are dL/dh_t as they are, unless a mean is asked for', () => {
    const input = problem(READOUTS[0], 1, 1);
    const { h, parameters, loss } = bptt(input, float64);
    const da = input.targets.map((g, j) => g * (1 - h[j]! ** 2));
    expect(relativeError(tensorsOf(input.spec, parameters).b!, da)).toBeLessThan(1e-14);
    expect(relativeError([loss], [total(input.targets.map((g, j) => g * h[j]!))])).toBeLessThan(1e-14);

    const longer = problem(READOUTS[0], B, T);
    const plain = bptt(longer, float64).parameters;
    expect(plain).toEqual(bptt({ ...longer, reduction: 'sum' }, float64).parameters);
    const mean = bptt({ ...longer, reduction: 'mean' }, float64).parameters;
    expect(
      relativeError(
        mean.map((value) => value * T * B),
        plain,
      ),
    ).toBeLessThan(1e-14);
  });
});

describe('lengths that do not fit', () => {
  const input = problem(READOUTS[1], 3, 5);
  const wrong: { what: string; code: string; change: Partial<BpttInput> }[] = [
    { what: 'x', code: 'step-shape', change: { x: input.x.slice(1) } },
    { what: 'an empty x', code: 'step-shape', change: { x: [], targets: [] } },
    { what: 'targets', code: 'target-shape', change: { targets: input.targets.slice(1) } },
    { what: 'parameters', code: 'setting-invalid', change: { parameters: [...input.parameters, 0] } },
    { what: 'h0', code: 'step-shape', change: { h0: input.h0.slice(1) } },
  ];

  it.each(wrong)('[MATH8] are refused with $code: $what', ({ code, change }) => {
    expect(codeOf(() => bptt({ ...input, ...change }, float64))).toBe(code);
    expect(codeOf(() => bptt(input, float64))).toBe('none');
  });
});
