/** The seasons that a clock suggests before any was seen: how many steps a day, a week and a year have. */

const SECOND_MS = 1000;
const DAY_MS = 86_400 * SECOND_MS;
const WEEK_MS = 7 * DAY_MS;
const YEAR_MS = 365.25 * DAY_MS;

/** The longest period in steps: half of what a finder keeps. */
export const LONGEST_PERIOD = 2048;
/** How far a measured interval may be from the round one it is taken for; no two round ones of a day are that near. */
const TOLERANCE = 0.02;
/** How far a number of steps may be from a whole one. */
const TOLERANCE_STEPS = 0.25;

/** What steps are usually apart: whole seconds that divide a day, a day, a week, or months that divide a year. */
const ROUND_MS = [
  ...Array.from({ length: 86_400 }, (_, i) => i + 1)
    .filter((seconds) => 86_400 % seconds === 0)
    .map((seconds) => seconds * SECOND_MS),
  WEEK_MS,
  ...[1, 2, 3, 4, 6].map((months) => (months / 12) * YEAR_MS),
];

/**
 * Gives the steps of a day, of a week and of a year, shortest first, of those that are a whole number of steps from 2 to
 * `longest`.
 *
 * @param interval milliseconds from step to step; null where they do not come regularly
 * @example
 * clockPeriods(1_800_000) // [48, 336]: half-hours
 */
export function clockPeriods(interval: number | null, longest = LONGEST_PERIOD): number[] {
  if (interval === null || !(interval > 0)) return [];
  const exact = ROUND_MS.find((round) => Math.abs(interval - round) <= TOLERANCE * round) ?? interval;
  return [DAY_MS, WEEK_MS, YEAR_MS].flatMap((cycle) => {
    const steps = cycle / exact;
    const whole = Math.round(steps);
    return whole >= 2 && whole <= longest && Math.abs(steps - whole) <= TOLERANCE_STEPS ? [whole] : [];
  });
}
