/** Files of real life, in miniature: each kind that went wrong, with variants. */
import { describe, expect, it } from 'vitest';
import type { ReadingOptions } from '../../src/reading/index.js';
import { fixture, readAll } from '../support/readings.js';

const GAP = Number.NaN;
const [DAY, MINUTE] = [86_400_000, 60_000];
const START = Date.UTC(2024, 0, 1);

/** What a file gives: names of its fields, the first rows, the first times, the columns left out. */
type Want = readonly [
  file: string,
  names: readonly string[],
  rows: readonly (readonly number[])[],
  times?: readonly (number | null)[] | undefined,
  left?: readonly string[],
];

const days = [START, START + DAY];
const minutes = [START, START + MINUTE];
const th = ['temp', 'hum'];
const first = [
  [20, 60],
  [20.5, 59.9],
];

const cases = (wants: readonly Want[]) => wants.map((want) => [want[0], want] as const);

/** Checks the fields and first rows of a file. */
async function check([file, names, rows, times, left = []]: Want, options?: ReadingOptions): Promise<void> {
  const read = await readAll(fixture(file), options);
  expect([read.names, read.left]).toEqual([names, left]);
  expect(read.values.slice(0, rows.length)).toEqual(rows);
  expect(read.times.slice(0, rows.length)).toEqual(times ?? rows.map(() => null));
}

