/** First weights are drawn once, when a sequence begins, and by no one who goes on. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { sharedKernels } from '../../src/kernels/shared.js';
import { Model } from '../../src/rnn/model.js';
import type { Sequence } from '../../src/sequence/sequence.js';
import { ask } from '../support/ask.js';
import { Restartable } from '../support/durable.js';
import { openHandle } from '../support/handles.js';

const SPEC = { features: 2, units: 6, seed: 4, inputs: { missing: 'hold' } } as const;
const stepOf = (t: number) => Float64Array.of(Math.fround(Math.sin(t)), t);
const ignore = () => undefined;
const bits = ({ model }: Sequence) => JSON.stringify(model.snapshot());

const plain = (count: number) => {
  const model = new Model(SPEC);
  for (let t = 0; t < count; t++) model.step(stepOf(t));
  return JSON.stringify(model.snapshot());
};

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a sequence', () => {
  it('[INI6] that wakes draws no weights, and goes on with its bits', async () => {
    const server = new Restartable();
    openHandle(server.registry, { spec: SPEC });
    for (let t = 0; t < 5; t++) ask(server.sequence).push(t, stepOf(t), undefined, ignore);
    const want = plain(6);
    const drawn = vi.spyOn(sharedKernels(), 'rotate');
    server.sequence.sleep('idle');
    ask(server.sequence).push(5, stepOf(5), undefined, ignore);
    expect(bits(server.sequence)).toBe(want);
    server.sequence.sleep('idle');
    await server.restart();
    server.sequence.awake();
    expect(bits(server.sequence)).toBe(want);
    expect(drawn).not.toHaveBeenCalled();
  });

  it('[INI8] that has no checkpoint yet is replayed from the weights that it began with', async () => {
    const server = new Restartable();
    openHandle(server.registry, { spec: SPEC });
    for (let t = 0; t < 5; t++) ask(server.sequence).push(t, stepOf(t), undefined, ignore);
    await server.settle();
    await server.restart();
    server.sequence.awake();
    expect(bits(server.sequence)).toBe(plain(5));
  });
});
