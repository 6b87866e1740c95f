/** A rate for each address that asks; those that asked longest ago are forgotten first. */
import { Rate } from '../../socket/rate.js';

/** The most addresses that are remembered. */
const MOST = 10_000;

export class AddressRates {
  private readonly rates = new Map<string, Rate>();

  constructor(private readonly perSecond: number) {}

  /**
   * Takes so much unless what was taken before is over the rate; gives the milliseconds until something may be taken again, 0 or
   * less if it was taken.
   *
   * @param now milliseconds
   */
  take(address: string, count: number, now: number): number {
    const rate = this.rateOf(address);
    const wait = rate.take(0, now);
    if (wait <= 0) rate.take(count, now);
    return wait;
  }

  /** Takes so much in any case. */
  spend(address: string, count: number, now: number): void {
    this.rateOf(address).take(count, now);
  }

  private rateOf(address: string): Rate {
    const rate = this.rates.get(address) ?? new Rate(this.perSecond);
    this.rates.delete(address);
    this.rates.set(address, rate);
    if (this.rates.size > MOST)
      for (const oldest of this.rates.keys()) {
        this.rates.delete(oldest);
        break;
      }
    return rate;
  }
}