describe('a delimited file', () => {
  it.each(
    cases([
      ['semi_deccomma.csv', th, first, minutes],
      [
        'semi_thousands.csv',
        ['Wert', 'Wert 2'],
        [
          [1234.5, -0.25],
          [20.25, 3],
        ],
        [START + 30 * DAY + 36e5 * 10, START + 31 * DAY + 36e5 * 10],
      ],
      ['quoted_deccomma.csv', ['temp'], [[20.5], [21.25]], days],
      ['tab.csv', th, first, minutes],
      [
        'tab_deccomma.tsv',
        th,
        [
          [20.5, 60],
          [20.75, 59],
        ],
        minutes,
      ],
      [
        'pipe.csv',
        th,
        [
          [20.5, 60],
          [20.75, 59],
        ],
        days,
      ],
      ['one_deccomma.csv', ['temp'], [[20.5], [21.25]]],
      ['thousands.csv', ['v'], [[1234567.5], [12500]], days],
      ['comma_in_name.csv', ['Temp, inside (C)', 'Hum, %'], first, minutes],
      ['name_quotes.csv', ['T "in" [K]', 'a'], [[1, 2]], [START]],
      ['name_newline.csv', ['temp indoor, C', 'b'], [[20.5, 1]], [START]],
    ]),
  )('[RDG1] is cut at its delimiter, and has a decimal comma if it does: %s', (_, want) => check(want));

  it('[RDG1] whose number may be read in two ways is refused with the option that tells, and read with it', async () => {
    await expect(readAll(fixture('ambiguous_thousands.csv'))).rejects.toThrow(
      '"1,234" may be 1234 or 1.234; say which with --decimal . or --decimal ,',
    );
    await check(['ambiguous_thousands.csv', ['v'], [[1.234], [2.345]], days], { decimal: ',' });
    await check(['ambiguous_thousands.csv', ['v'], [[1234], [2345]], days], { decimal: '.' });
  });

  it.each(
    cases([
      ['noheader.csv', ['x0', 'x1'], first, minutes],
      ['noheader_numbers.csv', ['x0', 'x1'], first],
      ['noheader_text.csv', ['x1'], [[20.5], [21]], minutes, ['x0']],
      [
        'epoch_noheader.csv',
        ['x0', 'x1'],
        [
          [20, 60],
          [20.5, 61],
        ],
        minutes,
      ],
      [
        'header_years.csv',
        ['2019', '2020'],
        [
          [5, 6],
          [7, 8],
        ],
        days,
      ],
      ['comment_header.csv', ['v'], [[1], [2]], days],
      ['preamble.csv', ['Temp (°C)'], [[20.5], [20.75]], minutes],
      [
        'header_r.csv',
        ['a', 'b'],
        [
          [20.5, 60],
          [21, 61],
        ],
        undefined,
        ['column 1'],
      ],
      [
        'spaces.txt',
        ['x1', 'x2'],
        [
          [20.5, 60],
          [9.5, 61],
        ],
        minutes,
      ],
    ]),
  )('[RDG2] has names, or x0, x1 if numbers stand where they would: %s', (_, want) => check(want));

  it('[RDG2] takes the names that are told, or none', async () => {
    await check(['noheader.csv', ['b', 'c'], first, minutes], { header: ['a', 'b', 'c'] });
    await check(['semi_deccomma.csv', ['b', 'c'], first, minutes], { header: ['a', 'b', 'c'] });
    await check(['header_years.csv', ['x0', 'x1'], [[5, 6]], [START]], { header: false, skipLines: 1 });
    await check(['epoch_noheader.csv', ['x1'], [[60], [61]], minutes, ['x0']], {
      columns: ['x1'],
      time: ['time'],
    });
    await expect(readAll(fixture('noheader.csv'), { header: ['a'] })).rejects.toThrow(
      '--header names 1 columns; the rows have 3',
    );
  });

  it.each(
    cases([
      ['comment.csv', th, first, minutes],
      [
        'influx.csv',
        ['table', '_value'],
        [
          [0, 1.5],
          [0, 1.75],
        ],
        minutes,
        ['column 1', 'result'],
      ],
      [
        'units.csv',
        th,
        [
          [20.5, 60],
          [20.75, 59],
        ],
        minutes,
      ],
      ['toa5.dat', ['AirTC_Avg'], [[20.5], [GAP]], minutes, ['RECORD']],
      ['footer.csv', ['v'], [[1], [2]], days],
      [
        'units_brackets.csv',
        ['Count', 'Speed'],
        [
          [3, 1.5],
          [4, 1.75],
        ],
        undefined,
        ['Time (s)'],
      ],
      [
        'blank_ends.csv',
        ['a', 'b'],
        [
          [1.5, 2],
          [2.5, GAP],
        ],
        days,
      ],
    ]),
  )('[RDG3] may have comments, units and footers: %s', (_, want) => check(want));

  it('[RDG3] tells units, from a line of their own or behind the names, and what was passed over', async () => {
    expect((await readAll(fixture('units.csv'))).choice.fields).toEqual([
      { name: 'temp', unit: '°C' },
      { name: 'hum', unit: '%' },
    ]);
    expect((await readAll(fixture('comma_in_name.csv'))).choice.fields).toEqual([
      { name: 'Temp, inside (C)', unit: 'C' },
      { name: 'Hum, %' },
    ]);
    const { rows, report } = await readAll(fixture('footer.csv'));
    expect([rows.length, report.badRows.count]).toEqual([2, 0]);
    expect(report.notes).toEqual(['a comment passed over', 'line 4 passed over as a footer: "Total"']);
    const told = await readAll('%x\n%y\na\n1\nZ end\n', { comment: ['%', 'Z'] });
    expect(told.values).toEqual([[1]]);
  });

  it.each([
    ['dup_names.csv', 'line 1: columns 2 and 3 are both named "temp"; name the columns with --header'],
    [
      'header_commas.csv',
      'line 1 has 4 names, the rows have 3 cells; put a name that holds the delimiter in quotes',
    ],
    ['dup_quoted.csv', 'columns 2 and 3 are both named "temp"'],
    ['dup_nested.ndjson', 'line 1: "v.temp" comes twice'],
  ])('[RDG2] with two columns of one name, or names that do not fit, is refused: %s', async (file, words) => {
    await expect(readAll(fixture(file))).rejects.toMatchObject({
      code: 'input-invalid',
      message: expect.stringContaining(words),
    });
  });
});

