/** A heatmap of hidden states on a canvas: units x time, with the cursor of all charts and pinned units. */
import type { UnitOrder } from '../analysis/unit-order.js';
import { orderUnits } from '../analysis/unit-order.js';
import { colourScale, pixelOf } from './colour-scale.js';
import { bucketLength } from './decimate.js';
import { fitCanvas, type Sheet } from './drawing.js';
import { type Axis, HeatmapPixels, STEP_AXIS } from './heatmap-pixels.js';
import { CHART_COLOURS, type Theme } from './palette.js';
import type { StateRing } from './state-ring.js';
import type { Timeline } from './timeline.js';

export interface Cell {
  readonly unit: number;
  readonly step: number;
  readonly value: number;
}

export interface HeatmapView {
  readonly order: UnitOrder;
  readonly theme: Theme;
  readonly pinned: readonly number[];
}

/** Milliseconds between two looks at which order the units stand in: a picture whose rows jump cannot be read. */
const REORDER_MS = 5000;

export class HeatmapCanvas {
  private readonly pixels = new HeatmapPixels();
  private readonly buffer = document.createElement('canvas');
  private order: { by: UnitOrder; at: number; width: number; units: number[] } | null = null;
  private readonly timeAxis: Axis;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly states: StateRing,
    private readonly timeline: Timeline,
    private readonly now: () => number,
  ) {
    this.timeAxis = {
      placeOf: (step) => timeline.placeOf(step),
      firstStepAt: (place) => timeline.firstStepAt(place),
    };
  }

  /** Units from top to bottom. */
  get units(): readonly number[] {
    return this.order?.units ?? [];
  }

  draw(view: HeatmapView): void {
    const { pixels, states } = this;
    const sheet = fitCanvas(this.canvas);
    if (!sheet) return;
    const { context, width } = sheet;
    const grid = this.gridFor(width);
    const { columns } = grid;
    const dirty = pixels.paint(states, {
      ...grid,
      order: this.orderBy(view.order),
      scale: colourScale(view.theme),
      empty: pixelOf(CHART_COLOURS[view.theme].background),
    });
    this.copy(columns, dirty);
    context.imageSmoothingEnabled = false;
    const slot = pixels.slotOf(pixels.firstColumn);
    const left = columns - slot;
    const scaled = width / columns;
    context.drawImage(this.buffer, slot, 0, left, states.width, 0, 0, left * scaled, sheet.height);
    if (slot > 0)
      context.drawImage(this.buffer, 0, 0, slot, states.width, left * scaled, 0, slot * scaled, sheet.height);
    this.mark(view, sheet);
  }

  /** Gives what lies under a point, in CSS pixels from the upper left. */
  cellAt(x: number, y: number): Cell | null {
    const { clientWidth, clientHeight } = this.canvas;
    const unit = this.units[Math.floor((y / clientHeight) * this.units.length)];
    const { columns, firstColumn } = this.pixels;
    if (unit === undefined || columns === 0) return null;
    const row = this.pixels.rowOf(this.states, firstColumn + Math.floor((x / clientWidth) * columns));
    if (row === null) return null;
    return { unit, step: this.states.stepOf(row), value: this.states.row(row)[unit] as number };
  }

  /** Cuts what is shown into columns, each a pixel of the device or more. */
  private gridFor(width: number) {
    const { axis, bounds } = this.timeline;
    const { from, to } = bounds;
    if (axis === 'step') {
      const span = Math.ceil((to - from + 1) / width);
      return { from, to, span, columns: Math.ceil((to - from + 1) / span), axis: STEP_AXIS };
    }
    const span = bucketLength(to - from, width);
    return { from, to, span, columns: Math.ceil((to - from) / span), axis: this.timeAxis };
  }

  private mark({ pinned, theme }: HeatmapView, { context, width, height, ratio }: Sheet): void {
    const { units, pixels } = this;
    const { text, series } = CHART_COLOURS[theme];
    const rowHeight = height / units.length;
    let k = 0;
    for (const unit of pinned) {
      const at = units.indexOf(unit);
      context.strokeStyle = series[k++ % series.length] as string;
      context.lineWidth = 2 * ratio;
      if (at >= 0)
        context.strokeRect(ratio, at * rowHeight, width - 2 * ratio, Math.max(rowHeight, 2 * ratio));
    }
    const cursor = this.timeline.cursor$.value;
    if (cursor === null) return;
    const x =
      ((Math.floor(this.timeline.placeOf(cursor) / pixels.span) - pixels.firstColumn + 0.5) /
        pixels.columns) *
      width;
    context.fillStyle = text;
    if (x >= 0 && x <= width) context.fillRect(Math.round(x), 0, ratio, height);
  }

  private copy(columns: number, dirty: readonly { from: number; to: number }[]): void {
    const { buffer, states, pixels } = this;
    if (buffer.width !== columns || buffer.height !== states.width) {
      buffer.width = columns;
      buffer.height = states.width;
    }
    const context = buffer.getContext('2d') as CanvasRenderingContext2D;
    const bytes = new Uint8ClampedArray(pixels.pixels.buffer as ArrayBuffer);
    const image = new ImageData(bytes, columns, states.width);
    for (const { from, to } of dirty) context.putImageData(image, 0, 0, from, 0, to - from, states.width);
  }

  private orderBy(by: UnitOrder): number[] {
    const { order, states } = this;
    const isStale = by !== 'unit' && this.now() - (order?.at ?? 0) > REORDER_MS;
    if (order && order.by === by && order.width === states.width && !isStale) return order.units;
    const units = orderUnits(by, states);
    const isSame = order?.units.length === units.length && units.every((unit, i) => unit === order.units[i]);
    this.order = { by, at: this.now(), width: states.width, units: isSame && order ? order.units : units };
    return this.order.units;
  }
}
