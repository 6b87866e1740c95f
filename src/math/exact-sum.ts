/**
 * Sums and means without rounding on the way, so that any order of the same numbers gives the same bits. A sum is held as
 * parts that do not overlap, whose exact total it is (Shewchuk 1997, "Adaptive precision floating-point arithmetic and
 * fast robust geometric predicates"). An empty array is a sum of no numbers.
 *
 * Parts are in units of 2^64: no sum of finite numbers overflows on the way. Numbers below 2^-958 lose digits by that.
 */
/** More parts than this are compressed, to at most 41: 53 bits each of all that float64 spans. */
const MAX_PARTS = 48;

const UNIT = 0x1_0000_0000 * 0x1_0000_0000;

/** Adds a finite `value` to the sum that `parts` hold. */
export function addExactly(parts: number[], value: number): void {
  grow(parts, value / UNIT);
  if (parts.length > MAX_PARTS) compress(parts);
}

/** Gives the sum, correctly rounded; the largest number of its sign where it is beyond that. */
export const sumOf = (parts: readonly number[]): number => finite(UNIT * round(parts));

/**
 * Gives the mean of the `count` numbers that were added: between the least and the largest, and one of the two numbers next
 * to the exact one. The mean of equal numbers is that number.
 */
export function meanOf(parts: readonly number[], count: number): number {
  const mean = round(parts) / count;
  const rest = [...parts];
  // minus count * mean, exactly: one power of two of count at a time
  for (let left = count, part = mean; left > 0; left = Math.floor(left / 2), part *= 2)
    if (left % 2 === 1) grow(rest, -part);
  return finite(UNIT * (mean + round(rest) / count));
}

const finite = (value: number): number => Math.min(Number.MAX_VALUE, Math.max(-Number.MAX_VALUE, value)) + 0; // no -0

function grow(parts: number[], value: number): void {
  let high = value;
  let kept = 0;
  for (const part of parts) {
    const [large, small] = Math.abs(high) < Math.abs(part) ? [part, high] : [high, part];
    high = large + small;
    const low = small - (high - large);
    if (low !== 0) parts[kept++] = low;
  }
  parts[kept++] = high;
  parts.length = kept;
}

/** Makes each part, from the largest down, the rounded sum of all that is left. */
function compress(parts: number[]): void {
  const fewer: number[] = [];
  let high = parts.pop()!;
  for (const part of parts.reverse()) {
    const sum = high + part;
    const low = part - (sum - high);
    if (low !== 0) fewer.push(sum);
    high = low === 0 ? sum : low;
  }
  parts.splice(0, parts.length, ...fewer.reverse());
  if (high !== 0) parts.unshift(high);
}

/** Adds the parts from the largest down; what the first rounding leaves decides a tie. */
function round(parts: readonly number[]): number {
  let i = parts.length - 1;
  if (i < 0) return 0;
  let sum = parts[i--]!;
  let low = 0;
  while (i >= 0 && low === 0) {
    const before = sum;
    const part = parts[i--]!;
    sum = before + part;
    low = part - (sum - before);
  }
  if (i >= 0 && low * Math.sign(parts[i]!) > 0) {
    const next = sum + 2 * low;
    if (next - sum === 2 * low) return next;
  }
  return sum;
}