describe('a value', () => {
  it.each(
    cases([
      ['tok_NA.csv', th, [...first, [GAP, 43.9]], [...minutes, START + 20 * MINUTE]],
      ['tok_empty.csv', th, [...first, [GAP, 43.9]], [...minutes, START + 20 * MINUTE]],
      [
        'gap_trailing_cells.csv',
        ['a', 'b'],
        [
          [1, GAP],
          [GAP, GAP],
          [GAP, 4],
        ],
        [...days, START + 2 * DAY],
      ],
      [
        'gap_words.tsv',
        th,
        [
          [GAP, 60],
          [20.5, GAP],
          [GAP, 61],
          [GAP, GAP],
        ],
        [0, 1, 2, 3].map((t) => START + t * MINUTE),
      ],
      [
        'gap_absent.ndjson',
        ['a', 'b'],
        [
          [1, 2],
          [GAP, 3],
          [4, GAP],
          [GAP, GAP],
        ],
      ],
      [
        'nd_null.ndjson',
        ['a', 'b'],
        [
          [1, 2],
          [GAP, 3],
          [2, 3],
        ],
        undefined,
        ['t'],
      ],
    ]),
  )('[RDG4] that is empty, null, NaN, absent or a word for that is a gap: %s', (_, want) => check(want));

  it('[RDG4] that is told stands for a gap too, as a number in all its forms', async () => {
    const { values, report } = await readAll('a,b\n1,-999.0\n-999,x\n-9.99e2,3\n', {
      missing: ['-999', 'X'],
    });
    expect(values).toEqual([
      [1, GAP],
      [GAP, GAP],
      [GAP, 3],
    ]);
    expect(report.gaps).toEqual([
      { name: 'a', count: 2 },
      { name: 'b', count: 2 },
    ]);
    expect((await readAll('{"a":-999}\n{"a":1}\n', { missing: ['-999'] })).values).toEqual([[GAP], [1]]);
  });

  it.each(
    cases([
      [
        'nd_bool.ndjson',
        ['temp', 'contact'],
        [
          [21.5, 0],
          [21.6, 1],
        ],
      ],
      [
        'switch_on_off.csv',
        ['contact', 'power'],
        [
          [1, 12.5],
          [0, 13],
          [GAP, 13],
        ],
        [START, START + 5 * MINUTE, START + 6 * MINUTE],
      ],
      [
        'switch_open.csv',
        ['door', 'pump'],
        [
          [1, 1],
          [0, 0],
        ],
        days,
        ['state'],
      ],
      [
        'nested.ndjson',
        ['v.temp', 'v.ok', 'l.0', 'l.1'],
        [
          [1, 1, 1, 2],
          [2.5, GAP, 1, GAP],
        ],
        minutes,
        ['id'],
      ],
    ]),
  )('[RDG4] that is true or false, on or off is 1 or 0: %s', (_, want) => check(want));

  it('[RDG4] of a switch may be missing, which is not off', async () => {
    const want = [[1], [GAP], [0], [GAP], [1]];
    expect((await readAll('a\non\n-\noff\nNA\n1\n')).values).toEqual(want);
    expect((await readAll('{"a":true}\n{"a":null}\n{"a":false}\n{}\n{"a":"on"}\n')).values).toEqual(want);
    expect((await readAll('a;b\non;1\n;2\noff;3\n ;4\n1;5\n')).values.map(([a]) => [a])).toEqual(want);
  });

  it('[RDG4] of JSON may be NaN, as Python writes it; an infinity is bad', async () => {
    const text = '{"a":NaN,"b":"NaN, Infinity"}\n{"a":-Infinity}\n{"a":2}\n';
    const { values, report } = await readAll(text, { onBadRow: 'skip' });
    expect([values, report.badRows.first]).toEqual([
      [[GAP], [2]],
      [{ line: 2, message: 'line 2: a is "-Infinity", which is not a finite number' }],
    ]);
  });

  it('[RDG5] keeps its digits', async () => {
    await check(['meter.csv', ['energy_wh'], [[123456792], [123456795.13]], [START, START + 15 * MINUTE]]);
    await check([
      'digits_gps.csv',
      ['lat', 'lon'],
      [
        [52.5200066, 13.404954],
        [52.5200068, 13.4049543],
      ],
      days,
    ]);
    // a meter that reads like a time, and a temperature named t
    await check([
      'digits_epochlike.ndjson',
      ['energy', 't'],
      [
        [1704067200, 20.5],
        [1704067210, 20.75],
      ],
    ]);
    await check(['digits_pulses.csv', ['pulses'], [[Number.MAX_SAFE_INTEGER], [-Number.MAX_VALUE]], days]);
  });
});

