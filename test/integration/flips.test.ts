import { expect, it } from 'vitest';
import { flip } from '../support/flips.js';
import { SEED } from '../support/seed.js';

/** Trials, or as many as `npm run test:flips` asks for; a tenth as many harm keys, and each other kind of damage. */
const FLIPS = Number(process.env.FLIPS ?? 200);
const SOME = Math.ceil(FLIPS / 20);

it(
  `[STO40] a file with a flipped bit, a zeroed, swapped or older page, or without its end, loses no acked step in silence (${FLIPS} bits)`,
  async () => {
    const counts = { bit: FLIPS, key: 2 * SOME, zeroed: SOME, swapped: SOME, older: SOME, cut: SOME };
    const began = performance.now();
    const { trials, tally, bad } = await flip(counts, SEED);
    const seconds = Math.round((performance.now() - began) / 1000);
    process.stderr.write(`${JSON.stringify({ seed: SEED, seconds, trials, tally })}\n`);
    expect(bad).toEqual([]);
    // what is damaged is used, or nothing would be shown
    const named = Object.values(tally).flatMap((outcomes) =>
      Object.entries(outcomes).map(([outcome, count]) => (outcome === 'no effect' ? 0 : count)),
    );
    expect(named.reduce((sum, count) => sum + count)).toBeGreaterThan(trials / 10);
  },
  60_000 + 200 * FLIPS,
);
