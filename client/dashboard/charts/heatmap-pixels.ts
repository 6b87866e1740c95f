/** The pixels of a heatmap of units x time, one for each unit and column: no canvas here, so that it can be tested. */
import { shadeOf } from './colour-scale.js';
import type { StateRing } from './state-ring.js';

/** Which columns a paint has changed: from .. to, without `to`. */
export interface Dirty {
  readonly from: number;
  readonly to: number;
}

/** Where steps lie along the axis; another axis is another object. */
export interface Axis {
  placeOf(step: number): number;
  firstStepAt(place: number): number;
}

/** The axis that counts steps. */
export const STEP_AXIS: Axis = { placeOf: (step) => step, firstStepAt: (place) => place };

/** Everything that a repaint of all pixels follows from. */
interface Look {
  /** What is shown, in places along the axis: steps, or milliseconds. */
  readonly from: number;
  readonly to: number;
  readonly columns: number;
  /** How long a column is; as many whole ones as are needed if left out. */
  readonly span?: number;
  readonly axis: Axis;
  readonly order: readonly number[];
  readonly scale: Uint32Array;
  readonly empty: number;
}

/**
 * The axis is cut into columns of the length `span`, counted from 0 on. Column c is painted at c modulo the number of
 * columns, so that while time goes on only new columns change. Where a column has several steps it shows the first; where it
 * has none, the state that held then, until the next step.
 */
export class HeatmapPixels {
  pixels = new Uint32Array(0);
  columns = 0;
  /** The length of one column: steps, or milliseconds. */
  span = 1;
  /** Number of the leftmost column that is shown. */
  firstColumn = 0;
  private rows = 0;
  private look: Look | null = null;
  /** Columns up to this one are painted and will not change. */
  private paintedTo = 0;

  /** Paints what is new since the last time, or all where the view has changed. */
  paint(states: StateRing, look: Look): Dirty[] {
    const { span = Math.max(1, Math.ceil((look.to - look.from + 1) / look.columns)) } = look;
    const firstColumn = Math.floor(look.to / span) - look.columns + 1;
    const isSame =
      this.look !== null &&
      span === this.span &&
      look.columns === this.columns &&
      states.width === this.rows &&
      look.axis === this.look.axis &&
      look.order === this.look.order &&
      look.scale === this.look.scale &&
      firstColumn >= this.firstColumn &&
      firstColumn <= this.paintedTo;
    if (!isSame) this.restart(look.columns, states.width);
    const begin = isSame ? this.paintedTo : firstColumn;
    this.look = look;
    this.span = span;
    this.firstColumn = firstColumn;
    const end = firstColumn + look.columns;
    for (let column = Math.max(begin, firstColumn); column < end; column++)
      this.paintColumn(states, column, look);
    // a column is done when a state of a later one is there; the view may be ahead of the states
    const newest = Math.floor((look.axis.placeOf(states.stepOf(states.total - 1)) || 0) / span);
    this.paintedTo = Math.max(firstColumn, Math.min(end - 1, newest));
    return this.dirty(Math.max(begin, firstColumn), end);
  }

  /** Gives the x, in columns from the left, at which column c lies in the pixels. */
  slotOf(column: number): number {
    return ((column % this.columns) + this.columns) % this.columns;
  }

  private restart(columns: number, rows: number): void {
    this.columns = columns;
    this.rows = rows;
    if (this.pixels.length !== columns * rows) this.pixels = new Uint32Array(columns * rows);
  }

  /** Gives the row of the state that a column shows; null where none is known. */
  rowOf(states: StateRing, column: number): number | null {
    const { look, span } = this;
    if (!look) return null;
    const row = states.firstAt(look.axis.firstStepAt(column * span));
    if (row >= states.total) return null;
    const place = look.axis.placeOf(states.stepOf(row));
    if (place < (column + 1) * span) return place <= look.to ? row : null;
    return row > states.first ? row - 1 : null;
  }

  private paintColumn(states: StateRing, column: number, { order, scale, empty, from, to }: Look): void {
    const first = column * this.span;
    const slot = this.slotOf(column);
    const isShown = first <= to && first + this.span > from;
    const row = isShown ? this.rowOf(states, column) : null;
    const values = row === null ? null : states.row(row);
    for (let y = 0; y < order.length; y++) {
      const shade = values ? shadeOf(values[order[y] as number] as number) : -1;
      this.pixels[y * this.columns + slot] = shade < 0 ? empty : (scale[shade] as number);
    }
  }

  /** Tells columns as places in the pixels: two runs where they go over the edge. */
  private dirty(from: number, to: number): Dirty[] {
    if (to - from >= this.columns) return [{ from: 0, to: this.columns }];
    if (to <= from) return [];
    const [left, right] = [this.slotOf(from), this.slotOf(to - 1) + 1];
    if (left < right) return [{ from: left, to: right }];
    return [
      { from: left, to: this.columns },
      { from: 0, to: right },
    ];
  }
}
