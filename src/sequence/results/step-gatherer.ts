import type { CopyRoom } from '../../operators/carry-steps.js';

/** Length of the array that the results of small blocks share, since their own would cost more than their contents. */
const SLAB_NUMBERS = 2048;

export type Numbers = Float32Array<ArrayBuffer>;

/**
 * Room for the hidden states, the predictions and their ranges of consecutive runs, so that one message holds those of a whole block
 * and joining them copies nothing. Room is never reused.
 */
export class StepGatherer implements Pick<CopyRoom, 'h' | 'y' | 'ranges'> {
  /** What is gathered of the steps, with room for the remaining ones; null if nobody watches. */
  private states: Numbers | null = null;
  private predictions: Numbers | null = null;
  private halfWidths: Numbers | null = null;
  private usedH = 0;
  private usedY = 0;
  private usedRanges = 0;
  private slab: Numbers = new Float32Array(0);
  private used = 0;

  /** @param sizes numbers in h and in y of one step */
  constructor(private readonly sizes: { readonly state: number; readonly output: number }) {}

  /** Reserves room for steps: for their h, their y, its ranges, or none of them. */
  begin(steps: number, h: boolean, y: boolean, ranges: boolean): void {
    this.states = h ? this.take(steps * this.sizes.state) : null;
    this.predictions = y ? this.take(steps * this.sizes.output) : null;
    this.halfWidths = ranges ? this.take(steps * this.sizes.output) : null;
    this.usedH = 0;
    this.usedY = 0;
    this.usedRanges = 0;
  }

  h(length: number): Numbers | null {
    if (!this.states) return null;
    this.usedH += length;
    return part(this.states, this.usedH - length, this.usedH);
  }

  y(length: number): Numbers | null {
    if (!this.predictions) return null;
    this.usedY += length;
    return part(this.predictions, this.usedY - length, this.usedY);
  }

  ranges(length: number): Numbers | null {
    if (!this.halfWidths) return null;
    this.usedRanges += length;
    return part(this.halfWidths, this.usedRanges - length, this.usedRanges);
  }

  /** The states, the predictions and their ranges gathered since `begin`. */
  get gatheredH(): Numbers | null {
    return this.states && part(this.states, 0, this.usedH);
  }

  get gatheredY(): Numbers | null {
    return this.predictions && part(this.predictions, 0, this.usedY);
  }

  get gatheredRanges(): Numbers | null {
    return this.halfWidths && part(this.halfWidths, 0, this.usedRanges);
  }

  /** Gives fresh room for numbers, filled with 0. */
  private take(length: number): Numbers {
    if (length > SLAB_NUMBERS / 4) return new Float32Array(length);
    if (this.used + length > this.slab.length) {
      this.slab = new Float32Array(SLAB_NUMBERS);
      this.used = 0;
    }
    this.used += length;
    return this.slab.subarray(this.used - length, this.used);
  }
}

const part = (values: Numbers, from: number, to: number) =>
  to - from === values.length ? values : values.subarray(from, to);
