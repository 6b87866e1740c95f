import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Ring } from '../../client/dashboard/charts/ring.js';
import { StateRing, stateRows } from '../../client/dashboard/charts/state-ring.js';

describe('a ring', () => {
  it('has its last rows in order, as an array would, in one view', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.array(fc.double(), { maxLength: 40 }),
        (capacity, values) => {
          const ring = new Ring(['step', 'value'], capacity);
          values.forEach((value, step) => {
            ring.append(step, value);
          });
          const kept = values.slice(-capacity);
          expect([...ring.view('value')]).toEqual(kept);
          expect([ring.total, ring.length, ring.first]).toEqual([
            values.length,
            kept.length,
            values.length - kept.length,
          ]);
        },
      ),
    );
  });

  it('gives any run of rows, cut to those that are kept', () => {
    const ring = new Ring(['step'], 4);
    for (let step = 0; step < 10; step++) ring.append(step);
    expect([...ring.view('step', 7, 9)]).toEqual([7, 8]);
    expect([...ring.view('step', 0, 7)]).toEqual([6]);
    expect([...ring.view('step', 9, 99)]).toEqual([9]);
    expect([...ring.view('step', 3, 5)]).toEqual([]);
  });

  it('takes a late number for a row that is kept, and drops one for a row that is not', () => {
    const ring = new Ring(['step', 'value'], 3);
    for (let step = 0; step < 5; step++) ring.append(step);
    ring.set('value', 3, 30);
    ring.set('value', 1, 10);
    expect([...ring.view('value')]).toEqual([Number.NaN, 30, Number.NaN]);
    expect([ring.get('value', 3), ring.get('value', 1), ring.get('value', 5)]).toEqual([
      30,
      Number.NaN,
      Number.NaN,
    ]);
  });

  it('finds the first row at or after a step', () => {
    const ring = new Ring(['step'], 4);
    for (const step of [1, 3, 5, 7, 9]) ring.append(step);
    expect([0, 3, 4, 9, 10].map((step) => ring.firstAt('step', step))).toEqual([1, 1, 2, 4, 5]);
  });

  it('[DSH2] holds as many numbers after any row as before the first', () => {
    const ring = new Ring(['step', 'value'], 100);
    const buffer = ring.view('value', 0, 0).buffer;
    for (let step = 0; step < 1000; step++) ring.append(step, step);
    expect(ring.view('value').buffer).toBe(buffer);
    expect(buffer.byteLength).toBe(2 * 100 * 8);
  });
});

describe('a ring of states', () => {
  it('has the last vectors and their steps', () => {
    const states = new StateRing(2, 3);
    for (let step = 10; step < 15; step++) states.append(step, [0, step, -step], 1);
    expect([states.first, states.total, states.stepOf(2), states.stepOf(1)]).toEqual([2, 5, 12, Number.NaN]);
    expect([...states.row(4)]).toEqual([14, -14]);
    expect([12, 13.5, 20].map((step) => states.firstAt(step))).toEqual([2, 4, 5]);
  });

  it('keeps the digits of readings, and their gaps', () => {
    const readings = new StateRing(2, 3, (length) => new Float64Array(length));
    readings.append(0, [123465789.12, Number.NaN]);
    expect([...readings.row(0)]).toEqual([123465789.12, Number.NaN]);
    expect(stateRows(128, 200, 30, 8)).toBe(65_536);
  });

  it('[DSH2] holds thirty minutes, or what 64 MiB hold', () => {
    expect(stateRows(32, 20)).toBe(36_000);
    expect(stateRows(128, 200)).toBe(131_072);
    expect(stateRows(1024, 1000) * 1024 * 4).toBeLessThanOrEqual(64 * 1024 * 1024);
  });
});
