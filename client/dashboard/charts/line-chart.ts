/** A line chart over steps: uPlot, with the timeline, the cursor and the rings that all charts of a page share. */
import type { Subscription } from 'rxjs';
import uPlot from 'uplot';
import { decimate, type Points } from './decimate.js';
import { formatNumber, formatStep } from './numbers.js';
import { CHART_COLOURS, type Theme } from './palette.js';
import type { Series } from './series.js';
import type { Timeline } from './timeline.js';

/** A line, and where its numbers are. `x` is an ascending column of steps. */
export interface Line {
  readonly label: string;
  readonly ring: Series;
  readonly x: string;
  readonly y: string;
  /** Which of the theme's colours, see COLOUR. */
  readonly colour: number;
  readonly width?: number;
  /** Draws it broad and pale, for what lies under the others. */
  readonly isGround?: boolean;
  readonly dash?: readonly number[];
  /** Is the edge of a band, which the legend does not name. */
  readonly isEdge?: boolean;
  /** Draws points instead of a line, for what is rare. */
  readonly points?: boolean;
}

export interface LineChartOptions {
  readonly lines: readonly Line[];
  /** A filled band between two lines, by their index. */
  readonly bands?: readonly { readonly upper: number; readonly lower: number; readonly colour: number }[];
  /** Lines across the chart, such as a clip norm or the best possible loss. */
  readonly marks?: readonly { readonly value: number; readonly label: string }[];
  readonly scale?: 'linear' | 'log';
  /** Least range of y, widened by the numbers. */
  readonly range?: readonly [number, number];
  /** Steps at which something happened: drawn as thin upright lines. */
  readonly events?: () => readonly { readonly step: number; readonly colour: number }[];
}

/** Room for the numbers of the y axis, the same in all charts, so that they stand one under the other. */
export const AXIS_WIDTH = 56;
const AXIS_HEIGHT = 22;
/** Room for the half of the last step that stands beyond the edge. */
export const AXIS_RIGHT = 20;

/** Rows to a pixel from which on lines are thin. */
const DENSE = 0.5;

export class LineChart {
  private readonly plot: uPlot;
  private readonly cursor: Subscription;
  private range: readonly [number, number] = [0, 1];
  private isPointed = false;

  constructor(
    private readonly host: HTMLElement,
    private readonly options: LineChartOptions,
    private readonly timeline: Timeline,
    private readonly theme: Theme,
  ) {
    this.plot = new uPlot(this.plotOptions(), this.data(), host);
    this.cursor = timeline.cursor$.subscribe((step) => this.point(step));
  }

  /** Draws what the timeline shows now. */
  draw(): void {
    const { clientWidth: width, clientHeight: height } = this.host;
    if (width === 0 || height === 0) return;
    if (width !== this.plot.width || height !== this.plot.height) this.plot.setSize({ width, height });
    const { from, to } = this.timeline.shown;
    this.range = [from, to];
    const data = this.data();
    this.setWidths(data[0].length > DENSE * width);
    this.plot.setData(data);
    if (!this.isPointed) this.point(this.timeline.cursor$.value);
  }

  destroy(): void {
    this.cursor.unsubscribe();
    this.plot.destroy();
  }

  get canvas(): HTMLCanvasElement {
    return this.plot.ctx.canvas;
  }

  /** A line as thin as a pixel costs a tenth of a broader one where no graphics processor draws, and shows more where it is dense. */
  private setWidths(isDense: boolean): void {
    this.options.lines.forEach((line, i) => {
      const series = this.plot.series[i + 1] as uPlot.Series;
      const width = widthOf(line);
      series.width = isDense ? Math.min(width, 1 / devicePixelRatio) : width;
    });
  }

