import { describe, expect, it } from 'vitest';
import { Random } from '../../../../src/math/random.js';
import { clockPeriods } from '../../../../src/rnn/io/seasons/clock-periods.js';
import { UsualInterval } from '../../../../src/rnn/io/seasons/usual-interval.js';
import { fingerprint } from '../../../support/numeric-compare.js';

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];

describe('the periods of a clock', () => {
  it.each([
    ['a minute', MINUTE, [1440]],
    ['five minutes', 5 * MINUTE, [288, 2016]],
    ['five minutes, measured', 5 * MINUTE * 1.004, [288, 2016]],
    ['seven minutes, which only a week is a multiple of', 7 * MINUTE, [1440]],
    ['an hour', HOUR, [24, 168]],
    ['six hours', 6 * HOUR, [4, 28, 1461]],
    ['a day', DAY, [7, 365]],
    ['a week', 7 * DAY, [52]],
    ['a month', 30.6 * DAY, [12]],
    ['a quarter', 91 * DAY, [4]],
    ['a second, too short for a day to be kept', 1000, []],
    ['nothing regular', null, []],
  ])('[SEA7] are the steps of a day, a week and a year: %s', (_, interval, want) => {
    expect(clockPeriods(interval)).toEqual(want);
  });

  it('[SEA7] are no longer than is asked', () => {
    expect(clockPeriods(HOUR, 100)).toEqual([24]);
  });
});

describe('a usual interval', () => {
  const usualOf = (times: Iterable<number>) => {
    const usual = new UsualInterval();
    for (const time of times) usual.take(time);
    return usual;
  };
  const times = (n: number, at: (i: number) => number) => Array.from({ length: n }, (_, i) => at(i));

  it('[SEA7] is known after eight intervals', () => {
    expect(usualOf(times(8, (i) => i * MINUTE)).interval).toBe(null);
    expect(usualOf(times(9, (i) => i * MINUTE)).interval).toBe(MINUTE);
  });

  it('[SEA7] stays what it is over gaps, repeated times, late ones and unknown ones', () => {
    const odd = times(80, (i) => i * MINUTE).filter((_, i) => i % 9 !== 4 && !(i > 40 && i < 55));
    odd.splice(20, 0, odd[19]!, odd[12]!, Number.NaN);
    odd.push(odd.at(-1)! + 30 * DAY);
    expect(usualOf(odd).interval).toBe(MINUTE);
  });

  it('[SEA7] is exact to some thousandths though every time is off by up to a tenth', () => {
    const random = Random.fromSeed(4);
    const jittered = times(300, (i) => 1e12 + (i + random.uniform(-0.1, 0.1)) * MINUTE);
    const { interval } = usualOf(jittered);
    expect(Math.abs(interval! / MINUTE - 1)).toBeLessThan(0.004);
  });

  it('[SEA7] follows a sequence that comes at another pace, and is none where there is no pace', () => {
    const slower = [...times(100, (i) => i * MINUTE), ...times(100, (i) => DAY + i * HOUR)];
    expect(usualOf(slower).interval).toBe(HOUR);
    const random = Random.fromSeed(5);
    let time = 0;
    const wild = times(200, () => {
      time += random.uniform(0, 1) ** 4 * HOUR;
      return time;
    });
    expect(usualOf(wild).interval).toBe(null);
  });

  it('[SEA7] is restored with the same bits', () => {
    const usual = usualOf(times(100, (i) => i * MINUTE));
    const other = usualOf([5, 9]);
    other.restore(usual.state());
    for (const each of [usual, other]) each.take(101 * MINUTE);
    expect(fingerprint(other.state())).toBe(fingerprint(usual.state()));
    expect(other.interval).toBe(usual.interval);
    usual.clear();
    expect(fingerprint(usual.state())).toBe(fingerprint(new UsualInterval().state()));
  });
});
