/** The range of a y axis. */
import type { LineChartOptions } from './line-chart-options.js';

type RangeOptions = Pick<LineChartOptions, 'marks' | 'range'>;

const marksOf = ({ marks = [] }: RangeOptions) => marks.map(({ value }) => value);

/** Gives the range of a linear axis: the numbers from `min` to `max`, the least range, the marks, and some room. */
export function linearRange(min: number | null, max: number | null, options: RangeOptions): [number, number] {
  const marks = marksOf(options);
  const known = [min, max, ...(options.range ?? []), ...marks].filter(
    (v) => v !== null && Number.isFinite(v),
  );
  if (known.length === 0) return [0, 1];
  const [low, high] = [Math.min(...(known as number[])), Math.max(...(known as number[]))];
  const share = marks.length > 0 ? 0.14 : 0.06;
  const pad = high > low ? share * (high - low) : Math.abs(high) || 1;
  return [low - pad, high + pad];
}

/** A whole step of 1, 2 or 5 below and above, since those are the numbers that stand at the axis. */
export function logRange(min: number | null, max: number | null, options: RangeOptions): [number, number] {
  const marks = marksOf(options);
  const known = [min, max, ...marks].filter((v): v is number => v !== null && v > 0);
  return known.length === 0 ? [0.1, 1] : [roundTo(Math.min(...known), -1), roundTo(Math.max(...known), 1)];
}

function roundTo(value: number, direction: -1 | 1): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const steps = direction < 0 ? [5, 2, 1] : [1, 2, 5, 10];
  const step = steps.find((each) => direction * (each * power - value) >= -1e-9 * power);
  return (step ?? 1) * power;
}

/** Is it 1, 2 or 5 times a power of ten? */
export const isRound = (value: number): boolean => {
  const mantissa = value / 10 ** Math.floor(Math.log10(value) + 1e-9);
  return [1, 2, 5].some((step) => Math.abs(mantissa - step) < 1e-6);
};
