const STEPS = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const SHORT = new Intl.NumberFormat('en', { maximumSignificantDigits: 4 });

/** Writes a step: 12,300. */
export const formatStep = (step: number): string => STEPS.format(step);

/** Says how many there are of something: 1 gap, 1,000 steps. */
export const countWords = (count: number, what: string): string =>
  `${formatStep(count)} ${what}${count === 1 ? '' : 's'}`;

/** Writes a number in at most four figures: 12,300 · 1.234 · 3.2e-7; what is not known as a dash. */
export function formatNumber(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '–';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-3) return value.toExponential(1).replace('e+', 'e');
  return SHORT.format(value);
}

/** Writes a score to two places: adding 0 turns a -0 round. */
export const hundredths = (value: number | null): string =>
  value === null ? '–' : (Math.round(value * 100) / 100 + 0).toFixed(2);

/** Significant figures that a float64 has for sure, and those that a float32 has at least and at most. */
const DOUBLE_FIGURES = 15;
const SINGLE_FIGURES = [6, 7, 8, 9];

/** Writes a reading with all its digits, and without the noise of binary fractions: 123465789.12 · 0.3. */
export const formatReading = (value: number | null | undefined): string =>
  value === null || value === undefined || Number.isNaN(value)
    ? '–'
    : String(Number(value.toPrecision(DOUBLE_FIGURES)));

/** Writes a float32 with as many figures as tell it from all others. */
export function formatSingle(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '–';
  const shortest = SINGLE_FIGURES.map((figures) => Number(value.toPrecision(figures))).find(
    (short) => Math.fround(short) === value,
  );
  return String(shortest ?? value);
}

/** The longest number that fits beside a chart, in characters. */
const TICK_LENGTH = 7;

/** Writes the numbers of an axis so that neighbours differ: where they are long, without the digits that all share. */
export function formatTicks(ticks: readonly number[]): string[] {
  const short = ticks.map(formatNumber);
  if (new Set(short).size === ticks.length) return short;
  const apart = Math.min(...ticks.slice(1).map((tick, i) => Math.abs(tick - (ticks[i] as number))));
  const digits = Math.min(20, Math.max(0, -Math.floor(Math.log10(apart) + 1e-9)));
  const exact = ticks.map((tick) => tick.toFixed(digits));
  if (exact.every(({ length }) => length <= TICK_LENGTH)) return exact;
  return exact.map((text) => (text.length <= TICK_LENGTH ? text : `…${text.slice(1 - TICK_LENGTH)}`));
}

/** Says in a sentence what a line shows, for those who cannot see it. `when` says from when to when. */
export function describeLine(
  label: string,
  x: Float64Array,
  y: Float64Array,
  format: (value: number) => string = formatNumber,
  when?: string,
): string {
  let [least, greatest, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];
  for (const value of y) {
    if (Number.isNaN(value)) continue;
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
    last = value;
  }
  if (Number.isNaN(last)) return `${label}: nothing yet.`;
  const steps = `steps ${formatStep(x[0] as number)} to ${formatStep(x[x.length - 1] as number)}`;
  const over = when ? `${steps}, ${when}` : steps;
  return `${label}: ${format(last)} at last, from ${format(least)} to ${format(greatest)} over ${over}.`;
}
