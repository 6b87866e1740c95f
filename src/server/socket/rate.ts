/**
 * A rate limit with bursts of one second's worth: a token bucket, stored as the single time up to which everything taken
 * is paid for (the generic cell rate algorithm).
 */
export class Rate {
  private paidUntil = Number.NEGATIVE_INFINITY;
  private readonly msEach: number;

  constructor(perSecond: number) {
    this.msEach = 1000 / perSecond;
  }

  /** Takes `count` in any case, and gives the milliseconds until it is within the rate again; 0 or less: it is within it. */
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

/** The burst, as milliseconds of the rate. */
const BURST_MS = 1000;
