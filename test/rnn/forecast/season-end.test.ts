import { expect, it } from 'vitest';
import { Model } from '../../../src/rnn/model.js';
import { noisySine } from '../../../src/signals/noisy-sine.js';

/** Gives the seasons that a model goes by after each of so many steps of a sine whose period changes at 4,000. */
function seasonsAfter(after: number, ends: readonly number[]): (readonly number[])[] {
  const signal = noisySine({ seed: 1, period: 25, changeAt: 4000, after: { period: after } });
  const model = new Model({ features: 1, units: 4 });
  const told: (readonly number[])[] = [];
  for (let t = 0, next = 0; next < ends.length; t++) {
    model.step([signal.next().value as number]);
    if (t === ends[next]) {
      told.push(model.seasons![0]!);
      next++;
    }
  }
  model.free();
  return told;
}

it('[SEA9] a season whose period has changed is dropped, though the one that came after it helps', () => {
  const [before, later] = seasonsAfter(17, [3999, 12_000]);
  expect(before).toEqual([25]);
  expect(later).toContain(17);
  expect(later).not.toContain(25);
});
