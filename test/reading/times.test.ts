import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tellReport } from '../../src/reading/index.js';
import { timePattern } from '../../src/reading/time/time-pattern.js';
import { TimeZone } from '../../src/reading/time/time-zone.js';
import { fixture, readAll } from '../support/readings.js';
import { SEED } from '../support/seed.js';

const iso = (t: number | null) => (t === null ? null : new Date(t).toISOString().replace(':00.000Z', 'Z'));
const timesOf = async (lines: readonly string[], options = {}) => {
  const { times } = await readAll(`time;v\n${lines.map((line, i) => `${line};${i}\n`).join('')}`, options);
  return times.map(iso);
};

describe('a time', () => {
  it('[RDG6] with day and month in an order that nothing tells is refused with the option that does', async () => {
    await expect(readAll(fixture('time_ambiguous.csv'))).rejects.toThrow(
      'time is "03/04/2024 10:00": day or month first? Say which with --time-format DD/MM/YYYY or --time-format MM/DD/YYYY',
    );
    expect(await timesOf(['03/04/2024 10:00'], { timeFormat: 'DD/MM/YYYY' })).toEqual(['2024-04-03T10:00Z']);
    expect(await timesOf(['03/04/2024 10:00'], { timeFormat: 'MM/DD/YYYY HH:mm' })).toEqual([
      '2024-03-04T10:00Z',
    ]);
    // a day beyond 12 tells, wherever it is
    expect(await timesOf(['03/04/2024', '13/04/2024'])).toEqual(['2024-04-03T00:00Z', '2024-04-13T00:00Z']);
    expect(await timesOf(['03-04-2024 1:00', '04-13-2024 1:00'])).toEqual([
      '2024-03-04T01:00Z',
      '2024-04-13T01:00Z',
    ]);
  });

  it.each([
    ['DD/MM/YYYY HH:mm', '31/01/2024 03:04'],
    ['dd.MM.yyyy HH:mm', '31.01.2024 03:04'],
    ['%d/%m/%y %H:%M:%S', '31/01/24 03:04:00'],
    ['%Y-%m-%dT%H:%M:%S.%f%z', '2024-01-31T05:04:00.000+02:00'],
    ['D MMM YYYY h:mm A', '31 Jan 2024 3:04 am'],
    ['MMM D, YYYY HH.mm', 'January 31, 2024 03.04'],
    ['YYYYMMDD[T]HHmm', '20240131T0304'],
    ['MM/DD/YY', '1/31/24 3:04'],
    ['HH:MM DD/MM/YYYY', '03:04 31/01/2024'],
    ['s', '1706670240'],
    ['epoch-ms', '1706670240000'],
    ['µs', '1706670240000000'],
    ['excel', '45322.127777777780'],
    ['iso', '2024-01-31 04:04 +0100'],
  ])('[RDG6] is read by the format that is told: %s', async (timeFormat, text) => {
    expect(await timesOf([text, text], { timeFormat })).toEqual(['2024-01-31T03:04Z', '2024-01-31T03:04Z']);
  });

  it.each([
    ['31.01.2024 03:04'],
    ['2024.01.31 03:04'],
    ['31 Jan 2024 03:04'],
    ['31-Jan-2024 3:04 AM'],
    ['Jan 31, 2024 03:04'],
    ['Wed, 31 Jan 2024 03:04:00 GMT'],
    ['31/Jan/2024:04:04:00 +0100'],
    ['20240131T0304'],
    ['20240131030400'],
    ['2024-01-31T03:04:00.000000000Z'],
    ['2024-01-31 03:04:00 +0000 UTC'],
  ])('[RDG6] tells its form: %s', async (text) => {
    expect(await timesOf([text, text])).toEqual(['2024-01-31T03:04Z', '2024-01-31T03:04Z']);
  });

  it('[RDG6] is looked for where it is told, and refused where it is none', async () => {
    for (const [options, words] of [
      [
        { time: ['v'] },
        'v is "0", which is not a time; if it is one, say how it is written with --time-format',
      ],
      [{ timeFormat: 'HH:mm' }, 'has no day, month and year'],
      [{ timeFormat: '%Q' }, 'a time format has no %Q'],
      [
        { timeFormat: 'DD/MM/YYYY' },
        'no column holds times as --time-format DD/MM/YYYY; name the column with --timestamp',
      ],
      [{ timeZone: 'Mars/Olympus' }, 'no time zone is named "Mars/Olympus"'],
    ] as const)
      await expect(timesOf(['2024-01-31'], options), words).rejects.toThrow(words);
    expect((await readAll('start,v\n45322.5,1\n', { time: ['start'], timeFormat: 'excel' })).times).toEqual([
      Date.UTC(2024, 0, 31, 12),
    ]);
  });

  it('[RDG6] is one of a date and a time of day, in any form', async () => {
    const want = ['2024-01-31T13:04Z', '2024-01-31T13:05Z'];
    for (const [a, b, options] of [
      ['31.01.24;13:04', '31.01.24;13:05:00'],
      ['1/31/2024;1:04 PM', '1/31/2024;1:05:00 PM'],
      ['31/01/24;13:04', '31/01/24;13:05', { timeFormat: 'DD/MM/YY' }],
      ['31-Jan-2024;13:04', '31-Jan-2024;13:05', { time: ['Datum', 'Zeit'] }],
    ] as const) {
      const { times } = await readAll(
        `v;Zeit;Datum\n${[a, b].map((line) => `1;${line.split(';').reverse().join(';')}\n`).join('')}`,
        options,
      );
      expect(times.map(iso)).toEqual(want);
    }
  });

  it('[RDG6] may be missing, unless every row needs one', async () => {
    const text = 'time,v\n2024-01-31,1\n,2\n2024-02-01,3\n';
    const { times, report } = await readAll(text);
    expect([times[1], report.untimed]).toEqual([null, { count: 1, first: 3 }]);
    await expect(readAll(text, { requireTime: true })).rejects.toThrow('line 3: time is empty');
  });

  it('[RDG6] of a clock that was not set yet is given as it is, and told', async () => {
    const { times, names, report } = await readAll(
      'ts,v\n0,1\n1704067200,2\n1704067260,3\n12,4\n1704067320,5\n',
    );
    expect([names, times]).toEqual([
      ['v'],
      [0, 1_704_067_200_000, 1_704_067_260_000, 12_000, 1_704_067_320_000],
    ]);
    expect(report.backwards).toEqual({ count: 1, first: 5 });
  });

  it('[RDG6] goes back among the rows of its own device only', async () => {
    const text =
      'dev,time,v\na,2024-01-02,1\nb,2024-01-01,2\na,2024-01-03,3\nb,2024-01-02,4\na,2024-01-02,5\n';
    expect((await readAll(text)).report.backwards).toEqual({ count: 2, first: 3 });
    expect((await readAll(text, { by: 'dev' })).report.backwards).toEqual({ count: 1, first: 6 });
  });

  it('[RDG6] is null or finite for any text, by any pattern', () => {
    const parse = timePattern('DD/MM/YYYY');
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('1', '3', '/', ':', ' ', 'P', 'M', 'Z', '+', '.') }),
        (text) => {
          const t = parse(text, (local) => local);
          expect(t === null || Number.isFinite(t)).toBe(true);
        },
      ),
      { seed: SEED },
    );
  });
});

