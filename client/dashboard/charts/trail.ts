/** The way of the hidden state through the plane of its first two principal components. */
import type { PrincipalComponents } from '../analysis/principal-components.js';
import { fitCanvas } from './drawing.js';
import { CHART_COLOURS, type Theme } from './palette.js';
import type { StateRing } from './state-ring.js';

/** Newest states that are drawn. */
const LENGTH = 400;
/** Pieces of the trail, each more opaque than the one before. */
const PIECES = 12;

/** Draws the states up to row `end`, without it. The scale is the same for both axes, and 0 is in the middle. */
export function drawTrail(
  canvas: HTMLCanvasElement,
  states: StateRing,
  components: PrincipalComponents,
  theme: Theme,
  colour = 0,
  end = states.total,
): void {
  const sheet = fitCanvas(canvas);
  if (!sheet) return;
  const { context, width, height, ratio } = sheet;
  const { grid, series, text } = CHART_COLOURS[theme];
  context.clearRect(0, 0, width, height);
  context.lineWidth = ratio;
  context.strokeStyle = grid;
  context.beginPath();
  context.moveTo(0, height / 2);
  context.lineTo(width, height / 2);
  context.moveTo(width / 2, 0);
  context.lineTo(width / 2, height);
  context.stroke();
  context.fillStyle = text;
  context.font = `${11 * ratio}px system-ui, sans-serif`;
  context.textAlign = 'right';
  context.fillText('PC 1', width - 6 * ratio, height / 2 - 5 * ratio);
  context.textAlign = 'left';
  context.fillText('PC 2', width / 2 + 6 * ratio, 14 * ratio);

  const project = components.projection();
  const points: [number, number][] = [];
  for (let row = Math.max(states.first, end - LENGTH); row < end; row++)
    points.push(project(states.row(row)));
  const reach = points.reduce((most, [x, y]) => Math.max(most, Math.abs(x), Math.abs(y)), 1e-6);
  const scale = (Math.min(width, height) / 2 - 10 * ratio) / reach;
  const place = ([x, y]: [number, number]): [number, number] => [
    width / 2 + scale * x,
    height / 2 - scale * y,
  ];
  context.strokeStyle = series[colour] as string;
  context.fillStyle = series[colour] as string;
  context.lineJoin = 'round';
  // as thin as a pixel: see LineChart
  context.lineWidth = 1;
  for (let piece = 0; piece < PIECES; piece++) {
    const from = Math.floor((piece * points.length) / PIECES);
    const to = Math.floor(((piece + 1) * points.length) / PIECES);
    context.globalAlpha = 0.1 + 0.9 * ((piece + 1) / PIECES) ** 2;
    context.beginPath();
    for (const point of points.slice(Math.max(0, from - 1), to)) context.lineTo(...place(point));
    context.stroke();
  }
  context.globalAlpha = 1;
  const last = points.at(-1);
  if (!last) return;
  context.beginPath();
  context.arc(...place(last), 4 * ratio, 0, 2 * Math.PI);
  context.fill();
}
