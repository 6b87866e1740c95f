/** A matrix as a heatmap, with a scale from minus to plus its greatest number. */
import { colourScale, pixelOf, shadeOf } from './colour-scale.js';
import { fitCanvas } from './drawing.js';
import { CHART_COLOURS, type Theme } from './palette.js';

export interface MatrixData {
  /** Row after row. */
  readonly values: ArrayLike<number>;
  readonly rows: number;
  readonly columns: number;
  /** A line is drawn before this row, where two matrices stand one over the other. */
  readonly split?: number;
  /** Lines are drawn between runs of this many columns, where matrices stand side by side. */
  readonly run?: number;
  /** What its rows and columns are. */
  readonly rowName?: (row: number) => string;
  readonly columnName?: (column: number) => string;
}

/** The largest magnitude in it; 0 if it is empty. */
export function greatest({ values }: MatrixData): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) {
    const size = Math.abs(values[i] as number);
    if (size > most) most = size;
  }
  return most;
}

/** Gives the pixels, one for each number: bytes of red, green, blue and alpha. */
export function matrixPixels({ values, rows, columns }: MatrixData, most: number, theme: Theme): Uint32Array {
  const scale = colourScale(theme);
  const empty = pixelOf(CHART_COLOURS[theme].background);
  const pixels = new Uint32Array(rows * columns);
  const by = most > 0 ? 1 / most : 1;
  for (let i = 0; i < pixels.length; i++) {
    const shade = shadeOf((values[i] as number) * by);
    pixels[i] = shade < 0 ? empty : (scale[shade] as number);
  }
  return pixels;
}

export function drawMatrix(canvas: HTMLCanvasElement, data: MatrixData, theme: Theme): void {
  const { rows, columns, split, run = columns } = data;
  const sheet = fitCanvas(canvas);
  if (!sheet || rows * columns === 0) return;
  const { context, width, height, ratio } = sheet;
  const small = new OffscreenCanvas(columns, rows);
  const pixels = matrixPixels(data, greatest(data), theme);
  const image = new ImageData(new Uint8ClampedArray(pixels.buffer as ArrayBuffer), columns, rows);
  (small.getContext('2d') as OffscreenCanvasRenderingContext2D).putImageData(image, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, 0, width, height);
  context.fillStyle = CHART_COLOURS[theme].text;
  for (let column = run; column < columns; column += run)
    context.fillRect(Math.round((column / columns) * width), 0, ratio, height);
  if (split === undefined) return;
  context.fillRect(0, Math.round((split / rows) * height), width, ratio);
}
