/** Steps that come again, and steps of a producer that counts anew. */
import { describe, expect, it } from 'vitest';
import type { Sequence } from '../../src/sequence/sequence.js';
import { ask } from '../support/ask.js';
import { Restartable } from '../support/durable.js';
import { codeOf, createRegistry } from '../support/sequences.js';

const SPEC = { features: 2, units: 3, seed: 4 };
const TAUGHT = { ...SPEC, task: { kind: 'supervised', outputs: 1, delay: 4 } };
const ignore = () => undefined;
const stepOf = (t: number) => Float64Array.of(Math.sin(t), t % 7 === 3 ? Number.NaN : t);
const push = (sequence: Sequence, t: number, x = stepOf(t), target?: Float64Array, time?: Float64Array) =>
  ask(sequence).push(t, x, target, ignore, 1, time);

describe('a step that comes again', () => {
  it.each(['sleep', 'restart', 'both'] as const)(
    '[STP15] is compared after %s too, as far back as a producer may have to send it again',
    async (what) => {
      const server = new Restartable();
      const { sequence } = server.registry.open('a', 'create', { spec: SPEC });
      for (let t = 0; t < 400; t++) {
        push(sequence, t);
        // checkpoints cut the log behind them
        if (t % 50 > 0) continue;
        sequence.keep();
        await server.settle();
      }
      if (what !== 'restart') sequence.sleep('idle');
      if (what !== 'sleep') await server.restart();
      for (const t of [399, 144, 200]) push(server.sequence, t);
      for (const t of [399, 144, 200])
        expect(codeOf(() => push(server.sequence, t, Float64Array.of(50, 50)))).toBe('step-conflict');
      for (const t of [143, 0]) expect(codeOf(() => push(server.sequence, t))).toBe('step-stale');
      expect(server.sequence.seq).toBe(399);
    },
  );

  it('[STP15] is refused with what the last step is, and how to go on', () => {
    const { sequence } = createRegistry().registry.open('a', 'create', { spec: SPEC });
    for (let t = 0; t < 1000; t++) push(sequence, t);
    const goOn = /the last step is 999: go on with 1000, or use append/;
    expect(() => push(sequence, 0, Float64Array.of(50, 50))).toThrow(goOn);
    expect(() => push(sequence, 990, Float64Array.of(50, 50))).toThrow(goOn);
    expect(sequence.seq).toBe(999);
  });

  it('[STP4] is compared in its target and its time, where it has them again', () => {
    const { sequence } = createRegistry().registry.open('a', 'create', { spec: TAUGHT });
    const [target, other] = [Float64Array.of(0.5), Float64Array.of(0.25)];
    const [time, later] = [Float64Array.of(1000), Float64Array.of(2000)];
    push(sequence, 0, stepOf(0), target, time);
    push(sequence, 0);
    push(sequence, 0, stepOf(0), target, time);
    push(sequence, 0, stepOf(0), undefined, Float64Array.of(Number.NaN));
    expect(() => push(sequence, 0, stepOf(0), other)).toThrow(/step 0 .* a different target/);
    expect(() => push(sequence, 0, stepOf(0), target, later)).toThrow(/step 0 .* a different time/);
    // a late target is no part of its step
    push(sequence, 1, stepOf(1), undefined, time);
    ask(sequence).learn(1, target, ignore);
    expect(codeOf(() => push(sequence, 1, stepOf(1), target))).toBe('step-conflict');
    push(sequence, 1);
  });

  it('[STP4] tells two producers of one sequence apart where their gaps differ', () => {
    const { sequence } = createRegistry().registry.open('a', 'create', { spec: SPEC });
    push(sequence, 0, Float64Array.of(1, Number.NaN));
    push(sequence, 0, Float64Array.of(1, Number.NaN));
    expect(codeOf(() => push(sequence, 0, Float64Array.of(1, 0)))).toBe('step-conflict');
    expect(codeOf(() => push(sequence, 0, Float64Array.of(Number.NaN, 1)))).toBe('step-conflict');
  });
});
