/** What leaves a chart: its numbers as CSV, its picture as PNG. */
import type { Line } from './line-chart-options.js';
import type { MatrixData } from './matrix.js';
import { CHART_COLOURS, type Theme } from './palette.js';
import type { StateRing } from './state-ring.js';
import { isoTime } from './time-words.js';
import type { Range } from './timeline.js';

/** Tells the time of a step, in milliseconds since 1970; NaN where it is not known. */
type TimeOf = (step: number) => number;

/** The columns that say which step a row is: its number, and its time where times are told. */
const stepHeader = (timeOf?: TimeOf) => (timeOf ? ['step', 'time'] : ['step']);
const stepCells = (step: number, timeOf?: TimeOf) => (timeOf ? [step, isoTime(timeOf(step))] : [step]);

/**
 * Gives the numbers of lines that are shown, a row for each step that any of them has, with its time in UTC. What is missing
 * is empty.
 */
export function linesToCsv(lines: readonly Line[], { from, to }: Range, timeOf?: TimeOf): string {
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
  const header = [...stepHeader(timeOf), ...lines.map(({ label }) => quote(label))].join(',');
  const body = [...rows]
    .sort(([a], [b]) => a - b)
    .map(([step, row]) => [...stepCells(step, timeOf), ...row].join(','));
  return `${[header, ...body].join('\n')}\n`;
}

/** Gives the states that are shown, a row for each step, a column for each unit. */
export function statesToCsv(states: StateRing, { from, to }: Range, timeOf?: TimeOf): string {
  const header = [
    ...stepHeader(timeOf),
    ...Array.from({ length: states.width }, (_, unit) => `h${unit}`),
  ].join(',');
  const rows = [header];
  for (let row = states.firstAt(from); row < states.firstAt(to + 1); row++)
    rows.push([...stepCells(states.stepOf(row), timeOf), ...states.row(row)].join(','));
  return `${rows.join('\n')}\n`;
}

/** Gives the numbers of a matrix, with the names of its rows and columns where it has any. */
export function matrixToCsv({ values, rows, columns, rowName, columnName }: MatrixData): string {
  const all = <T>(length: number, of: (i: number) => T) => Array.from({ length }, (_, i) => of(i));
  const corner = rowName ? [''] : [];
  const header = columnName ? [[...corner, ...all(columns, (j) => quote(columnName(j)))]] : [];
  const body = all(rows, (i) => [
    ...(rowName ? [quote(rowName(i))] : []),
    ...all(columns, (j) => values[i * columns + j]),
  ]);
  return `${[...header, ...body].map((cells) => cells.join(',')).join('\n')}\n`;
}

/** Gives a name for a file of words: letters and digits, with hyphens between them. */
export const fileName = (...words: readonly string[]): string =>
  words
    .join('-')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '')
    .slice(0, MAX_FILE_NAME);

/** The context in which a page says what its exports are of: the name of a sequence, before the title of a chart. */
export const EXPORT_SOURCE = Symbol('export source');

/** In characters, without its kind. */
const MAX_FILE_NAME = 120;

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
