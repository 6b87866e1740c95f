/** The report's script: runs in the page, after uPlot. It has no imports but types, so that it can stand in the page. */
import type UPlot from 'uplot';
import type { Mark, ReportData } from './report.js';
import type { Points, View } from './report-series.js';

const { uPlot } = globalThis as unknown as { uPlot: typeof UPlot };

const find = <E extends Element>(selector: string): E => {
  const element = document.querySelector<E>(selector);
  if (!element) throw new Error(`the page has no ${selector}`);
  return element;
};
const data: ReportData = JSON.parse(find('#data').textContent ?? '');
const hasTimes = data.whole.time !== null;

let charts: UPlot[] = [];

const colour = (name: string) =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const chosen = (id: string) => Number(document.querySelector<HTMLSelectElement>(`#${id}`)?.value ?? 0);
const grouped = (value: number) => value.toLocaleString('en-US');
/** Cuts a name to what fits beside a chart. */
const shortened = (name: string) => (name.length > 20 ? `${name.slice(0, 19)}\u2026` : name);
const written = (value: number | null) => (value === null ? '-' : String(Number(value.toPrecision(4))));

function whenText(x: number): string {
  if (!hasTimes) return `row ${grouped(x)}`;
  return new Date(x)
    .toISOString()
    .replace('T', ' ')
    .replace(/(:00)?\.000Z$/, '');
}

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** Writes times that are `step` apart, each with what it is part of on a second line where that is new. */
function timeTicks(ticks: readonly number[], step: number): string[] {
  let last = '';
  return ticks.map((tick) => {
    const [date = '', time = ''] = new Date(tick).toISOString().split('T');
    const [year = '', month = '', day = ''] = date.split('-');
    const name = MONTHS[Number(month) - 1] ?? '';
    const [own, whole] =
      step >= 364 * DAY
        ? [year, '']
        : step >= 27 * DAY
          ? [name, year]
          : step >= DAY
            ? [`${Number(day)} ${name}`, year]
            : [time.slice(0, step >= MINUTE ? 5 : 8), `${Number(day)} ${name}`];
    const isNew = whole !== last;
    last = whole;
    return isNew ? `${own}\n${whole}` : own;
  });
}

interface Line {
  readonly label: string;
  readonly points: Points;
  readonly colour: string;
  readonly width?: number;
  readonly dash?: number[];
  readonly spanGaps?: boolean;
  /** Drawn as the edge of a band, without a line of its own. */
  readonly isEdge?: boolean;
}

interface ChartOptions {
  readonly id: string;
  readonly x: Points;
  readonly lines: readonly Line[];
  readonly unit: string;
  readonly height?: number;
  readonly range?: UPlot.Scale.Range;
  readonly isDown?: boolean;
  readonly isLog?: boolean;
  /** Are the first two lines the edges of a band? */
  readonly hasBand?: boolean;
  readonly marks?: readonly {
    readonly at: readonly Mark[];
    readonly colour: string;
    readonly dash: number[];
  }[];
  readonly draw?: (chart: UPlot) => void;
}

/** Puts a chart of lines in its section. */
function addChart({
  id,
  x,
  lines,
  unit,
  height = 240,
  range,
  isLog,
  isDown,
  hasBand,
  marks = [],
  draw,
}: ChartOptions): void {
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
    ...(hasBand ? { bands: [{ series: [2, 1], fill: colour('band') }] } : {}),
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
  charts.push(new uPlot(options, [x, ...lines.map(({ points }) => points)] as UPlot.AlignedData, place));
}