describe('a time zone', () => {
  it('[RDG12] is that of times without an offset', async () => {
    const lines = ['2024-07-01 12:00', '2024-12-01 12:00', '2024-12-01 12:00Z', '2024-12-01 12:00+05:30'];
    const timeZone = 'Europe/Berlin';
    expect(await timesOf(lines, { timeZone })).toEqual([
      '2024-07-01T10:00Z',
      '2024-12-01T11:00Z',
      '2024-12-01T12:00Z',
      '2024-12-01T06:30Z',
    ]);
    expect(await timesOf(['01/07/2024', '13/07/2024'], { timeZone: 'America/New_York' })).toEqual([
      '2024-07-01T04:00Z',
      '2024-07-13T04:00Z',
    ]);
    expect(await timesOf(['45474.5', '45475.5'], { timeZone, timeFormat: 'excel' })).toEqual([
      '2024-07-01T10:00Z',
      '2024-07-02T10:00Z',
    ]);
  });

  it('[RDG12] shows an hour twice in autumn: the first is meant, unless the rows have passed it; and it is told', async () => {
    const lines = ['01:30', '02:00', '02:30', '02:00', '02:30', '03:00'].map((hour) => `2024-10-27 ${hour}`);
    const text = `time,v\n${lines.map((line) => `${line},1\n`).join('')}`;
    const { times, report } = await readAll(text, { timeZone: 'Europe/Berlin' });
    expect(times.map(iso)).toEqual(
      ['26T23:30', '27T00:00', '27T00:30', '27T01:00', '27T01:30', '27T02:00'].map((at) => `2024-10-${at}Z`),
    );
    expect([report.overlaps, report.backwards.count]).toEqual([{ count: 4, first: 3 }, 0]);
    expect(tellReport(report)).toContain(
      'note: 4 times that the clock shows twice, taken for the first unless the rows had passed it, first in line 3',
    );
  });

  it('[RDG12] skips an hour in spring: a time within is as long after the change as it says', async () => {
    const { times, report } = await readAll(
      'time,v\n2024-03-31 01:30,1\n2024-03-31 02:30,2\n2024-03-31 03:00,3\n',
      {
        timeZone: 'Europe/Berlin',
      },
    );
    expect(times.map(iso)).toEqual(['2024-03-31T00:30Z', '2024-03-31T01:30Z', '2024-03-31T01:00Z']);
    expect(report.skippedTimes).toEqual({ count: 1, first: 3 });
  });

  it('gives the moment that a clock shows, for any zone and moment', () => {
    const zones = [
      'Europe/Berlin',
      'America/St_Johns',
      'Australia/Lord_Howe',
      'Asia/Kathmandu',
      'America/New_York',
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...zones.map((name) => new TimeZone(name))),
        fc.integer({ min: Date.UTC(1990, 0) / 60_000, max: Date.UTC(2037, 0) / 60_000 }),
        (zone, minute) => {
          const format = new Intl.DateTimeFormat('sv-SE', {
            timeZone: zone.name,
            dateStyle: 'short',
            timeStyle: 'medium',
          });
          const shown = Date.parse(`${format.format(minute * 60_000).replace(' ', 'T')}Z`);
          const { first, second, count } = zone.momentsOf(shown);
          expect([first, second]).toContain(minute * 60_000);
          expect(count).toBe(first === second ? 1 : 2);
        },
      ),
      { seed: SEED, numRuns: 500 },
    );
  });
});
