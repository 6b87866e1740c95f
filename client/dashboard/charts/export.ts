/** What leaves a chart: its numbers as CSV, its picture as PNG. */
import type { Line } from './line-chart-options.js';
import type { MatrixData } from './matrix.js';
import { CHART_COLOURS, type Theme } from './palette.js';
import type { StateRing } from './state-ring.js';
import type { Range } from './timeline.js';

/** Gives the numbers of lines that are shown, a row for each step that any of them has. What is missing is empty. */
export function linesToCsv(lines: readonly Line[], { from, to }: Range): string {
  const rows = new Map<number, string[]>();
  lines.forEach(({ ring, x, y }, i) => {
    const [begin, end] = [ring.firstAt(x, from), ring.firstAt(x, to + 1)];
    const [steps, values] = [ring.view(x, begin, end), ring.view(y, begin, end)];
    steps.forEach((step, k) => {
      const row = rows.get(step) ?? lines.map(() => '');
      const value = values[k] as number;
      if (!Number.isNaN(value)) row[i] = String(value);
      rows.set(step, row);
    });
  });
  const header = ['step', ...lines.map(({ label }) => quote(label))].join(',');
  const body = [...rows].sort(([a], [b]) => a - b).map(([step, row]) => [step, ...row].join(','));
  return `${[header, ...body].join('\n')}\n`;
}

/** Gives the states that are shown, a row for each step, a column for each unit. */
export function statesToCsv(states: StateRing, { from, to }: Range): string {
  const header = ['step', ...Array.from({ length: states.width }, (_, unit) => `h${unit}`)].join(',');
  const rows = [header];
  for (let row = states.firstAt(from); row < states.firstAt(to + 1); row++)
    rows.push(`${states.stepOf(row)},${states.row(row).join(',')}`);
  return `${rows.join('\n')}\n`;
}

export function matrixToCsv({ values, rows, columns }: MatrixData): string {
  const row = (i: number) => Array.from({ length: columns }, (_, j) => values[i * columns + j]).join(',');
  return `${Array.from({ length: rows }, (_, i) => row(i)).join('\n')}\n`;
}

const quote = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** Gives a canvas as PNG, on the theme's background. */
export function canvasToPng(canvas: HTMLCanvasElement, theme: Theme): Promise<Blob | null> {
  const copy = document.createElement('canvas');
  copy.width = canvas.width;
  copy.height = canvas.height;
  const context = copy.getContext('2d') as CanvasRenderingContext2D;
  context.fillStyle = CHART_COLOURS[theme].background;
  context.fillRect(0, 0, copy.width, copy.height);
  context.drawImage(canvas, 0, 0);
  return new Promise((resolve) => copy.toBlob(resolve, 'image/png'));
}

export function download(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // the browser reads it after this turn
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
