/** The anomaly score in kernels and in the plain reference: the same bits, whatever comes, and however its time is known. */
import { describe, expect, it } from 'vitest';
import type { Kernels } from '../../src/kernels/kernels.js';
import { createReferenceKernels } from '../../src/kernels/reference.js';
import { AnomalyScore } from '../../src/rnn/scoring/anomaly.js';
import { Numbers } from '../support/numeric-random.js';

const bitsOf = (numbers: ArrayLike<number>): string =>
  Buffer.from(Float64Array.from(numbers).buffer).toString('base64');

/** What is known of a step's time. */
type Time = 'unknown' | 'season' | 'known';

/** A target's number j: a day's wave and noise, with gaps, spikes, a stuck stretch, and a level that moves once. */
function valueAt(t: number, j: number, noise: number): number {
  if (t % 61 === 20 + (j % 7)) return Number.NaN;
  if (t % 701 === 350 + j) return 1e7 * noise;
  if (t > 1500 && t < 1540 && j % 3 === 0) return 4;
  return 20 + 5 * Math.sin((2 * Math.PI * t) / 288) + 0.3 * noise + (t > 2200 && j === 0 ? 90 : 0);
}

/** Holds the kernels to the bits of the plain reference. */
export function anomalyKernelsContract(name: string, createKernels: () => Kernels): void {
  describe(`the kernel of the anomaly score ${name}`, () => {
    it.each([
      [1, 'unknown'],
      [1, 'known'],
      [3, 'season'],
      [3, 'known'],
      [70, 'known'],
      [70, 'season'],
    ] as const)('gives the bits of the reference for %i numbers, time %s', (size, time: Time) => {
      const all = [createKernels(), createReferenceKernels('float32')].map(
        (kernels) => new AnomalyScore(size, kernels),
      );
      const numbers = new Numbers(11);
      let events = 0;
      for (let t = 0; t < 3000; t++) {
        const target = numbers.many(size).map((noise, j) => valueAt(t, j, noise));
        const forecast = numbers
          .many(size)
          .map((noise) => (t % 90 === 80 ? Number.NaN : 20 + 5 * Math.sin((2 * Math.PI * t) / 288) + noise));
        const seasonal =
          time === 'season' ? target.map((_, j) => (t < 288 ? Number.NaN : valueAt(t - 288, j, 0))) : null;
        // a clock that fails now and then, beside what the season lets expect
        const ms = time === 'known' && t % 100 !== 99 ? 1_700_000_000_000 + 300_000 * t : Number.NaN;
        const scores = all.map((score) => score.score(target, forecast, seasonal, ms));
        expect(bitsOf([scores[0]!]), `step ${t}`).toBe(bitsOf([scores[1]!]));
        if (scores[0]! >= 0.5) events++;
        if (t % 50 !== 0) continue;
        const [one, other] = all.map((score) => bitsOf(score.state().numbers ?? []));
        expect(one, `step ${t}`).toBe(other);
        expect(all[0]!.ranked(size)).toEqual(all[1]!.ranked(size));
      }
      expect(events).toBeGreaterThan(3);
    });

    it('goes on from the numbers that the reference has kept, with its bits', () => {
      const [own, plain] = [
        new AnomalyScore(2, createKernels()),
        new AnomalyScore(2, createReferenceKernels('float32')),
      ];
      const numbers = new Numbers(3);
      const step = (score: AnomalyScore, [a = 0, b = 0, c = 0, d = 0]: readonly number[]) =>
        score.score([a, b], [c, d]);
      for (let t = 0; t < 500; t++) step(plain, numbers.many(4));
      own.restore(plain.state());
      for (let t = 0; t < 500; t++) {
        const values = numbers.many(4);
        expect(step(own, values)).toBe(step(plain, values));
      }
      expect(own.state()).toEqual(plain.state());
    });
  });
}
