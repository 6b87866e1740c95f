import { fitCanvas } from './drawing.js';
import { CHART_COLOURS, type Theme } from './palette.js';

/** Draws numbers as a small line that fills the canvas; gaps are left out. Without a range it fits the numbers. */
export function drawSparkline(
  canvas: HTMLCanvasElement,
  values: ArrayLike<number>,
  theme: Theme,
  colour = 0,
  range?: readonly [number, number],
): void {
  const sheet = fitCanvas(canvas);
  if (!sheet) return;
  const { context, width, height, ratio } = sheet;
  context.clearRect(0, 0, width, height);
  const [least, greatest] = range ?? extent(values);
  if (greatest < least) return;
  const inset = 1.5 * ratio;
  const x = (i: number) => inset + (i / Math.max(1, values.length - 1)) * (width - 2 * inset);
  const y = (value: number) =>
    greatest === least
      ? height / 2
      : height - inset - ((value - least) / (greatest - least)) * (height - 2 * inset);
  context.strokeStyle = CHART_COLOURS[theme].series[colour] as string;
  context.lineWidth = 1.25 * ratio;
  context.lineJoin = 'round';
  context.beginPath();
  let isDown = false;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (!Number.isFinite(value)) isDown = false;
    else if (isDown) context.lineTo(x(i), y(value));
    else {
      context.moveTo(x(i), y(value));
      isDown = true;
    }
  }
  context.stroke();
}

function extent(values: ArrayLike<number>): [number, number] {
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (!Number.isFinite(value)) continue;
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
  }
  return [least, greatest];
}
