import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CALENDAR_KINDS, calendarFeatures, calendarNames } from '../../src/features/calendar.js';
import { cosTurn, sinTurn } from '../../src/math/sine.js';
import { parseTimestamp } from '../../src/reading/time/timestamp.js';
import { inexactOperations } from '../support/arithmetic.js';

/** 80 digits of pi, and one, as fixed-point numbers of 200 bits. */
const ONE = 1n << 200n;
const PI =
  (31415926535897932384626433832795028841971693993751058209749445923078164062862089n * ONE) / 10n ** 79n;

/** Gives sine and cosine of n / 2^53 turns, by the Taylor series in 200 bits. */
function exactly(n: number): { sin: number; cos: number } {
  const angle = (2n * PI * BigInt(n)) >> 53n;
  const sums = [0n, 0n];
  let term = ONE;
  for (let k = 1n; k < 90n; k++) {
    const sign = (k - 1n) % 4n < 2n ? 1n : -1n;
    sums[Number((k - 1n) % 2n)]! += sign * term;
    term = (term * angle) / ONE / k;
  }
  const [cos, sin] = sums.map((sum) => Number(sum >> 100n) / 2 ** 100) as [number, number];
  return { sin, cos };
}

/** Gives the turn, from [0, 1), of which these are sine and cosine. */
const turnOf = ([sin, cos]: readonly number[]): number =>
  (((Math.atan2(sin!, cos!) / (2 * Math.PI)) % 1) + 1) % 1;

describe('sine and cosine of a turn', () => {
  it('are within 3e-16 of the truth', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 53 - 1 }), (n) => {
        const { sin, cos } = exactly(n);
        expect(Math.abs(sinTurn(n / 2 ** 53) - sin)).toBeLessThan(3e-16);
        expect(Math.abs(cosTurn(n / 2 ** 53) - cos)).toBeLessThan(3e-16);
      }),
      { numRuns: 5000 },
    );
  });

  it("are those of Math.sin and Math.cos, up to the rounding of those's angle", () => {
    let most = 0;
    for (let turn = 0; turn < 1; turn += 1e-5) {
      const [sin, cos] = [Math.sin(2 * Math.PI * turn), Math.cos(2 * Math.PI * turn)];
      most = Math.max(most, Math.abs(sinTurn(turn) - sin), Math.abs(cosTurn(turn) - cos));
    }
    expect(most).toBeLessThan(2e-15);
  });

  it('are exact at the quarters, and the same a turn later', () => {
    expect([0, 0.25, 0.5, 0.75, 1, -0.25].map(sinTurn)).toEqual([0, 1, 0, -1, 0, -1]);
    expect([0, 0.25, 0.5, 0.75, 1, -0.25].map(cosTurn)).toEqual([1, 0, -1, 0, 1, 0]);
    fc.assert(
      fc.property(fc.nat(2 ** 20), fc.integer({ min: -(2 ** 20), max: 2 ** 20 }), (n, turns) => {
        expect(sinTurn(n / 2 ** 20 + turns)).toBe(sinTurn(n / 2 ** 20));
        expect(cosTurn(n / 2 ** 20 + turns)).toBe(cosTurn(n / 2 ** 20));
      }),
    );
  });

  it('have the same bits on every machine', () => {
    expect(inexactOperations('test/support/numeric-random.ts'), 'the scan sees').toEqual(['**', 'Math.exp']);
    for (const file of ['math/sine', 'features/calendar', 'reading/time/timestamp'])
      expect(inexactOperations(`src/${file}.ts`)).toEqual([]);
    expect([0.1, 0.3, 0.6, 0.9].flatMap((turn) => [sinTurn(turn), cosTurn(turn)])).toEqual([
      0.5877852522924731, 0.8090169943749475, 0.9510565162951536, -0.30901699437494734, -0.587785252292473,
      -0.8090169943749475, -0.587785252292473, 0.8090169943749475,
    ]);
  });
});

