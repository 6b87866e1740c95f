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
  /** When these steps were, in milliseconds since 1970; null where that is not known. */
  readonly times: { readonly start: number; readonly peak: number; readonly end: number } | null;
}

/** Steps without an anomalous one after which an anomaly is over. */
const LULL = 30;
/** By how much a score has to exceed those before it to be another anomaly. */
const FAR = 0.3;

/** Numbers of an anomaly: first, last and worst step; score; times of these steps, and are they known? */
const [START, END, PEAK, SCORE, START_TIME, END_TIME, PEAK_TIME, TIMED] = [0, 1, 2, 3, 4, 5, 6, 7];
const WIDTH = 8;

export class Episodes {
  private isOpen = false;
  private now = new Array<number>(WIDTH).fill(0);

  /** Takes the score of a step; tells if an anomaly begins, or gives the one that is over. The time is NaN if unknown. */
  take(seq: number, score: number, time = Number.NaN): 'began' | Episode | null {
    if (score >= EVENT) return this.join(seq, score, time) ? 'began' : null;
    if (!this.isOpen || seq - this.now[END]! < LULL) return null;
    this.isOpen = false;
    return episodeOf(this.now);
  }

  /** Tells if an anomaly begins with this step. */
  private join(seq: number, score: number, time: number): boolean {
    const { now } = this;
    const begins = !this.isOpen || score >= now[SCORE]! + FAR;
    const isTimed = !Number.isNaN(time);
    const t = isTimed ? time : 0;
    if (begins) {
      this.isOpen = true;
      [now[START], now[START_TIME], now[SCORE], now[TIMED]] = [seq, t, 0, 1];
    }
    [now[END], now[END_TIME]] = [seq, t];
    if (!isTimed) now[TIMED] = 0;
    if (score > now[SCORE]!) [now[PEAK], now[PEAK_TIME], now[SCORE]] = [seq, t, score];
    return begins;
  }

  clear(): void {
    this.restore([]);
  }

  state(): readonly number[] {
    return [this.isOpen ? 1 : 0, ...this.now];
  }

  restore([isOpen = 0, ...now]: readonly number[]): void {
    this.isOpen = isOpen === 1;
    this.now = Array.from({ length: WIDTH }, (_, i) => now[i] ?? 0);
  }
}

/** Puts what is known of an anomaly into numbers; -1 for none. */
export const numbersOf = (episode: Episode | null): number[] => {
  if (!episode) return new Array<number>(WIDTH).fill(-1);
  const { start, end, peak, score, times } = episode;
  return [start, end, peak, score, times?.start ?? 0, times?.end ?? 0, times?.peak ?? 0, times ? 1 : 0];
};

/** Gives an anomaly from its numbers, of which there are WIDTH; null for none. */
export function episodeOf(numbers: readonly number[]): Episode | null {
  const [start = -1, end = -1, peak = -1, score = 0, first = 0, last = 0, worst = 0, timed = 0] = numbers;
  if (start < 0) return null;
  const times = timed === 1 ? { start: first, peak: worst, end: last } : null;
  return { start, end, peak, score, times };
}
