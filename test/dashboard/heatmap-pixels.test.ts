import { describe, expect, it } from 'vitest';
import { colourScale, shadeOf } from '../../client/dashboard/charts/colour-scale.js';
import { HeatmapPixels, STEP_AXIS } from '../../client/dashboard/charts/heatmap-pixels.js';
import { StateRing } from '../../client/dashboard/charts/state-ring.js';
import { StepClock } from '../../client/dashboard/charts/step-clock.js';

const SCALE = colourScale('light');
const EMPTY = 7;
const activation = (unit: number, step: number) => Math.sin(step + 3 * unit) * 0.99;
const order = [2, 0, 1];
const filled = (steps: number, capacity = 1000) => {
  const states = new StateRing(3, capacity);
  for (let step = 0; step < steps; step++)
    states.append(
      step,
      [0, 1, 2].map((unit) => activation(unit, step)),
    );
  return states;
};
const look = (from: number, to: number, columns: number) => ({
  from,
  to,
  columns,
  axis: STEP_AXIS,
  order,
  scale: SCALE,
  empty: EMPTY,
});

/** Reads the picture as it is put on the canvas: row by row, the oldest column first. */
const picture = (pixels: HeatmapPixels) =>
  order.map((_, y) =>
    Array.from(
      { length: pixels.columns },
      (_, x) => pixels.pixels[y * pixels.columns + pixels.slotOf(pixels.firstColumn + x)],
    ),
  );
const colourAt = (unit: number, step: number) => SCALE[shadeOf(Math.fround(activation(unit, step)))];

describe('the pixels of a heatmap', () => {
  it('are the colours of the states, a row for each unit in its order, a column for each step', () => {
    const pixels = new HeatmapPixels();
    pixels.paint(filled(50), look(30, 39, 10));
    expect(picture(pixels)).toEqual(
      order.map((unit) => Array.from({ length: 10 }, (_, x) => colourAt(unit, 30 + x))),
    );
  });

  it('are after many small paints what one paint makes of all, and each paint touches what is new', () => {
    const [small, whole] = [new HeatmapPixels(), new HeatmapPixels()];
    const states = new StateRing(3, 64);
    for (let step = 0; step < 200; step++) {
      states.append(
        step,
        [0, 1, 2].map((unit) => activation(unit, step)),
      );
      const dirty = small.paint(states, look(step - 31, step, 32));
      if (step > 40) expect(dirty.reduce((sum, { from, to }) => sum + to - from, 0)).toBeLessThanOrEqual(2);
    }
    whole.paint(states, look(199 - 31, 199, 32));
    expect(picture(small)).toEqual(picture(whole));
  });

  it('are painted when the states come, where the view was ahead of them', () => {
    const [ahead, whole] = [new HeatmapPixels(), new HeatmapPixels()];
    const states = filled(20);
    ahead.paint(states, look(0, 49, 50));
    for (let step = 20; step < 60; step++) {
      states.append(
        step,
        [0, 1, 2].map((unit) => activation(unit, step)),
      );
      if (step === 30) ahead.paint(states, look(0, 49, 50));
    }
    ahead.paint(states, look(5, 54, 50));
    whole.paint(states, look(5, 54, 50));
    expect(picture(ahead)).toEqual(picture(whole));
  });

  it('show every few steps where there are more than columns, and stay put while time goes on', () => {
    const pixels = new HeatmapPixels();
    pixels.paint(filled(400), look(200, 399, 50));
    expect(pixels.span).toBe(4);
    expect(picture(pixels)[0]).toEqual(Array.from({ length: 50 }, (_, x) => colourAt(2, 200 + 4 * x)));
  });

  it('are empty where there is no state', () => {
    const pixels = new HeatmapPixels();
    pixels.paint(filled(3), look(-5, 4, 10));
    expect(picture(pixels)[1]!.map((pixel) => pixel === EMPTY)).toEqual([
      true,
      true,
      true,
      true,
      true,
      false,
      false,
      false,
      true,
      true,
    ]);
  });

  it('are painted anew in another order', () => {
    const pixels = new HeatmapPixels();
    const states = filled(10);
    pixels.paint(states, look(0, 9, 10));
    pixels.paint(states, { ...look(0, 9, 10), order: [0, 1, 2] });
    expect(picture(pixels)[0]).toEqual(Array.from({ length: 10 }, (_, x) => colourAt(0, x)));
  });

  it('hold by time each state until the next step, and are empty after the last and where steps are missing', () => {
    const states = new StateRing(3, 10);
    const clock = new StepClock(10);
    const h = (step: number) => [0, 1, 2].map((unit) => activation(unit, step));
    for (const [step, t] of [
      [0, 100],
      [1, 130],
      [4, 170],
    ] as const) {
      if (step === 4) states.append(2, [Number.NaN, Number.NaN, Number.NaN]);
      states.append(step, h(step));
      clock.take(step, t);
    }
    const axis = {
      placeOf: (s: number) => clock.timeOf(s),
      firstStepAt: (t: number) => clock.firstStepAt(t),
    };
    const pixels = new HeatmapPixels();
    pixels.paint(states, { ...look(90, 189, 10), span: 10, axis });
    const [step0, step1, step4] = [0, 1, 4].map((step) => colourAt(2, step));
    // the missing steps 2 and 3 lie evenly between their neighbours: at 143.3 and 156.7
    expect(picture(pixels)[0]).toEqual([
      EMPTY,
      step0,
      step0,
      step0,
      step1,
      EMPTY,
      EMPTY,
      EMPTY,
      step4,
      EMPTY,
    ]);
  });
});
