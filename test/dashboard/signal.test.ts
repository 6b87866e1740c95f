import { describe, expect, it } from 'vitest';
import { fillBetween } from '../../client/dashboard/try/drawn-signal.js';
import { parseSetting, type Setting } from '../../client/dashboard/try/setting.js';
import { createSignal, type Row, type Signal } from '../../client/dashboard/try/signal.js';
import { readTable, tableSignal } from '../../client/dashboard/try/table.js';

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

describe('a file', () => {
  it('gives its columns of numbers, what is empty as missing, and ends', () => {
    const table = readTable('\ufefftime,"a, b",c\r\n10:00,1.5,2\r\n11:00,,-3e2\r\n');
    expect(table).toEqual({
      columns: ['a, b', 'c'],
      rows: [
        [1.5, 2],
        [Number.NaN, -300],
      ],
    });
    const signal = tableSignal(table);
    expect([signal.names, signal.next(), signal.next(), signal.next()]).toEqual([
      ['a, b', 'c'],
      { x: [1.5, 2] },
      { x: [Number.NaN, -300] },
      'end',
    ]);
  });

  it('gives the columns that a link names, in its order', () => {
    expect(readTable('a,b,c\n,x,\n,2,7\n').columns).toEqual(['c']);
    expect(readTable('a,b,c\n1,2,3\n', ['c', 'a']).rows).toEqual([[3, 1]]);
    expect(() => readTable('a,b\n1,2\n', ['a', 'z'])).toThrow('the file has no column z');
  });

  it('that is wrong says where', () => {
    expect(() => readTable('a,b\n1,2\n3,oops\n')).toThrow('line 3, column b: "oops" is no number');
    expect(() => readTable('a,b\n')).toThrow('a line of column names, and lines of numbers');
    expect(() => readTable('')).toThrow('a line of column names');
    expect(() => readTable('a\nx\n')).toThrow('no column of the file begins with a number');
    expect(() => readTable('a\n"1\n')).toThrow(/quote/i);
  });
});
