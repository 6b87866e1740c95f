/** One rule at one sequence: when it starts and when it ends, each told once. */
import type { Rule } from './rule-schema.js';

/** Where a rule stands. Plain JSON. */
export interface RuleStand {
  /** Did it start, and has not ended? */
  on: boolean;
  /** How often it started. */
  count: number;
  /** Since when what would start it, or end it, has lasted, in milliseconds since 1970; null if it does not. */
  since: number | null;
  /** When it started. */
  started: number | null;
  /** The highest number seen since it began. */
  peak: number | null;
}

export const newStand = (): RuleStand => ({ on: false, count: 0, since: null, started: null, peak: null });

/** A start or an end. */
export interface Turn {
  readonly state: 'start' | 'end';
  readonly at: number;
  readonly since: number;
  readonly count: number;
  readonly peak: number | null;
}

type Lasting = Pick<Extract<Rule, { on: 'anomaly' }>, 'for' | 'clear'>;

/**
 * Takes what is seen at a time.
 *
 * @param isBad would it start the rule?
 * @param isGood would it end the rule? Neither holds between the two levels.
 */
export function observe(
  stand: RuleStand,
  { for: lasts, clear }: Lasting,
  time: number,
  isBad: boolean,
  isGood: boolean,
  value: number | null = null,
): Turn | null {
  const isToward = stand.on ? isGood : isBad;
  if (value !== null && (stand.on || isBad)) stand.peak = Math.max(stand.peak ?? value, value);
  if (!isToward) {
    stand.since = null;
    if (!stand.on) stand.peak = null;
    return null;
  }
  stand.since ??= time;
  if (time - stand.since < (stand.on ? clear : lasts)) return null;
  const { since, peak } = stand;
  stand.since = null;
  if (stand.on) {
    const { count } = stand;
    const started = stand.started ?? since;
    Object.assign(stand, { on: false, started: null, peak: null });
    return { state: 'end', at: time, since: started, count, peak };
  }
  Object.assign(stand, { on: true, count: stand.count + 1, started: since });
  return { state: 'start', at: time, since, count: stand.count, peak };
}
