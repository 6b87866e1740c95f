/** Hidden states as a picture: blue below 0, orange above it. */
import type { Points, View } from '../report-data.js';
import { colour, data, find } from './elements.js';
import type { ChartOptions } from './report-chart.js';

/** Mixes the colour of h in [-1, 1]: cold below 0, warm above it. */
function diverging(): (h: number) => readonly number[] {
  const [cold, zero, warm] = ['cold', 'zero', 'warm'].map((name) => colour(name).split(',').map(Number));
  return (h) => {
    const end = (h < 0 ? cold : warm) ?? [];
    return end.map((channel, i) => Math.round((zero?.[i] ?? 0) + (channel - (zero?.[i] ?? 0)) * Math.abs(h)));
  };
}

/** Paints the states of a view as a picture of one pixel for each unit and point. */
function pictureOf(view: View): HTMLCanvasElement {
  const points = view.row.length;
  const bytes = Int8Array.from(atob(view.states), (sign) => sign.charCodeAt(0));
  const canvas = document.createElement('canvas');
  canvas.width = points;
  canvas.height = data.units;
  const image = new ImageData(points, data.units);
  const mix = diverging();
  bytes.forEach((byte, i) => {
    image.data.set([...mix(byte / 127), 255], 4 * i);
  });
  canvas.getContext('2d')?.putImageData(image, 0, 0);
  return canvas;
}

/** Gives the chart of the hidden states: a picture of units over points. */
export function statesChart(view: View, x: Points): ChartOptions {
  const picture = pictureOf(view);
  const { units } = data;
  return {
    id: 'states',
    x,
    unit: 'hidden unit',
    height: Math.min(560, Math.max(220, 90 + 8 * units)),
    range: [0, units],
    isDown: true,
    lines: [],
    draw: (chart) => {
      const { ctx, bbox } = chart;
      ctx.save();
      ctx.beginPath();
      ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
      ctx.clip();
      ctx.imageSmoothingEnabled = false;
      for (let t = 0; t < x.length; t++) {
        const at = chart.valToPos(x[t] ?? 0, 'x', true);
        const next = chart.valToPos(x[t + 1] ?? (x[t] ?? 0) + ((x[t] ?? 0) - (x[t - 1] ?? 0)), 'x', true);
        if (next >= bbox.left && at <= bbox.left + bbox.width)
          ctx.drawImage(picture, t, 0, 1, units, at, bbox.top, Math.max(1, next - at) + 0.5, bbox.height);
      }
      ctx.restore();
    },
  };
}

export function paintScale(): void {
  const scale = find<HTMLCanvasElement>('.scale canvas');
  const mix = diverging();
  const image = new ImageData(255, 1);
  for (let i = 0; i < 255; i++) image.data.set([...mix(i / 127 - 1), 255], 4 * i);
  scale.getContext('2d')?.putImageData(image, 0, 0);
}
