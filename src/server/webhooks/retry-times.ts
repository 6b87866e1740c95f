/** When a notice that was not taken is tried again, and when it is given up. */

/** Milliseconds before the second attempt, and the most between two. */
const [FIRST_MS, LONGEST_MS] = [1000, 3_600_000];
/** The longest wait that a receiver may ask for. */
const LONGEST_ASKED_MS = 24 * 3_600_000;
/** Answers that say that this very notice is not understood, and how often they are taken for a mistake. */
const NOT_UNDERSTOOD = new Set([400, 406, 413, 414, 415, 422, 431]);
const MOST_NOT_UNDERSTOOD = 5;

/** What an answer means for its notice. */
export type Verdict = 'delivered' | 'gone' | 'refused' | 'again';

/** @param attempts how many there were, this one included */
export function verdictOf(status: number | null, attempts: number): Verdict {
  if (status === null) return 'again';
  if (status >= 200 && status < 300) return 'delivered';
  if (status === 410) return 'gone';
  return NOT_UNDERSTOOD.has(status) && attempts >= MOST_NOT_UNDERSTOOD ? 'refused' : 'again';
}

/**
 * Gives the milliseconds until the next attempt: twice as long after each, less up to half of it by chance, so that many
 * servers do not come at once; and at least what the receiver asked for.
 *
 * @param attempts how many there were
 * @param random in [0, 1)
 * @param now milliseconds since 1970
 */
export function waitAfter(attempts: number, retryAfter: string | null, random: number, now: number): number {
  const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempts - 1, 30));
  const own = Math.round(longest * (1 - random / 2));
  return Math.max(own, Math.min(LONGEST_ASKED_MS, askedMs(retryAfter, now)));
}

/** Reads Retry-After: seconds, or a date; 0 if it is neither. */
function askedMs(text: string | null, now: number): number {
  if (text === null) return 0;
  if (/^\d{1,9}$/.test(text.trim())) return 1000 * Number(text);
  const at = Date.parse(text);
  return Number.isNaN(at) ? 0 : Math.max(0, at - now);
}
