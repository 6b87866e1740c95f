/**
 * Puts anomalous steps together: one that comes within LULL steps of the last is the same anomaly, so that a burst is told
 * once when it begins, and once, with where it was worst, when it is over. One that is far less likely than all of it so far
 * is another anomaly: a faint one before it does not hide it.
 */
import { EVENT } from './anomaly.js';

/** An anomaly that is over. */
export interface Episode {
  /** Its first and its last anomalous step, and the one of the highest score. */
  readonly start: number;
  readonly end: number;
  readonly peak: number;
  /** The highest score. */
  readonly score: number;
}

/** Steps without an anomalous one after which an anomaly is over. */
const LULL = 30;
/** By how much a score has to exceed those before it to be another anomaly. */
const FAR = 0.3;

export class Episodes {
  private isOpen = false;
  private start = 0;
  private end = 0;
  private peak = 0;
  private score = 0;

  /** Takes the score of a step; tells if an anomaly begins, or gives the one that is over. */
  take(seq: number, score: number): 'began' | Episode | null {
    if (score >= EVENT) {
      const begins = !this.isOpen || score >= this.score + FAR;
      if (begins) {
        this.isOpen = true;
        this.start = seq;
        this.score = 0;
      }
      this.end = seq;
      if (score > this.score) {
        this.score = score;
        this.peak = seq;
      }
      return begins ? 'began' : null;
    }
    if (!this.isOpen || seq - this.end < LULL) return null;
    this.isOpen = false;
    const { start, end, peak } = this;
    return { start, end, peak, score: this.score };
  }

  clear(): void {
    this.restore([]);
  }

  state(): readonly number[] {
    const { isOpen, start, end, peak, score } = this;
    return [isOpen ? 1 : 0, start, end, peak, score];
  }

  restore([isOpen = 0, start = 0, end = 0, peak = 0, score = 0]: readonly number[]): void {
    Object.assign(this, { isOpen: isOpen === 1, start, end, peak, score });
  }
}
