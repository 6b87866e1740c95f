const STEPS = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const SHORT = new Intl.NumberFormat('en', { maximumSignificantDigits: 4 });

/** Writes a step: 12,300. */
export const formatStep = (step: number): string => STEPS.format(step);

/** Writes a number in at most four figures: 12,300 · 1.234 · 3.2e-7; what is not known as a dash. */
export function formatNumber(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '–';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-3) return value.toExponential(1).replace('e+', 'e');
  return SHORT.format(value);
}

/** Says in a sentence what a line shows, for those who cannot see it. */
export function describeLine(label: string, x: Float64Array, y: Float64Array): string {
  let [least, greatest, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];
  for (const value of y) {
    if (Number.isNaN(value)) continue;
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
    last = value;
  }
  if (Number.isNaN(last)) return `${label}: nothing yet.`;
  const steps = `steps ${formatStep(x[0] as number)} to ${formatStep(x[x.length - 1] as number)}`;
  return `${label}: ${formatNumber(last)} at last, from ${formatNumber(least)} to ${formatNumber(greatest)} over ${steps}.`;
}
