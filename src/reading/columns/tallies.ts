/** Counts of what happened, with the line of the first. */
import type { Tally } from '../reading.js';

export class Counter implements Tally {
  count = 0;
  first = 0;

  add(line: number): void {
    if (this.count++ === 0) this.first = line;
  }

  read(): Tally {
    return { count: this.count, first: this.first };
  }
}
