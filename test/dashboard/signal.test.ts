import { describe, expect, it } from 'vitest';
import { fillBetween } from '../../client/dashboard/try/drawn-signal.js';
import { parseSetting, type Setting } from '../../client/dashboard/try/setting.js';
import { createSignal, type Row, type Signal } from '../../client/dashboard/try/signal.js';

const take = (signal: Signal, n: number) => Array.from({ length: n }, () => signal.next() as Row);
const of = (change: Partial<Setting>) => createSignal({ ...parseSetting(''), ...change });

describe('a signal', () => {
  it('has the same numbers for the same seed only', () => {
    for (const signal of ['sine', 'mackey-glass', 'random-walk', 'regime-change', 'add-task'] as const) {
      const once = take(of({ signal }), 50);
      expect(take(of({ signal }), 50)).toEqual(once);
      expect(take(of({ signal, signalSeed: 2 }), 50)).not.toEqual(once);
    }
  });

  it('of the add task tells the probability that nobody can know better', () => {
    const rows = take(of({ signal: 'add-task' }), 4000);
    const x = (t: number) => rows[t]?.x[0] ?? 0;
    rows.forEach(({ ideal }, t) => {
      expect(ideal).toBe(0.5 + 0.5 * x(t - 3) - 0.25 * x(t - 8));
    });
    const ones = rows.filter(({ ideal }) => ideal === 0.75);
    expect(ones.filter(({ answer }) => answer === 1).length / ones.length).toBeCloseTo(0.75, 1);
  });

  it('that is drawn goes round, in a straight line from point to point', () => {
    const rows = take(of({ signal: 'drawing', drawing: [0, 1, 0.5] }), 9);
    expect(rows.map(({ x }) => x[0])).toEqual([0, 0.5, 1, 0.75, 0.5, 0.25, 0, 0.5, 1]);
    expect(() => of({ signal: 'drawing' })).toThrow('nothing is drawn yet');
  });

  it('is drawn without holes, however fast the pointer goes', () => {
    const flat = [0, 0, 0, 0, 0];
    expect(fillBetween(flat, { at: 1, value: 0 }, { at: 4, value: 3 })).toEqual([0, 0, 1, 2, 3]);
    expect(fillBetween(flat, { at: 3, value: 1 }, { at: 1, value: 0.5 })).toEqual([0, 0.5, 0.75, 1, 0]);
    expect(fillBetween(flat, { at: 2, value: 7 }, { at: 2, value: 7 })).toEqual([0, 0, 7, 0, 0]);
  });
});
