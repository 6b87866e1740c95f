import { describe, expect, it } from 'vitest';
import { looseColumns } from '../../../src/kernels/columns.js';
import { SeasonSlots, SLOTS } from '../../../src/rnn/forecast/season-slots.js';

const slotsOf = (told?: number) => new SeasonSlots(told, looseColumns.allocateColumns(3 * SLOTS), SLOTS);
const never = () => false;
const always = () => true;

describe('the seasons of a series', () => {
  const reviewed = (slots: SeasonSlots, found: number[], suggested: number[] = [], helps = never) => {
    slots.review(found, suggested, helps);
    return Array.from(slots.periods);
  };

  it('[SEA4] are two at most: the strongest that were found, and then those that the clock suggests', () => {
    expect(reviewed(slotsOf(), [24, 168, 12])).toEqual([24, 168]);
    expect(reviewed(slotsOf(), [], [24, 168])).toEqual([24, 168]);
    expect(reviewed(slotsOf(), [50], [24, 168])).toEqual([50, 24]);
    expect(reviewed(slotsOf(), [24], [24, 168])).toEqual([24, 168]);
  });

  it('[SEA4] are the same if they differ by a fiftieth: one that is there stays as it is', () => {
    const slots = slotsOf();
    expect(reviewed(slots, [100])).toEqual([100, 0]);
    expect(reviewed(slots, [102])).toEqual([100, 0]);
    expect(reviewed(slots, [104])).toEqual([104, 0]);
  });

  it('[SEA5] stay while they are found or help, and are dropped when neither is so', () => {
    const slots = slotsOf();
    reviewed(slots, [24, 168]);
    expect(reviewed(slots, [], [], always)).toEqual([24, 168]);
    expect(reviewed(slots, [168])).toEqual([0, 168]);
    expect(reviewed(slots, [24, 168])).toEqual([24, 168]);
    expect(reviewed(slots, [])).toEqual([0, 0]);
  });

  it('[SEA5] change in ways that are told', () => {
    const slots = slotsOf();
    expect(slots.review([24], [], never)).toEqual([{ slot: 0, before: 0, after: 24, isFound: true }]);
    expect(slots.review([24], [], never)).toEqual([]);
    expect(slots.review([30, 7], [], never)).toEqual([
      { slot: 0, before: 24, after: 30, isFound: true },
      { slot: 1, before: 0, after: 7, isFound: true },
    ]);
    expect(slotsOf().review([], [24], never)).toEqual([{ slot: 0, before: 0, after: 24, isFound: false }]);
  });

  it('[SEA6] that were told stay for good, in a new history too, and leave room for one that is found', () => {
    const slots = slotsOf(24);
    expect(reviewed(slots, [])).toEqual([24, 0]);
    expect(reviewed(slots, [7, 12])).toEqual([24, 7]);
    slots.clear();
    expect(Array.from(slots.periods)).toEqual([24, 0]);
  });
});