  /** Lines may come from several rings with steps of their own: each run is thinned, and the runs are joined by step. */
  private data(): uPlot.AlignedData {
    const { from, to } = this.timeline.shown;
    const buckets = Math.max(50, this.host.clientWidth - AXIS_WIDTH);
    const groups = new Map<string, { lines: number[]; table: [number[], ...Points[]] }>();
    const rings: Series[] = [];
    this.options.lines.forEach(({ ring, x }, i) => {
      if (!rings.includes(ring)) rings.push(ring);
      const key = `${rings.indexOf(ring)} ${x}`;
      const group = groups.get(key);
      if (group) group.lines.push(i);
      else groups.set(key, { lines: [i], table: [[]] });
    });
    for (const group of groups.values()) {
      const lines = group.lines.map((i) => this.options.lines[i] as Line);
      const { ring, x } = lines[0] as Line;
      // a row to either side, so that lines go on to the edge
      const begin = Math.max(ring.first, ring.firstAt(x, from) - 1);
      const end = Math.min(ring.total, ring.firstAt(x, to + 1) + 1);
      const ys = lines.map(({ y }) => ring.view(y, begin, end));
      group.table = decimate(ring.view(x, begin, end), ys, buckets, begin);
    }
    const all = [...groups.values()];
    const [only] = all;
    if (!only) return [[]];
    if (all.length === 1) return only.table;
    const joined = uPlot.join(
      all.map(({ table }) => table),
      // a gap stays one, and a step that only another line has makes none
      all.map(({ lines }) => lines.map(() => 1 satisfies uPlot.JoinNullMode as uPlot.JoinNullMode)),
    ) as [number[], ...Points[]];
    const data: [number[], ...Points[]] = [joined[0]];
    let column = 1;
    for (const { lines } of all) for (const i of lines) data[i + 1] = joined[column++] as Points;
    return data;
  }

  private plotOptions(): uPlot.Options {
    const { lines, bands = [], scale = 'linear' } = this.options;
    const colours = CHART_COLOURS[this.theme];
    const series = (index: number) => colours.series[index % colours.series.length] as string;
    const axis = {
      stroke: colours.text,
      font: '11px system-ui, sans-serif',
      grid: { stroke: colours.grid, width: 1 },
      ticks: { show: false },
    };
    return {
      width: Math.max(1, this.host.clientWidth),
      height: Math.max(1, this.host.clientHeight),
      padding: [6, AXIS_RIGHT, 0, 0],
      legend: { show: false },
      scales: {
        x: { time: false, range: () => [...this.range] as uPlot.Range.MinMax },
        y:
          scale === 'log'
            ? { distr: 3, range: (_u, min, max) => this.logRange(min, max) }
            : { range: (_u, min, max) => this.yRange(min, max) },
      },
      axes: [
        { ...axis, size: AXIS_HEIGHT, space: 70, values: (_u, splits) => splits.map(formatStep) },
        {
          ...axis,
          size: AXIS_WIDTH,
          space: 28,
          ...(scale === 'log' && {
            filter: (_u, splits) => splits.map((v) => (isRound(v) ? v : null)),
          }),
          values: (_u, splits) => splits.map((v) => (v === null ? '' : formatNumber(v))),
        },
      ],
      series: [{}, ...lines.map((line) => seriesOf(line, series(line.colour)))],
      bands: bands.map(({ upper, lower, colour }) => ({
        series: [upper + 1, lower + 1] as [number, number],
        fill: `${series(colour)}2b`,
      })),
      cursor: {
        y: false,
        drag: { x: true, y: false, setScale: false },
        points: { size: 7 },
        bind: {
          dblclick: () => () => {
            this.timeline.follow();
            return null;
          },
          mouseenter: (_u, _target, handler) => (event) => {
            this.isPointed = true;
            return handler(event);
          },
          mouseleave: (_u, _target, handler) => (event) => {
            this.isPointed = false;
            this.timeline.cursor$.next(null);
            return handler(event);
          },
        },
      },
      hooks: {
        setCursor: [(u) => this.told(u)],
        setSelect: [(u) => this.selected(u)],
        draw: [(u) => this.drawMarks(u)],
      },
    };
  }

