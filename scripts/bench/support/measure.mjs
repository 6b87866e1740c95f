/** What all benchmarks share: medians of interleaved rounds, the machine, a table. */
import { cpus } from 'node:os';

export const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/**
 * Runs every contender once a round, in an order that turns, so that a slow moment of the machine meets all of them.
 *
 * @param {Record<string, () => number | Promise<number>>} contenders each gives its time for one unit of work
 * @returns {Promise<Record<string, number>>} the median of each
 */
export async function interleave(contenders, rounds) {
  const names = Object.keys(contenders);
  const times = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = -1; round < rounds; round++)
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + Math.max(0, round)) % names.length];
      const time = await contenders[name]();
      if (round >= 0) times[name].push(time);
    }
  return Object.fromEntries(names.map((name) => [name, median(times[name])]));
}

/** Gives microseconds for one call of `work`, over about `ms` milliseconds. */
export function timer(work, ms = 20) {
  let count = 1;
  return () => {
    for (;;) {
      const began = performance.now();
      for (let i = 0; i < count; i++) work();
      const took = performance.now() - began;
      if (took >= ms / 2) {
        const perCall = (1000 * took) / count;
        count = Math.max(1, Math.round((count * ms) / took));
        return perCall;
      }
      count *= 2;
    }
  };
}

export const machine = () => ({
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  cores: cpus().length,
  node: process.version,
  date: new Date().toISOString().slice(0, 10),
});

/** Lays rows of cells out as a Markdown table, which a terminal shows as well. */
export function table(head, rows) {
  const all = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, i) => Math.max(...all.map((row) => row[i].length)));
  const line = (row) =>
    `| ${row.map((cell, i) => (i ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join(' | ')} |`;
  const rule = `| ${widths.map((width, i) => (i ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width))).join(' | ')} |`;
  return [line(all[0]), rule, ...all.slice(1).map(line)].join('\n');
}
