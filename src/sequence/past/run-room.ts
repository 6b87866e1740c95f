import type { Source } from './past-page.js';

/** What all rooms have before their first run. */
const NOTHING = new Float32Array(0);

/** Room for one column of one run at a time. */
export class RunRoom {
  readonly source: Source = { values: NOTHING, from: 0 };
  /** Was it handed out since the last run? */
  isTaken = false;
  private room = NOTHING;
  private part = this.room;

  take(length: number): Float32Array {
    this.isTaken = true;
    if (length > this.room.length) this.source.values = this.room = new Float32Array(length);
    if (this.part.length !== length) this.part = this.room.subarray(0, length);
    return this.part;
  }

  /** The run is complete: what nobody asked for is unknown. */
  settle(length: number): void {
    if (!this.isTaken && length > 0) this.take(length).fill(Number.NaN);
    this.isTaken = false;
  }

  free(): void {
    this.source.values = this.room = this.part = NOTHING;
  }
}
