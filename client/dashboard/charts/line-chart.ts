/** A line chart over steps or time: uPlot, with the timeline, the cursor and the rings that all charts of a page share. */
import type { Subscription } from 'rxjs';
import uPlot from 'uplot';
import { isRound, linearRange, logRange } from './axis-range.js';
import { drawMarks } from './chart-marks.js';
import type { Points } from './decimate.js';
import { aloneAt } from './gaps.js';
import {
  AXIS_HEIGHT,
  AXIS_RIGHT,
  AXIS_WIDTH,
  type Line,
  type LineChartOptions,
} from './line-chart-options.js';
import { lineData } from './line-data.js';
import { formatNumber, formatStep, formatTicks } from './numbers.js';
import { CHART_COLOURS, type Theme } from './palette.js';
import { timeTicks } from './time-words.js';
import type { Timeline } from './timeline.js';

/** Rows to a pixel from which on lines are thin. */
const DENSE = 0.5;

export class LineChart {
  private readonly plot: uPlot;
  private readonly cursor: Subscription;
  private range: readonly [number, number];
  /** What the x axis counts: another axis is another chart. */
  private readonly axis;
  private isPointed = false;

  constructor(
    private readonly host: HTMLElement,
    private readonly options: LineChartOptions,
    private readonly timeline: Timeline,
    private readonly theme: Theme,
  ) {
    this.axis = timeline.axis;
    const { from, to } = timeline.bounds;
    this.range = [from, to];
    this.plot = new uPlot(this.plotOptions(), this.data(), host);
    this.cursor = timeline.cursor$.subscribe((step) => this.point(step));
  }

  draw(): void {
    const { clientWidth: width, clientHeight: height } = this.host;
    if (width === 0 || height === 0) return;
    if (width !== this.plot.width || height !== this.plot.height) this.plot.setSize({ width, height });
    const { from, to } = this.timeline.bounds;
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

  private data(): uPlot.AlignedData {
    const buckets = Math.max(50, this.host.clientWidth - AXIS_WIDTH);
    return lineData(this.options.lines, this.timeline.shown, buckets, this.timeline);
  }

  private plotOptions(): uPlot.Options {
    const { lines, bands = [], scale = 'linear' } = this.options;
    const isTime = this.axis === 'time';
    const colours = CHART_COLOURS[this.theme];
    const series = (index: number) => colours.series[index % colours.series.length] as string;
    const axis = {
      stroke: colours.text,
      font: '11px system-ui, sans-serif',
      grid: { stroke: colours.grid, width: 1 },
      ticks: { show: false },
    };
    return {
      ms: 1,
      width: Math.max(1, this.host.clientWidth),
      height: Math.max(1, this.host.clientHeight),
      padding: [6, AXIS_RIGHT, 0, 0],
      legend: { show: false },
      scales: {
        x: { time: isTime, range: () => [...this.range] as uPlot.Range.MinMax },
        y:
          scale === 'log'
            ? { distr: 3, range: (_u, min, max) => logRange(min, max, this.options) }
            : { range: (_u, min, max) => linearRange(min, max, this.options) },
      },
      axes: [
        {
          ...axis,
          size: AXIS_HEIGHT,
          space: isTime ? 90 : 70,
          values: (_u, splits, _axis, _space, step) =>
            isTime ? timeTicks(splits, step) : splits.map(formatStep),
        },
        {
          ...axis,
          size: AXIS_WIDTH,
          space: 28,
          ...(scale === 'log'
            ? {
                filter: (_u, splits) => splits.map((v) => (isRound(v) ? v : null)),
                values: (_u, splits) => splits.map((v) => (v === null ? '' : formatNumber(v))),
              }
            : { values: (_u, splits) => formatTicks(splits) }),
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
        draw: [(u) => drawMarks(u, this.options, this.theme)],
      },
    };
  }

  /** The pointer moves here: the other charts follow. */
  private told({ cursor, posToVal }: uPlot): void {
    if (!this.isPointed || cursor.left === undefined || cursor.left < 0) return;
    this.timeline.cursor$.next(this.timeline.stepAt(posToVal(cursor.left, 'x')));
  }

  /** Puts the cursor where another chart has it. */
  private point(step: number | null): void {
    if (this.isPointed) return;
    const place = step === null ? Number.NaN : this.timeline.placeOf(step);
    const left = Number.isNaN(place) ? -10 : this.plot.valToPos(place, 'x');
    this.plot.setCursor({ left, top: 0 }, false);
  }

  private selected(u: uPlot): void {
    const { left, width } = u.select;
    if (width < 4) return;
    const stepAt = (x: number) => this.timeline.stepAt(u.posToVal(x, 'x'));
    this.timeline.zoomTo(stepAt(left), stepAt(left + width));
    u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
  }
}

/** CSS pixels. */
function widthOf({ width = 1.5, isGround = false, isEdge = false, points = false }: Line): number {
  if (points || isEdge) return 0;
  return isGround ? 4 : width;
}

function seriesOf(line: Line, colour: string): uPlot.Series {
  const { label, dash, points = false, isGround = false, isEdge = false } = line;
  return {
    label,
    stroke: isGround ? `${colour}70` : colour,
    width: widthOf(line),
    ...(dash && { dash: [...dash] }),
    points: points
      ? { show: true, size: 6, fill: colour }
      : {
          show: false,
          size: isGround ? 5 : 3.5,
          fill: colour,
          // a reading between two gaps has no line
          filter: (u, i) => (isEdge ? null : orNothing(aloneAt(u.data[i] as Points))),
        },
    ...(points && { paths: () => null }),
  };
}

const orNothing = (places: number[]) => (places.length > 0 ? places : null);
