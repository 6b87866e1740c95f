/** Tells the audit of refused tokens, so many a second: who guesses writes no log of their own. */
import { Rate } from '../socket/rate.js';
import type { Audit } from '../telemetry/audit.js';

/** The most lines a second; those left out are counted. */
const LINES_PER_SECOND = 10;

/** @param now milliseconds, monotonic */
export function createRefusalAudit(
  audit: Audit,
  now: () => number,
): (address: string, reason: string) => void {
  const rate = new Rate(LINES_PER_SECOND);
  let suppressed = 0;
  return (address, reason) => {
    if (!rate.tryTake(now())) {
      suppressed++;
      return;
    }
    audit({ what: 'refused', who: address, address, reason, ...(suppressed > 0 && { suppressed }) });
    suppressed = 0;
  };
}
