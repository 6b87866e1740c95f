const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const;

/** Writes a length of time, to three figures in the unit that fits: 10 min, 1.5 h, 250 ms. */
export function durationWords(ms: number): string {
  const rounded = Number(ms.toPrecision(3));
  const [name, size] = UNITS.find(([, each]) => rounded >= each) ?? ['ms', 1];
  return `${Number((ms / size).toPrecision(3))} ${name}`;
}
