/** One chart of the report. */
import type UPlot from 'uplot';
import type { Mark, Points } from '../report-data.js';
import { grouped, timeTicks, whenText, written } from './axis-text.js';
import { colour, find, hasTimes } from './elements.js';
import { drawMarks, shadeUnscored } from './overlays.js';

/** The library stands in the page as a script of its own. */
const { uPlot } = globalThis as unknown as { uPlot: typeof UPlot };

export interface Line {
  readonly label: string;
  readonly points: Points;
  readonly colour: string;
  readonly width?: number;
  readonly dash?: number[];
  readonly spanGaps?: boolean;
  /** Drawn as the edge of a band, without a line of its own. */
  readonly isEdge?: boolean;
}

export interface ChartOptions {
  readonly id: string;
  readonly x: Points;
  readonly lines: readonly Line[];
  readonly unit: string;
  readonly height?: number;
  readonly range?: UPlot.Scale.Range;
  readonly isDown?: boolean;
  readonly isLog?: boolean;
  /** Fills between two lines, by their places. */
  readonly bands?: readonly { readonly low: number; readonly high: number; readonly colour: string }[];
  readonly marks?: readonly {
    readonly at: readonly Mark[];
    readonly colour: string;
    readonly dash: number[];
  }[];
  readonly draw?: (chart: UPlot) => void;
}

export function createChart({
  id,
  x,
  lines,
  unit,
  height = 240,
  range,
  isLog,
  isDown,
  bands = [],
  marks = [],
  draw,
}: ChartOptions): UPlot {
  const place = find<HTMLElement>(`#${id} .plot`);
  const axis = {
    stroke: colour('dim'),
    grid: { stroke: colour('grid'), width: 1 },
    ticks: { stroke: colour('rule') },
  };
  const options: UPlot.Options = {
    width: place.clientWidth,
    height,
    ms: 1,
    tzDate: (time) => uPlot.tzDate(new Date(time), 'Etc/UTC'),
    scales: {
      x: { time: hasTimes },
      y: { ...(range ? { range } : {}), ...(isLog ? { distr: 3 as const } : {}), dir: isDown ? -1 : 1 },
    },
    cursor: { sync: { key: 'eddy' }, drag: { x: true, y: false }, y: false },
    axes: [
      {
        ...axis,
        ...(hasTimes ? {} : { label: 'row', size: 34 }),
        values: (_, ticks, _axis, _space, step) => (hasTimes ? timeTicks(ticks, step) : ticks.map(grouped)),
        labelSize: 22,
      },
      {
        ...axis,
        label: unit,
        labelSize: 22,
        size: 62,
        ...(isLog ? {} : { values: (_: UPlot, ticks: number[]) => ticks.map(written) }),
      },
    ],
    series: [
      { label: hasTimes ? 'time' : 'row', value: (_, value) => (value === null ? '-' : whenText(value)) },
      ...lines.map(
        (line): UPlot.Series => ({
          label: line.label,
          stroke: line.isEdge ? 'transparent' : colour(line.colour),
          width: line.width ?? 1.5,
          ...(line.dash ? { dash: line.dash } : {}),
          spanGaps: line.spanGaps ?? false,
          points: { show: false },
          value: (_, value) => written(value),
        }),
      ),
    ],
    bands: bands.map((band) => ({
      series: [band.high + 1, band.low + 1] as [number, number],
      fill: colour(band.colour),
    })),
    hooks: {
      drawClear: [shadeUnscored],
      draw: [
        (chart) => {
          for (const { at, colour, dash } of marks) drawMarks(chart, at, colour, dash);
          draw?.(chart);
        },
      ],
    },
  };
  return new uPlot(options, [x, ...lines.map(({ points }) => points)] as UPlot.AlignedData, place);
}