describe('calendar features', () => {
  it('[CAL3] are a pair for each cycle and one number for the weekend, put behind what is there', () => {
    const time = Date.UTC(2024, 0, 6, 6); // a Saturday
    expect(calendarFeatures(['hour', 'weekend'], time)).toEqual([1, 0, 1]);
    const out = [7];
    expect(calendarFeatures(['weekend', 'hour'], time, out)).toBe(out);
    expect(out).toEqual([7, 1, 1, 0]);
    expect(calendarFeatures([], time)).toEqual([]);
    expect(calendarNames(CALENDAR_KINDS)).toEqual([
      ...['hour_sin', 'hour_cos', 'weekday_sin', 'weekday_cos', 'monthday_sin', 'monthday_cos'],
      ...['yearday_sin', 'yearday_cos', 'weekend'],
    ]);
    expect(calendarFeatures(CALENDAR_KINDS, time)).toHaveLength(calendarNames(CALENDAR_KINDS).length);
  });

  it.each([
    ['hour', '1970-01-01T00:00Z', 0],
    ['hour', '1969-12-31T18:00Z', 3 / 4],
    ['hour', '2024-02-29T13:30Z', 13.5 / 24],
    ['weekday', '2024-01-01T00:00Z', 0], // a Monday
    ['weekday', '2024-01-03T12:00Z', 2.5 / 7],
    ['weekday', '1969-12-28T00:00Z', 6 / 7], // a Sunday
    ['monthday', '2024-02-01T00:00Z', 0],
    ['monthday', '2024-02-29T12:00Z', 28.5 / 29],
    ['monthday', '2023-02-28T12:00Z', 27.5 / 28],
    ['monthday', '2023-12-31T00:00Z', 30 / 31],
    ['yearday', '2024-01-01T00:00Z', 0],
    ['yearday', '2023-03-01T00:00Z', 59 / 365],
    ['yearday', '2024-03-01T00:00Z', 60 / 366],
    ['yearday', '1900-12-31T00:00Z', 364 / 365],
    ['yearday', '2000-12-31T00:00Z', 365 / 366],
    ['yearday', '0050-12-31T00:00Z', 364 / 365],
  ] as const)('[CAL4] have the %s of %s at %d of a turn', (kind, time, turn) => {
    const features = calendarFeatures([kind], Date.parse(time));
    expect(features[0]).toBeCloseTo(sinTurn(turn), 12);
    expect(features[1]).toBeCloseTo(cosTurn(turn), 12);
  });

  it('[CAL4] know the weekend from Saturday 00:00 to Monday 00:00', () => {
    const weekend = (text: string): number | undefined => calendarFeatures(['weekend'], Date.parse(text))[0];
    expect(weekend('2024-01-05T23:59:59.999Z')).toBe(0);
    expect(weekend('2024-01-06T00:00Z')).toBe(1);
    expect(weekend('2024-01-07T23:59:59.999Z')).toBe(1);
    expect(weekend('2024-01-08T00:00Z')).toBe(0);
  });

  it('[CAL4] agree with the fields of Date at any time', () => {
    const date = fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
    fc.assert(
      fc.property(date, (at) => {
        const time = at.getTime();
        const midnight = (time % 86_400_000) + 86_400_000;
        const hours = (midnight % 86_400_000) / 3_600_000;
        expect(turnOf(calendarFeatures(['hour'], time)) * 24).toBeCloseTo(hours, 6);
        expect(turnOf(calendarFeatures(['weekday'], time)) * 7).toBeCloseTo(
          ((at.getUTCDay() + 6) % 7) + hours / 24,
          6,
        );
        expect(calendarFeatures(['weekend'], time)).toEqual([at.getUTCDay() % 6 === 0 ? 1 : 0]);
        const length = new Date(Date.UTC(2000 + (at.getUTCFullYear() % 400), at.getUTCMonth() + 1, 0));
        const day = turnOf(calendarFeatures(['monthday'], time)) * length.getUTCDate();
        expect(day).toBeCloseTo(at.getUTCDate() - 1 + hours / 24, 6);
      }),
    );
  });
});

