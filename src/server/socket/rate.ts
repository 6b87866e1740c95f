/**
 * A rate that may not be exceeded, with as much at once as a second brings: a token bucket, kept as the one moment up to
 * which all that was taken is paid for (the generic cell rate algorithm).
 */
export class Rate {
  private paidUntil = Number.NEGATIVE_INFINITY;
  private readonly msEach: number;

  constructor(perSecond: number) {
    this.msEach = 1000 / perSecond;
  }

  /** Takes `count` in any case, and gives the milliseconds until the rate is kept again; 0 or less: it is kept. */
  take(count: number, now: number): number {
    this.paidUntil = Math.max(this.paidUntil, now) + count * this.msEach;
    return this.paidUntil - now - BURST_MS;
  }

  /** Takes one, unless that would exceed the rate. */
  tryTake(now: number): boolean {
    if (Math.max(this.paidUntil, now) + this.msEach - now > BURST_MS) return false;
    this.take(1, now);
    return true;
  }
}

/** Milliseconds whose share may be taken at once. */
const BURST_MS = 1000;
