/** When things are drawn: all that is due in one frame, at most so often, and nothing while nobody looks. */

/** What the scheduler needs of a browser. */
export interface Ticker {
  /** Milliseconds. */
  now(): number;
  /** Calls back before the next paint, and gives a way to take that back. */
  frame(callback: () => void): () => void;
  later(ms: number, callback: () => void): () => void;
  isHidden(): boolean;
  /** Calls back whenever the page is shown or hidden. */
  onVisibility(callback: () => void): () => void;
}

/** Milliseconds between two draws, at least: 20 a second. */
export const DRAW_EVERY_MS = 50;

export class DrawScheduler {
  private readonly due = new Set<() => void>();
  private readonly stopListening: () => void;
  private cancel: (() => void) | null = null;
  private lastDraw = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly ticker: Ticker,
    private readonly everyMs = DRAW_EVERY_MS,
  ) {
    this.stopListening = ticker.onVisibility(() => this.look());
  }

  /** Draws with `draw` soon: once, however often it is asked for until then. */
  request(draw: () => void): void {
    this.due.add(draw);
    this.plan();
  }

  drop(draw: () => void): void {
    this.due.delete(draw);
  }

  stop(): void {
    this.stopListening();
    this.due.clear();
    this.unplan();
  }

  private look(): void {
    if (this.ticker.isHidden()) this.unplan();
    else this.plan();
  }

  private plan(): void {
    if (this.cancel || this.due.size === 0 || this.ticker.isHidden()) return;
    const wait = this.lastDraw + this.everyMs - this.ticker.now();
    if (wait > 0)
      this.cancel = this.ticker.later(wait, () => {
        this.cancel = this.ticker.frame(() => this.draw());
      });
    else this.cancel = this.ticker.frame(() => this.draw());
  }

  private unplan(): void {
    this.cancel?.();
    this.cancel = null;
  }

  private draw(): void {
    this.cancel = null;
    this.lastDraw = this.ticker.now();
    const draws = [...this.due];
    this.due.clear();
    try {
      for (let draw = draws.shift(); draw; draw = draws.shift()) draw();
    } finally {
      // one that throws must not take the others with it
      for (const draw of draws) this.due.add(draw);
      this.plan();
    }
  }
}

export const browserTicker = (): Ticker => ({
  now: () => performance.now(),
  frame(callback) {
    const id = requestAnimationFrame(callback);
    return () => cancelAnimationFrame(id);
  },
  later(ms, callback) {
    const id = setTimeout(callback, ms);
    return () => clearTimeout(id);
  },
  isHidden: () => document.hidden,
  onVisibility(callback) {
    document.addEventListener('visibilitychange', callback);
    return () => document.removeEventListener('visibilitychange', callback);
  },
});