describe('a timestamp', () => {
  it.each([
    ['2024-01-31', '2024-01-31T00:00:00.000Z'],
    ['2024/01/31', '2024-01-31T00:00:00.000Z'],
    ['2024/1/31 3:04', '2024-01-31T03:04:00.000Z'],
    ['2010/01/01 00:00', '2010-01-01T00:00:00.000Z'],
    [' 2024-01-31 03:04:05 ', '2024-01-31T03:04:05.000Z'],
    ['2024-01-31T03:04:05', '2024-01-31T03:04:05.000Z'],
    ['2024-01-31T03:04:05Z', '2024-01-31T03:04:05.000Z'],
    ['2024-01-31t03:04:05.6789z', '2024-01-31T03:04:05.678Z'],
    ['2024-01-31 03:04:05 UTC', '2024-01-31T03:04:05.000Z'],
    ['2024-01-31 03:04:05 +0000 UTC', '2024-01-31T03:04:05.000Z'],
    ['2024-01-31 05:04:05 +0200 CEST', '2024-01-31T03:04:05.000Z'],
    ['2024-01-31 03:04:05,6', '2024-01-31T03:04:05.600Z'],
    ['2024-01-31T03:04:05+02:00', '2024-01-31T01:04:05.000Z'],
    ['2024-01-31T03:04:05-0530', '2024-01-31T08:34:05.000Z'],
    ['2024-01-31 03:04 +02', '2024-01-31T01:04:00.000Z'],
    ['2024-01-31T24:00', '2024-02-01T00:00:00.000Z'],
    ['0050-02-28T00:00', '0050-02-28T00:00:00.000Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z'],
    ['0', '1970-01-01T00:00:00.000Z'],
    ['2024', '1970-01-01T00:33:44.000Z'],
    ['-1.5', '1969-12-31T23:59:58.500Z'],
    ['1706670245', '2024-01-31T03:04:05.000Z'],
    ['1706670245.678', '2024-01-31T03:04:05.678Z'],
    ['1706670245678', '2024-01-31T03:04:05.678Z'],
    ['99999999999', '5138-11-16T09:46:39.000Z'],
    ['100000000000', '1973-03-03T09:46:40.000Z'],
    ['100000000000000', '1973-03-03T09:46:40.000Z'],
    ['1706670245678901', '2024-01-31T03:04:05.678Z'],
    ['1706670245678901234', '2024-01-31T03:04:05.678Z'],
  ])('[CAL5] reads %j as %s', (text, want) => {
    expect(new Date(parseTimestamp(text)!).toISOString()).toBe(want);
  });

  it.each([
    ...['', ' ', 'now', 'NaN', 'Infinity', '1e9', '0x10', '12.', '2024-13-01', '2024-00-01', '2024-02-30'],
    ...[
      '2023-02-29',
      '2024-01-32',
      '2024/01-31',
      '2024-01',
      '31.01.2024',
      '01/31/2024',
      '2024-01-31T',
      '2024-W05-3',
    ],
    ...[
      '2024-01-31T25:00',
      '2024-01-31T24:01',
      '2024-01-31T03:60',
      '2024-01-31T03:04:60',
      '2024-01-31T03:04+24:00',
    ],
    ...[
      '2024-01-31Z',
      '2024-01-31T03:04:05 CET',
      '2024-01-31T03:04:05.',
      '20240131T030405',
      '100000000000000000000',
    ],
  ])('[CAL6] is not seen in %j', (text) => {
    expect(parseTimestamp(text)).toBe(null);
  });

  it('[CAL5] reads what toISOString writes, with any zone', () => {
    const date = fc.date({ min: new Date('0001-01-02'), max: new Date('9999-12-30'), noInvalidDate: true });
    fc.assert(
      fc.property(date, fc.integer({ min: -1439, max: 1439 }), (at, minutes) => {
        const iso = at.toISOString();
        expect(parseTimestamp(iso)).toBe(at.getTime());
        expect(parseTimestamp(iso.slice(0, -1)), 'without a zone').toBe(at.getTime());
        const [hour, minute] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
        const two = (value: number): string => String(value).padStart(2, '0');
        const zoned = `${iso.slice(0, -1)}${minutes < 0 ? '-' : '+'}${two(hour)}:${two(minute)}`;
        expect(parseTimestamp(zoned)).toBe(at.getTime() - minutes * 60_000);
      }),
    );
  });

  it('[CAL6] is a finite number or null for any text, in no more time than the text is long', () => {
    const part = fc.constantFrom('2024', '-', '/', ':', '01', '3', ' ', 'T', 'Z', '+', '.', '9'.repeat(50));
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(part).map((parts) => parts.join('')),
        ),
        (text) => {
          const time = parseTimestamp(text);
          expect(time === null || Number.isFinite(time)).toBe(true);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
