/** Counts the refused tokens of each address, so that guessing stays slow and verifying signatures stays cheap. */
import { isIPv6 } from 'node:net';

export interface AttemptsParts {
  /** Milliseconds. */
  readonly now: () => number;
  /** Refused tokens that one address may have in a minute. */
  readonly perMinute: number;
  /** How many addresses are remembered; the one refused longest ago is forgotten first. */
  readonly addresses?: number;
}

const MINUTE_MS = 60_000;

/**
 * A leaky bucket per address, stored as one number: the time at which it is empty again. Each refusal delays that by
 * its share of a minute, and an address whose bucket would take more than a minute to empty must wait.
 */
export class Attempts {
  private readonly emptyAt = new Map<string, number>();

  constructor(private readonly parts: AttemptsParts) {}

  /** Gives the milliseconds until the address may try again; 0 if it may now. */
  wait(address: string): number {
    const { now, perMinute } = this.parts;
    const emptyAt = this.emptyAt.get(bucketOf(address)) ?? 0;
    return Math.max(0, emptyAt - now() - MINUTE_MS + MINUTE_MS / perMinute);
  }

  refused(address: string): void {
    const { now, perMinute, addresses = 10_000 } = this.parts;
    const bucket = bucketOf(address);
    const emptyAt = Math.max(this.emptyAt.get(bucket) ?? 0, now()) + MINUTE_MS / perMinute;
    this.emptyAt.delete(bucket);
    this.emptyAt.set(bucket, emptyAt);
    const [oldest] = this.emptyAt.keys();
    if (this.emptyAt.size > addresses && oldest !== undefined) this.emptyAt.delete(oldest);
  }
}

/** Whoever has one IPv6 address has 2^64 of them: they share a bucket. */
export function bucketOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [plain = ''] = address.split('%', 1);
  if (!isIPv6(plain)) return address;
  const [head = '', tail] = plain.split('::');
  const groups = head === '' ? [] : head.split(':');
  const zeros = tail === undefined ? 0 : 8 - groups.length - (tail === '' ? 0 : tail.split(':').length);
  const all = [...groups, ...new Array<string>(zeros).fill('0'), ...(tail ? tail.split(':') : [])];
  return `${all.slice(0, 4).join(':')}::/64`;
}
