/** Marks drawn over the lines of a chart: fixed values. */
import type uPlot from 'uplot';
import type { LineChartOptions } from './line-chart-options.js';
import { CHART_COLOURS, type Theme } from './palette.js';

/** Draws the lines across a chart, with their labels. */
export function drawMarks(u: uPlot, { marks = [] }: LineChartOptions, theme: Theme): void {
  const { ctx, bbox } = u;
  const colours = CHART_COLOURS[theme];
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.lineWidth = ratio;
  ctx.font = `${11 * ratio}px system-ui, sans-serif`;
  ctx.textAlign = 'right';
  for (const { value, label } of marks) {
    const y = Math.round(u.valToPos(value, 'y', true));
    ctx.setLineDash([4 * ratio, 4 * ratio]);
    ctx.strokeStyle = colours.cursor;
    line(ctx, bbox.left, y, bbox.left + bbox.width, y);
    ctx.fillStyle = colours.text;
    ctx.fillText(label, bbox.left + bbox.width - 4 * ratio, y - 4 * ratio);
  }
  ctx.restore();
}

function line(ctx: CanvasRenderingContext2D, x0: number, y0: number, x1: number, y1: number): void {
  ctx.beginPath();
  ctx.moveTo(x0, y0);
  ctx.lineTo(x1, y1);
  ctx.stroke();
}
