import { describe, expect, it } from 'vitest';
import { StepTimes } from '../../src/sequence/step-times.js';
import { codeOf } from '../support/sequences.js';

const NOW = Date.UTC(2026, 0, 1);
const YEAR = 366 * 24 * 3_600_000;

describe('the times of steps', () => {
  const stampAfter = (last: number) => {
    const times = new StepTimes();
    times.take([last]);
    return (t: number, mayBeLate = false) => times.stamp(Float64Array.of(t), 1, NOW, 7, mayBeLate);
  };

  it('[TIM6] take no step of a wrong clock that would carry the sequence away', () => {
    const stamp = stampAfter(NOW - 1000);
    expect(codeOf(() => stamp(Date.UTC(2099, 0, 1)))).toBe('step-time');
    expect([...stamp(NOW + YEAR - 5000)]).toEqual([NOW + YEAR - 5000]);
  });

  it('[TIM6] take any time of a first step, and the steps of a series that lies in the future', () => {
    const first = new StepTimes().stamp(Float64Array.of(Date.UTC(2099, 0, 1)), 1, NOW, 0, false);
    expect([...first]).toEqual([Date.UTC(2099, 0, 1)]);
    const stamp = stampAfter(Date.UTC(2099, 0, 1));
    expect([...stamp(Date.UTC(2099, 0, 2))]).toEqual([Date.UTC(2099, 0, 2)]);
  });

  it('[TIM6] take old series too: a leap of years is right where it does not end in the future', () => {
    expect([...stampAfter(0)(NOW)]).toEqual([NOW]);
  });
});
