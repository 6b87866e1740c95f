import { describe, expect, it } from 'vitest';
import { calendarFeatures } from '../../src/features/calendar.js';
import { TIME_KINDS, TimeFeatures } from '../../src/features/time-features.js';

describe('time features', () => {
  const noon = Date.UTC(2024, 1, 29, 12);

  it('[CAL7] are those of the calendar and the seconds since the step before, in the order asked for', () => {
    const time = new TimeFeatures(['elapsed', 'hour', 'weekend']);
    expect(time.names).toEqual(['elapsed', 'hour_sin', 'hour_cos', 'weekend']);
    expect(time.of(noon)).toEqual([0, ...calendarFeatures(['hour', 'weekend'], noon)]);
    expect(time.of(noon + 1500, [7])).toEqual([
      7,
      1.5,
      ...calendarFeatures(['hour', 'weekend'], noon + 1500),
    ]);
    expect(time.of(noon)[0]).toBe(-1.5);
  });

  it('[CAL7] have a name each, of every kind', () => {
    for (const kind of TIME_KINDS) {
      const time = new TimeFeatures([kind]);
      expect(time.of(noon)).toHaveLength(time.names.length);
    }
  });
});
