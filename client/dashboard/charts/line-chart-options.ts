/** The options of a line chart, and the margins that all charts share. */
import type { Series } from './series.js';

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
  /** Writes its numbers; at most four figures if left out. */
  readonly format?: (value: number) => string;
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
}

/** Room for the numbers of the y axis, the same in all charts, so that they stand one under the other. */
export const AXIS_WIDTH = 56;
export const AXIS_HEIGHT = 22;
/** Room for the half of the last step or time that stands beyond the edge. */
export const AXIS_RIGHT = 26;
