import { describe, expect, it } from 'vitest';
import { lineData } from '../../client/dashboard/charts/line-data.js';
import { Ring } from '../../client/dashboard/charts/ring.js';
import { StepClock } from '../../client/dashboard/charts/step-clock.js';

const clockOf = (times: readonly (number | null)[], first = 0, capacity = 100) => {
  const clock = new StepClock(capacity);
  times.forEach((t, i) => {
    clock.take(first + i, t);
  });
  return clock;
};

describe('the clock of steps', () => {
  it('tells the time of a step, and takes none twice', () => {
    const clock = clockOf([1000, 1250, 9000], 5);
    clock.take(6, 7777);
    expect([5, 6, 7].map((step) => clock.timeOf(step))).toEqual([1000, 1250, 9000]);
    expect([clock.firstTime, clock.lastTime]).toEqual([1000, 9000]);
    expect(clock.timeOf(4)).toBeNaN();
  });

  it('tells the time that a coming step is for where steps come regularly, and else none', () => {
    const clock = clockOf([0, 10_000, 20_000]);
    expect(clock.timeOf(4)).toBeNaN();
    clock.pace(2, 10_000);
    expect(clock.timeOf(4)).toBe(40_000);
    expect([clock.stepAt(44_000), clock.firstStepAt(44_000)]).toEqual([4, 5]);
  });

  it('holds the distance of steps for a while where they are regular on and off', () => {
    const clock = clockOf([0, 10, 20]);
    clock.pace(2, 10);
    clock.pace(20, null);
    expect(clock.interval).toBe(10);
    clock.pace(21, 11);
    clock.pace(53, null);
    expect(clock.interval).toBe(11);
    clock.pace(54, null);
    expect(clock.interval).toBeNull();
  });

  it('puts steps whose results are missing between their neighbours', () => {
    const clock = clockOf([0]);
    clock.take(4, 4000);
    expect(clock.timeOf(1)).toBe(1000);
    expect([...clock.timesOf(Float64Array.of(-1, 0, 2, 4, 5))]).toEqual([
      Number.NaN,
      0,
      2000,
      4000,
      Number.NaN,
    ]);
  });

  it('finds the step nearest to a time, and the first that is not before it', () => {
    const clock = clockOf([0, 100, 1000]);
    expect([-5, 49, 51, 500, 600, 2000].map((t) => clock.stepAt(t))).toEqual([0, 0, 1, 1, 2, 2]);
    expect([-5, 49, 100, 101, 2000].map((t) => clock.firstStepAt(t))).toEqual([0, 1, 1, 2, 3]);
  });

  it('forgets what it has no room for', () => {
    const clock = clockOf([0, 1, 2, 3, 4], 0, 3);
    expect([clock.timeOf(1), clock.timeOf(2), clock.firstTime]).toEqual([Number.NaN, 2, 2]);
  });

  it('suggests time where steps have times of their own, and steps where blocks share one', () => {
    expect(clockOf([0, 1, 2, 3]).suggested).toBe('time');
    expect(clockOf([0, 0, 0, 5, 5, 5]).suggested).toBe('step');
    expect(clockOf([0, 0, 0, 5, 5, 5]).canTell).toBe(true);
    expect(clockOf([]).suggested).toBe('step');
  });

  it('cannot tell where a step has no time, or times go back', () => {
    expect(clockOf([0, null, 2]).canTell).toBe(false);
    expect(clockOf([0, 5, 4]).canTell).toBe(false);
    expect(clockOf([0, 5, 4]).suggested).toBe('step');
  });

  it('draws lines of several rings at their times, and leaves out what has none', () => {
    const clock = clockOf([0, 100, 1000]);
    const inputs = new Ring(['step', 'x'], 10);
    inputs.append(0, 1);
    inputs.append(1, Number.NaN);
    inputs.append(2, 3);
    const forecasts = new Ring(['step', 'y'], 10);
    for (const step of [1, 2, 3]) forecasts.append(step, 10 * step);
    const lines = [
      { label: 'x', ring: inputs, x: 'step', y: 'x', colour: 0 },
      { label: 'y', ring: forecasts, x: 'step', y: 'y', colour: 1 },
    ];
    const axis = { placesOf: (steps: Float64Array) => clock.timesOf(steps), every: null };
    expect(lineData(lines, { from: 0, to: 3 }, 50, axis)).toEqual([
      [0, 100, 1000],
      [1, null, 3],
      [undefined, 10, 20],
    ]);
    clock.pace(2, 500);
    expect(lineData(lines, { from: 0, to: 3 }, 50, axis)[0]).toEqual([0, 100, 1000, 1500]);
    expect(lineData(lines, { from: 0, to: 3 }, 50)[0]).toEqual([0, 1, 2, 3]);
  });

  it('breaks lines at silences of a sequence that is resampled, also of those that have not every step', () => {
    const clock = clockOf([0, 10, 20, 5000, 5010, 5020]);
    const ring = new Ring(['step', 'y'], 10);
    for (const step of [0, 2, 3, 5]) ring.append(step, step);
    const lines = [{ label: 'y', ring, x: 'step', y: 'y', colour: 0 }];
    const axis = { placesOf: (steps: Float64Array) => clock.timesOf(steps), every: 10 };
    expect(lineData(lines, { from: 0, to: 5 }, 50, axis)).toEqual([
      [0, 20, 2510, 5000, 5020],
      [0, 2, null, 3, 5],
    ]);
    expect(lineData(lines, { from: 0, to: 5 }, 50, { ...axis, every: null })[1]).toEqual([0, 2, 3, 5]);
  });
});
