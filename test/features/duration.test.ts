import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDuration } from '../../src/features/duration.js';
import { codeThrownBy } from '../support/marbles.js';

describe('a duration', () => {
  it.each([
    ['250ms', 250],
    ['10s', 10_000],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['1d', 86_400_000],
    [' 10 s ', 10_000],
    ['366d', 31_622_400_000],
    [1, 1],
    [10_000, 10_000],
  ])('[RSM1] of %j is %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each([
    '',
    '10',
    's',
    '1.5s',
    '-1s',
    '+1s',
    '1e3ms',
    '10S',
    '10 min',
    '1h30m',
    '0s',
    '367d',
    `${'9'.repeat(400)}d`,
    0,
    -1,
    0.5,
    31_622_400_001,
    Number.NaN,
    Number.POSITIVE_INFINITY,
  ])('[RSM1] is not %j', (value) => {
    expect(codeThrownBy(() => parseDuration(value))).toBe('setting-invalid');
  });

  it('[RSM1] may be 0 where that is allowed', () => {
    expect(parseDuration('0s', 0)).toBe(0);
    expect(parseDuration(-0, 0)).toBe(0);
  });

  it('[RSM1] says how one is written', () => {
    expect(() => parseDuration('ten')).toThrow(/"ten" is not a duration; .* 250ms, 10s, 5m, 1h, 1d/);
  });

  it('[RSM1] of any text or number is a whole number of milliseconds, or refused', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.double(), fc.integer()), (value) => {
        const code = codeThrownBy(() => expect(parseDuration(value)).toSatisfy(Number.isSafeInteger));
        expect([null, 'setting-invalid']).toContain(code);
      }),
    );
  });
});
