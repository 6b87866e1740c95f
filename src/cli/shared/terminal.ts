/** The drawing tools of the terminal views. */
import { createLogUpdate } from 'log-update';
import { colorsFor } from './output.js';

const LEVELS = '▁▂▃▄▅▆▇█';

/** Draws values between low and high, one character each. */
export function sparkline(values: ArrayLike<number>, low: number, high: number): string {
  const span = high - low || 1;
  return Array.from(values, (value) => {
    const level = Math.floor(((value - low) / span) * LEVELS.length);
    return LEVELS[Math.min(LEVELS.length - 1, Math.max(0, level))];
  }).join('');
}

function bar(share: number, width: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * width);
  return '█'.repeat(full) + '░'.repeat(width - full);
}

export const grouped = (value: number, digits = 0) =>
  value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** Writes a number of things: `1 row`, `2 rows`. */
export const countOf = (count: number, one: string, many = `${one}s`) =>
  `${grouped(count)} ${count === 1 ? one : many}`;

/** Says how far a command has come, in a line. @param share of the input that was read; null where it has no known end */
export function progressLine(what: string, share: number | null, count: string, rate: number): string {
  const c = colorsFor(process.stderr);
  const done = share === null ? '' : `${c.cyan(bar(share, 30))} ${grouped(100 * share)} %  `;
  return `${c.bold(what)}  ${done}${count}  ${c.dim(`${grouped(rate)} steps/s`)}`;
}

/**
 * A view that redraws in place, at most every `everyMs`. If the output is not a terminal it is silent until
 * `finish`, which leaves the last picture.
 */
export class LiveView {
  private readonly update;
  private drawn = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly stream: NodeJS.WriteStream,
    private readonly everyMs = 80,
  ) {
    this.update = createLogUpdate(stream);
  }

  draw(picture: () => string): void {
    const now = performance.now();
    if (!this.stream.isTTY || now - this.drawn < this.everyMs) return;
    this.drawn = now;
    this.update(picture());
  }

  /** Takes the picture away. */
  clear(): void {
    if (this.stream.isTTY) this.update.clear();
  }

  finish(picture: string): void {
    if (this.stream.isTTY) {
      this.update(picture);
      this.update.done();
    } else this.stream.write(`${picture}\n`);
  }
}
