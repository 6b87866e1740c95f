import { PIECE, type Pieces } from '../../math/pieces.js';

/**
 * What one sequence has under way. What was begun last goes on first, as a function returns before its caller goes on: the
 * update behind a run is made before the next run is carried.
 */
export class UnderWay {
  private stack: Pieces[] = [];
  /** What does a piece at this moment. */
  private running: Pieces | null = null;

  /** @param most what one piece may cost */
  constructor(readonly most = PIECE) {}

  get isEmpty(): boolean {
    return this.stack.length === 0;
  }

  begin(pieces: Pieces): void {
    this.stack.push(pieces);
  }

  /** Does a piece, and gives what it cost. What it throws ends that work. */
  next(): number {
    const pieces = this.stack.at(-1);
    if (!pieces) return 0;
    const { running } = this;
    this.running = pieces;
    let isOver = true;
    try {
      const piece = pieces.next();
      isOver = piece.done ?? false;
      return piece.done ? 0 : piece.value;
    } finally {
      this.running = running;
      if (isOver) this.stack = this.stack.filter((one) => one !== pieces);
      else if (!this.stack.includes(pieces)) pieces.return();
    }
  }

  /** Gives up all of it; what does a piece at this moment ends after that. */
  drop(): void {
    const { stack } = this;
    this.stack = [];
    for (const pieces of stack.reverse()) if (pieces !== this.running) pieces.return();
  }
}
