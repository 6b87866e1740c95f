/** Shading under the lines of a chart, and marks over them. */
import type UPlot from 'uplot';
import type { Mark } from '../report-data.js';
import { colour, data, hasTimes } from './elements.js';

/** Greys out the rows that count in no figure. */
export function shadeUnscored(chart: UPlot): void {
  const { ctx, bbox } = chart;
  const rows = data.whole.row;
  const until = rows.findIndex((row) => row !== null && row >= data.skip);
  const end = hasTimes ? data.whole.time?.[until] : data.skip;
  if (data.skip === 0 || end === undefined || end === null) return;
  const right = Math.min(bbox.left + bbox.width, chart.valToPos(end, 'x', true));
  if (right <= bbox.left) return;
  ctx.save();
  ctx.fillStyle = colour('unscored');
  ctx.fillRect(bbox.left, bbox.top, right - bbox.left, bbox.height);
  ctx.restore();
}

export function drawMarks(chart: UPlot, marks: readonly Mark[], name: string, dash: number[]): void {
  const { ctx, bbox } = chart;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = colour(name);
  ctx.lineWidth = 1.25 * ratio;
  ctx.setLineDash(dash.map((length) => length * ratio));
  for (const [row, time] of marks) {
    const x = chart.valToPos(hasTimes ? (time ?? Number.NaN) : row, 'x', true);
    if (!(x >= bbox.left && x <= bbox.left + bbox.width)) continue;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}
