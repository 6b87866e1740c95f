import { describe, expect, it } from 'vitest';
import { StepClock } from '../../client/dashboard/charts/step-clock.js';
import { stepWords, Timeline } from '../../client/dashboard/charts/timeline.js';

const filled = (to: number, from = 0) => {
  const timeline = new Timeline(100);
  timeline.keep(from, to);
  return timeline;
};

describe('the timeline', () => {
  it('[DSH5] follows the newest step, with as many before it as are asked for', () => {
    const timeline = filled(500);
    expect(timeline.shown).toEqual({ from: 400, to: 500 });
    timeline.keep(0, 510);
    expect(timeline.shown).toEqual({ from: 410, to: 510 });
    timeline.setSpan(200);
    expect(timeline.state$.value).toEqual({
      kept: { from: 0, to: 510 },
      shown: { from: 310, to: 510 },
      isLive: true,
      axis: 'step',
    });
  });

  it('[DSH5] stands still while paused, and the stream goes on', () => {
    const timeline = filled(500);
    timeline.pause();
    timeline.keep(0, 800);
    expect(timeline.shown).toEqual({ from: 400, to: 500 });
    expect(timeline.state$.value.isLive).toBe(false);
    timeline.follow();
    expect(timeline.shown).toEqual({ from: 700, to: 800 });
  });

  it('[DSH5] is scrubbed back within what is kept', () => {
    const timeline = filled(1000, 300);
    timeline.scrubTo(600);
    expect(timeline.shown).toEqual({ from: 500, to: 600 });
    timeline.scrubTo(0);
    expect(timeline.shown).toEqual({ from: 300, to: 400 });
    timeline.scrubTo(9999);
    expect(timeline.shown).toEqual({ from: 900, to: 1000 });
  });

  it('[DSH5] is zoomed to a part, never to less than ten steps', () => {
    const timeline = filled(1000);
    timeline.zoomTo(920.4, 960.2);
    expect(timeline.shown).toEqual({ from: 920, to: 961 });
    timeline.zoomTo(940, 941);
    expect(timeline.shown.to - timeline.shown.from).toBeGreaterThanOrEqual(10);
    timeline.follow();
    expect(timeline.shown).toEqual({ from: 900, to: 1000 });
  });

  it('[DSH5] has room for the first steps before they have come', () => {
    expect(new Timeline(100).shown).toEqual({ from: 0, to: 10 });
  });

  it('lies along the times of the steps where they are told, and along the steps where that shows more', () => {
    const clock = new StepClock(100);
    const timeline = new Timeline(100, undefined, clock);
    for (let step = 0; step <= 50; step++) clock.take(step, 1000 * step);
    timeline.keep(0, 52);
    expect(timeline.axis).toBe('time');
    expect(timeline.shown).toEqual({ from: 0, to: 52 });
    // when the forecast is for is not known
    expect(timeline.bounds).toEqual({ from: 0, to: 50_000 });
    clock.pace(50, 1000);
    expect(timeline.bounds).toEqual({ from: 0, to: 52_000 });
    expect([timeline.placeOf(7), timeline.stepAt(7400), timeline.firstStepAt(7400)]).toEqual([7000, 7, 8]);
    timeline.setAxis('step');
    expect([timeline.axis, timeline.placeOf(7), timeline.stepAt(7.4)]).toEqual(['step', 7, 7]);
    expect(timeline.bounds).toEqual(timeline.shown);
    timeline.setAxis(null);
    expect(timeline.state$.value.axis).toBe('time');
    expect(stepWords(timeline, 7)).toMatch(/^step 7, 19(70|69)-.* .*:.*07$/);
  });

  it('counts steps where there are no times', () => {
    const timeline = new Timeline(100, undefined, new StepClock(10));
    timeline.setAxis('time');
    expect([timeline.axis, timeline.placeOf(7)]).toEqual(['step', 7]);
    expect(stepWords(timeline, 7)).toBe('step 7');
  });
});