  /** The pointer moves here: the other charts follow. */
  private told({ cursor, posToVal }: uPlot): void {
    if (!this.isPointed || cursor.left === undefined || cursor.left < 0) return;
    this.timeline.cursor$.next(Math.round(posToVal(cursor.left, 'x')));
  }

  /** Puts the cursor where another chart has it. */
  private point(step: number | null): void {
    if (this.isPointed) return;
    const left = step === null ? -10 : this.plot.valToPos(step, 'x');
    this.plot.setCursor({ left, top: 0 }, false);
  }

  private selected(u: uPlot): void {
    const { left, width } = u.select;
    if (width < 4) return;
    this.timeline.zoomTo(u.posToVal(left, 'x'), u.posToVal(left + width, 'x'));
    u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
  }

  private yRange(min: number | null, max: number | null): uPlot.Range.MinMax {
    const marks = (this.options.marks ?? []).map(({ value }) => value);
    const known = [min, max, ...(this.options.range ?? []), ...marks].filter(
      (v) => v !== null && Number.isFinite(v),
    );
    if (known.length === 0) return [0, 1];
    const [low, high] = [Math.min(...(known as number[])), Math.max(...(known as number[]))];
    const share = marks.length > 0 ? 0.14 : 0.06;
    const pad = high > low ? share * (high - low) : Math.abs(high) || 1;
    return [low - pad, high + pad];
  }

  /** A whole step of 1, 2 or 5 below and above, since those are the numbers that stand at the axis. */
  private logRange(min: number | null, max: number | null): uPlot.Range.MinMax {
    const marks = (this.options.marks ?? []).map(({ value }) => value);
    const known = [min, max, ...marks].filter((v): v is number => v !== null && v > 0);
    return known.length === 0 ? [0.1, 1] : [roundTo(Math.min(...known), -1), roundTo(Math.max(...known), 1)];
  }

  private drawMarks(u: uPlot): void {
    const { ctx, bbox } = u;
    const { marks = [], events } = this.options;
    const colours = CHART_COLOURS[this.theme];
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
    ctx.setLineDash([]);
    for (const { step, colour } of events?.() ?? []) {
      const x = Math.round(u.valToPos(step, 'x', true));
      ctx.strokeStyle = colours.series[colour] as string;
      line(ctx, x, bbox.top, x, bbox.top + bbox.height);
    }
    ctx.restore();
  }
}

/** CSS pixels. */
function widthOf({ width = 1.5, isGround = false, isEdge = false, points = false }: Line): number {
  if (points || isEdge) return 0;
  return isGround ? 4 : width;
}

function seriesOf(line: Line, colour: string): uPlot.Series {
  const { label, dash, points = false, isGround = false } = line;
  return {
    label,
    stroke: isGround ? `${colour}70` : colour,
    width: widthOf(line),
    ...(dash && { dash: [...dash] }),
    points: points ? { show: true, size: 6, fill: colour } : { show: false },
    ...(points && { paths: () => null }),
  };
}

function line(ctx: CanvasRenderingContext2D, x0: number, y0: number, x1: number, y1: number): void {
  ctx.beginPath();
  ctx.moveTo(x0, y0);
  ctx.lineTo(x1, y1);
  ctx.stroke();
}

function roundTo(value: number, direction: -1 | 1): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const steps = direction < 0 ? [5, 2, 1] : [1, 2, 5, 10];
  const step = steps.find((each) => direction * (each * power - value) >= -1e-9 * power);
  return (step ?? 1) * power;
}

const isRound = (value: number): boolean => {
  const mantissa = value / 10 ** Math.floor(Math.log10(value) + 1e-9);
  return [1, 2, 5].some((step) => Math.abs(mantissa - step) < 1e-6);
};
