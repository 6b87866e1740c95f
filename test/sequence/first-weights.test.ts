/** First weights are drawn once, when a sequence begins, and by no one who goes on. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { sharedKernels } from '../../src/kernels/shared.js';
import type { Sequence } from '../../src/sequence/sequence.js';
import { ask } from '../support/ask.js';
import { Restartable } from '../support/durable.js';
import { openHandle } from '../support/handles.js';
import { bitsOf, replayedBits, timeAt, timesFrom } from '../support/replay.js';

const SPEC = { features: 2, units: 6, seed: 4, inputs: { missing: 'hold' } } as const;
const stepOf = (t: number) => Float64Array.of(Math.fround(Math.sin(t)), t);
const ignore = () => undefined;
const bits = ({ model }: Sequence) => bitsOf(model);
const push = (sequence: Sequence, t: number) =>
  ask(sequence).push(t, stepOf(t), undefined, ignore, 1, timesFrom(t, 1));
const plain = (count: number) => replayedBits(SPEC, count, (t) => ({ x: stepOf(t), t: timeAt(t) }));

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a sequence', () => {
  it('[INI6] that wakes draws no weights, and goes on with its bits', async () => {
    const server = new Restartable();
    openHandle(server.registry, { spec: SPEC });
    for (let t = 0; t < 5; t++) push(server.sequence, t);
    const want = plain(6);
    const drawn = vi.spyOn(sharedKernels(), 'rotate');
    server.sequence.sleep('idle');
    push(server.sequence, 5);
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
    for (let t = 0; t < 5; t++) push(server.sequence, t);
    await server.settle();
    await server.restart();
    server.sequence.awake();
    expect(bits(server.sequence)).toBe(plain(5));
  });
});
