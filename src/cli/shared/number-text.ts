/** Numbers and times as text. */

/** Formats a number with the fewest digits that round-trip float32; a float64 beyond float32 with all its digits. */
export function shortest(value: number): string {
  if (Math.fround(value) !== value) return String(value);
  for (let digits = 6; digits < 9; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return String(rounded);
  }
  return String(Number(value.toPrecision(9)));
}

/** Formats a number and the half-width of its range, both to two digits of the latter; 0 is no range. */
export function numberWithRange(value: number, range: number): string {
  if (!(range > 0)) return shortest(value);
  const decimals = Math.min(20, Math.max(0, 1 - Math.floor(Math.log10(range))));
  return `${Number(value.toFixed(decimals))} ± ${Number(range.toFixed(decimals))}`;
}

/** Formats a time in milliseconds since 1970 in UTC, with fractions of a second only where it has them. */
export const timeText = (t: number): string => {
  const date = new Date(t);
  return Number.isNaN(date.getTime()) ? String(t) : date.toISOString().replace('.000Z', 'Z');
};

const AGES = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'm'],
  [1000, 's'],
] as const;

/** Formats how long ago a time was: `3 d ago`. */
export function agoText(t: number, now: number): string {
  const ms = now - t;
  if (ms < 0) return timeText(t);
  const [size, unit] = AGES.find(([size]) => ms >= size) ?? [1000, 's'];
  return `${Math.floor(ms / size)} ${unit} ago`;
}