/** Greys out the rows that count in no figure. */
function shadeUnscored(chart: UPlot): void {
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

function drawMarks(chart: UPlot, marks: readonly Mark[], name: string, dash: number[]): void {
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

function addStates(view: View, x: Points): void {
  const picture = pictureOf(view);
  const { units } = data;
  addChart({
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
  });
  const scale = find<HTMLCanvasElement>('.scale canvas');
  const mix = diverging();
  const image = new ImageData(255, 1);
  for (let i = 0; i < 255; i++) image.data.set([...mix(i / 127 - 1), 255], 4 * i);
  scale.getContext('2d')?.putImageData(image, 0, 0);
}

const skillOf = (errors: Points, naive: Points): Points =>
  errors.map((error, t) => {
    const other = naive[t];
    return error === null || !other ? null : 1 - error / other;
  });

/** Draws everything anew: what was chosen, or the colours, may have changed. */
function render(): void {
  const range = charts[0]?.scales.x;
  const [from, to] = [range?.min, range?.max];
  const wasWhole = charts[0] ? isWhole(charts[0]) : true;
  for (const chart of charts) chart.destroy();
  charts = [];
  const view = chosen('view') === 1 && data.tail ? data.tail : data.whole;
  const x = view.time ?? view.row;
  const k = chosen('target');
  const m = chosen('horizon') * data.targets.length + k;
  const name = shortened(data.targets[k] ?? '');
  const truth = view.targets[k];
  const output = view.outputs[m];
  if (!truth || !output) return;
  document.querySelectorAll('dd.figure').forEach((place, i) => {
    place.textContent = data.figures[m]?.[i] ?? '-';
  });
  const marks = [
    { at: data.anomalies, colour: 'mark', dash: [2, 3] },
    { at: data.drift, colour: 'drift', dash: [8, 4] },
  ];
  const isBand = view.width > 1;
  addChart({
    id: 'forecast',
    x,
    unit: name,
    height: 300,
    marks,
    hasBand: isBand,
    lines: [
      ...(isBand
        ? [
            { label: 'lowest', points: truth.min, colour: 'band', isEdge: true },
            { label: 'highest', points: truth.max, colour: 'band', isEdge: true },
          ]
        : []),
      { label: 'forecast', points: output.forecast, colour: 'forecast', width: 2.5 },
      { label: 'truth', points: truth.mean, colour: 'truth', width: 1 },
    ],
  });
  const hasSeason = output.season.some((point) => point !== null);
  addChart({
    id: 'error',
    x,
    unit: `MAE, ${name}`,
    marks: marks.slice(1),
    lines: [
      { label: 'forecast', points: output.mae, colour: 'forecast', width: 2 },
      { label: 'as it is now', points: output.naive, colour: 'naive' },
      ...(hasSeason ? [{ label: 'a season ago', points: output.season, colour: 'season' }] : []),
    ],
  });
  addChart({
    id: 'skill',
    x,
    unit: 'skill',
    range: (_, min) => [Math.max(-1, Math.min(0, min)), 1],
    marks: marks.slice(1),
    lines: [
      { label: 'against as it is now', points: skillOf(output.mae, output.naive), colour: 'naive', width: 2 },
      ...(hasSeason
        ? [
            {
              label: 'against a season ago',
              points: skillOf(output.mae, output.season),
              colour: 'season',
              width: 2,
            },
          ]
        : []),
      { label: 'no better', points: x.map(() => 0), colour: 'dim', width: 1, dash: [4, 4] },
    ],
  });
  addChart({
    id: 'anomaly',
    x,
    unit: 'score, 0 to 1',
    range: [0, 1.02],
    marks,
    lines: [
      { label: 'score', points: view.anomaly, colour: 'score', width: 1 },
      { label: 'threshold', points: x.map(() => data.threshold), colour: 'dim', width: 1, dash: [4, 4] },
    ],
  });
  const { clipNorm } = data;
  addChart({
    id: 'gradient',
    x,
    unit: 'norm, log scale',
    isLog: true,
    lines: [
      {
        label: 'largest norm',
        points: view.gradient.map((norm) => norm || null),
        colour: 'score',
        width: 1,
        spanGaps: true,
      },
      ...(clipNorm === null
        ? []
        : [
            {
              label: 'clipped at',
              points: x.map(() => clipNorm),
              colour: 'forecast',
              width: 1,
              dash: [4, 4],
            },
          ]),
    ],
  });
  addStates(view, x);
  if (!wasWhole && from !== undefined && to !== undefined) zoomTo(from ?? 0, to ?? 0);
}

const endsOf = (chart: UPlot): [number, number] => {
  const x = chart.data[0];
  return [x[0] ?? 0, x[x.length - 1] ?? 0];
};

function isWhole(chart: UPlot): boolean {
  const [first, last] = endsOf(chart);
  return (chart.scales.x?.min ?? first) <= first && (chart.scales.x?.max ?? last) >= last;
}

function zoomTo(from: number, to: number): void {
  const [first, last] = charts[0] ? endsOf(charts[0]) : [0, 0];
  const min = Math.max(first, from);
  const max = Math.min(last, to);
  if (max > min) for (const chart of charts) chart.setScale('x', { min, max });
}

function zoom(how: string | undefined): void {
  const scale = charts[0]?.scales.x;
  if (!charts[0] || scale?.min === undefined || scale.max === undefined) return;
  const [first, last] = endsOf(charts[0]);
  const [from, to] = [scale.min ?? first, scale.max ?? last];
  const span = to - from;
  if (how === 'all') zoomTo(first, last);
  if (how === 'in') zoomTo(from + span / 4, to - span / 4);
  if (how === 'out') zoomTo(from - span / 2, to + span / 2);
  const shift = how === 'left' ? -Math.min(span / 2, from - first) : Math.min(span / 2, last - to);
  if (how === 'left' || how === 'right') zoomTo(from + shift, to + shift);
}

render();
find('.controls').addEventListener('change', render);
for (const button of document.querySelectorAll<HTMLElement>('[data-zoom]'))
  button.addEventListener('click', () => zoom(button.dataset.zoom));
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', render);
let width = innerWidth;
addEventListener('resize', () => {
  if (innerWidth === width) return;
  width = innerWidth;
  for (const chart of charts)
    chart.setSize({ width: chart.root.parentElement?.clientWidth ?? chart.width, height: chart.height });
});
