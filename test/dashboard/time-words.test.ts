import { describe, expect, it } from 'vitest';
import {
  formatSpan,
  formatTime,
  isoTime,
  timeTicks,
  zoneWords,
} from '../../client/dashboard/charts/time-words.js';
import { durationWords } from '../../src/fields/duration-words.js';

/** Of the zone that the tests run in. */
const at = (...parts: [number, number, number, number?, number?, number?, number?]) =>
  new Date(...parts).getTime();
const [SECOND, MINUTE, DAY] = [1000, 60_000, 86_400_000];

describe('times in words', () => {
  it('are local, to the second, or to the millisecond where they have any', () => {
    expect(formatTime(at(2026, 10, 7, 4, 3, 5))).toBe('2026-11-07 04:03:05');
    expect(formatTime(at(2026, 10, 7, 14, 3, 5, 20))).toBe('2026-11-07 14:03:05.020');
    expect([null, Number.NaN].map(formatTime)).toEqual(['–', '–']);
  });

  it('of a span have the day once where it is the same, and parts of a second where it is short', () => {
    expect(formatSpan(at(2026, 0, 1, 9), at(2026, 0, 1, 10))).toBe('2026-01-01 09:00:00 – 10:00:00');
    expect(formatSpan(at(2026, 0, 1, 9), at(2027, 0, 1, 10))).toBe(
      '2026-01-01 09:00:00 – 2027-01-01 10:00:00',
    );
    expect(formatSpan(at(2026, 0, 1, 9), at(2026, 0, 1, 9, 0, 0, 250))).toBe(
      '2026-01-01 09:00:00.000 – 09:00:00.250',
    );
    expect(formatSpan(0, Number.NaN)).toBe('–');
  });

  it('leave as ISO 8601 in UTC', () => {
    expect(isoTime(1_798_761_600_500)).toBe('2027-01-01T00:00:00.500Z');
    expect(isoTime(Number.NaN)).toBe('');
  });

  it('name their zone', () => {
    expect(zoneWords(0)).toContain(Intl.DateTimeFormat().resolvedOptions().timeZone);
  });

  it('stand at an axis as precisely as its ticks lie apart, from milliseconds to years', () => {
    const year = [at(2025, 0, 1), at(2026, 0, 1)];
    expect(timeTicks(year, 365 * DAY)).toEqual(['2025', '2026']);
    expect(timeTicks([at(2025, 11, 1), at(2026, 0, 1)], 30 * DAY)).toEqual(['Dec', '2026']);
    expect(timeTicks([at(2025, 11, 31), at(2026, 0, 1)], DAY)).toEqual(['31 Dec', '2026']);
    expect(timeTicks([at(2026, 5, 3, 23, 30), at(2026, 5, 4)], 30 * MINUTE)).toEqual(['23:30', '4 Jun']);
    expect(timeTicks([at(2026, 5, 3, 9, 5, 10)], 5 * SECOND)).toEqual(['09:05:10']);
    expect(timeTicks([at(2026, 5, 3, 9, 5, 10), at(2026, 5, 3, 9, 5, 10, 5)], 5)).toEqual([
      '09:05:10',
      '.005',
    ]);
  });

  it('of a length have the unit that fits', () => {
    const lengths = [250, 999.9, 1000, 10_003, 59_990, 600_000, 5_400_000, 36 * 3_600_000];
    expect(lengths.map(durationWords)).toEqual([
      '250 ms',
      '1 s',
      '1 s',
      '10 s',
      '1 min',
      '10 min',
      '1.5 h',
      '1.5 d',
    ]);
  });
});
