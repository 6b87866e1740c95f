/**
 * Page-Hinkley test for a rise of the mean (Page 1954; Hinkley 1971): a sum of what each number has above a reference
 * and an allowance, that never goes below 0; it raises where the sum goes above a threshold. Written as Page's
 * max(0, sum + ...), which is the same as the distance of the plain sum from its minimum.
 *
 * Numbers come in multiples of their level, so that the reference is 1 and one setting works for every series. The
 * forgetting is in that level, which follows the numbers (`drift.ts`).
 */
export interface PageHinkleyState {
  readonly sum: number;
}

/** Rises that are not meant: half of the level. A doubling then adds 1/2 a step. */
export const ALLOWANCE = 0.5;

export class PageHinkley {
  sum = 0;

  /** Takes a number in multiples of its level; gives whether the sum of what is above has come over the threshold. */
  observe(multiple: number, threshold: number): boolean {
    this.sum = Math.max(0, this.sum + multiple - 1 - ALLOWANCE);
    return this.sum > threshold;
  }

  clear(): void {
    this.sum = 0;
  }

  state(): PageHinkleyState {
    return { sum: this.sum };
  }

  restore({ sum }: PageHinkleyState): void {
    this.sum = sum;
  }
}