describe('the time', () => {
  it.each(
    cases([
      ['epoch_s.csv', th, first, minutes],
      ['epoch_ms.csv', ['v'], [[1.5], [1.75]], [START, START + 60_500]],
      ['ts_us.csv', ['v'], [[20], [20.199]], minutes],
      ['epoch_ns.ndjson', ['v'], [[1], [2]], [START, START + 250]],
      ['epoch_fraction.csv', ['v'], [[1], [2]], [START + 250, START + 1500]],
      ['time_go.csv', ['v'], [[1], [2], [3]], [START - 72e5 + 123.456, START + MINUTE, START + 2 * MINUTE]],
      ['time_us.csv', ['v'], [[1], [2]], [Date.UTC(2024, 0, 13, 13), Date.UTC(2024, 0, 14, 0, 30)]],
      ['time_two_columns.csv', ['v'], [[1], [2]], [START + 10_000, START + 70_000]],
      ['time_second.csv', ['v'], [[1], [2]], days, ['created_at']],
      ['last_seen.ndjson', ['temp'], [[20], [21]], minutes, ['reset']],
    ]),
  )('[RDG6] is found, in its form, and is no field: %s', (_, want) => check(want));

  it.each(
    cases([
      ['counter.csv', ['v'], [[20.5], [20.6]], undefined, ['t']],
      [
        'counter_index.csv',
        ['v', 'w'],
        [
          [5, 1],
          [4, 3],
        ],
        undefined,
        ['column 1'],
      ],
    ]),
  )('[RDG6] is not a number that counts rows or seconds, which is left out: %s', (_, want) => check(want));
});

describe('the columns', () => {
  it.each(
    cases([
      [
        'first_empty.csv',
        th,
        [
          [20, GAP],
          [20.5, 59.9],
        ],
        minutes,
      ],
      [
        'first_words.csv',
        th,
        [
          [GAP, GAP],
          [GAP, 60],
          [20.5, 61],
        ],
        [...days, START + 2 * DAY],
      ],
      [
        'first_absent.ndjson',
        th,
        [
          [GAP, GAP],
          [GAP, 60],
          [20.5, 61],
        ],
      ],
    ]),
  )('[RDG8] are looked at beyond the first row: %s', (_, want) => check(want));
});

describe('a file', () => {
  it.each(
    cases([
      [
        'array.json',
        ['a', 'b.c'],
        [
          [1, GAP],
          [GAP, 2],
        ],
        days,
      ],
      [
        'arrays.ndjson',
        ['x0', 'x1'],
        [
          [1, 2],
          [3, GAP],
        ],
      ],
      ['utf16.csv', ['°C'], [[20.5], [21.25]], days],
      ['utf16_be_bare.csv', ['temp'], [[20.5]], [START]],
      ['latin1.csv', ['temp [°C]', 'µg'], [[20.5, 1]], [START]],
      ['bom_cr.csv', ['a'], [[1], [2]], days],
      ['packed.csv', ['a'], [[1], [2]], days],
    ]),
  )('[RDG9] is read whatever its bytes and format: %s', (_, want) => check(want));

  it('[RDG9] that is no text, or damaged, is refused with what it is', async () => {
    const packed = fixture('packed.csv');
    const bytes = (text: string) => Uint8Array.from(text, (sign) => sign.charCodeAt(0));
    for (const [chunk, words] of [
      [packed.slice(0, 30), 'the gz file is damaged or cut off'],
      [bytes('PK\u0003\u0004....'), 'a zip or an Excel file; save it as CSV'],
      [bytes('PAR1....'), 'a Parquet file'],
      [bytes('abc\u0000\u0001\u0002\u0000'), 'no text'],
      [bytes('[{"a":1},\n{"a":'), 'the file ends before its JSON does'],
      ['', 'no rows'],
      ['a,b\n', 'no rows'],
      ['a\nx\n', 'no column holds a number (a: text, such as "x")'],
      ['{"a":"13/01/24 10:00"}\n', 'if that is a time, say how it is written with --time-format'],
    ] as const)
      await expect(readAll(chunk), words).rejects.toMatchObject({
        code: 'input-invalid',
        message: expect.stringContaining(words),
      });
  });
});
