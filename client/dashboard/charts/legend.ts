import type { Line } from './line-chart-options.js';
import { formatNumber } from './numbers.js';

export interface LegendEntry {
  readonly label: string;
  readonly colour: number;
  readonly value: string;
  readonly points: boolean;
}

/** Gives each line's number at a step, or its last where the pointer is nowhere. */
export const legendOf = (lines: readonly Line[], step: number | null): LegendEntry[] =>
  lines
    .filter(({ isEdge }) => !isEdge)
    .map(({ label, colour, ring, x, y, points = false, format = formatNumber }) => {
      const row = step === null ? lastKnown(ring, y) : rowAt(ring, x, step, points);
      return { label, colour, points, value: format(ring.get(y, row)) };
    });

/** Rows that are looked back over for one that has a number. */
const LOOK_BACK = 64;

function lastKnown(ring: Line['ring'], y: string): number {
  const oldest = Math.max(ring.first, ring.total - LOOK_BACK);
  for (let row = ring.total - 1; row >= oldest; row--) if (!Number.isNaN(ring.get(y, row))) return row;
  return -1;
}

/** The row of a step; or the one before it, for lines that have not every step, unless they are points. */
function rowAt(ring: Line['ring'], x: string, step: number, points: boolean): number {
  const row = ring.firstAt(x, step);
  if (ring.get(x, row) === step) return row;
  return points ? -1 : row - 1;
}
