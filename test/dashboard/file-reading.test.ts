import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { FileReading } from '../../client/dashboard/try/file-reading.js';
import { pageWords, READING, readingOptions } from '../../client/dashboard/try/reading-setting.js';
import { parseSetting } from '../../client/dashboard/try/setting.js';
import {
  MAX_TABLE_ROWS,
  readTable,
  type Surroundings,
  type Table,
  tableSignal,
} from '../../client/dashboard/try/table.js';
import { fixture } from '../support/readings.js';

const fileOf = (name: string, content: string | Uint8Array = fixture(name)) =>
  new File([content as Uint8Array<ArrayBuffer>], name);

const page = { now: () => 0, pause: () => Promise.resolve() };

const around = (more: Partial<Surroundings> = {}): Surroundings => ({
  ...page,
  onChoice: () => undefined,
  onRows: () => undefined,
  signal: new AbortController().signal,
  ...more,
});

/** Reads a file as a link says. */
function read(file: File, query = ''): Promise<Table> {
  const { reading, columns } = parseSetting(query);
  return readTable(file, { options: readingOptions(reading), columns }, around());
}

const rowsOf = ({ x, fields }: Pick<Table, 'x' | 'fields'>) =>
  Array.from({ length: x.length / fields.length }, (_, i) =>
    x.slice(i * fields.length, (i + 1) * fields.length),
  );

describe('a table', () => {
  it('has the fields, units, times and gaps that the reader finds', async () => {
    const table = await read(fileOf('units.csv'));
    expect(table.fields).toEqual([
      { name: 'temp', unit: '°C' },
      { name: 'hum', unit: '%' },
    ]);
    expect(rowsOf(table).slice(0, 2)).toEqual([
      [20.5, 60],
      [20.75, 59],
    ]);
    expect(table.t?.[0]).toBe(Date.UTC(2024, 0, 1));
    const gaps = await read(fileOf('gap_words.tsv'));
    expect(gaps.x.filter(Number.isNaN)).not.toEqual([]);
    expect(gaps.report.gaps.map(({ name }) => name)).toEqual(['temp', 'hum']);
  });

  it('is read of what is packed, in UTF-16, or NDJSON, too', async () => {
    const text = 'a;b\n1,5;2\n2,5;3\n';
    expect(rowsOf(await read(fileOf('some.csv.gz', gzipSync(text))))).toEqual([
      [1.5, 2],
      [2.5, 3],
    ]);
    expect((await read(fileOf('utf16.csv'))).x).toEqual([20.5, 21.25]);
    expect((await read(fileOf('nested.ndjson'))).fields.map(({ name }) => name)).toContain('v.temp');
    expect((await read(fileOf('one.jsonl', '[1,2]\n[3,4]\n'))).x).toEqual([1, 2, 3, 4]);
  });

  it('passes over bad rows, counts them, and names the first few', async () => {
    const bad = Array.from({ length: 9 }, (_, i) => `x${i},oops\n`).join('');
    const { report, x } = await read(
      fileOf('bad.csv', `n,v\nx,1\nx,2\nx,3\n${bad}x,4\n${'x,5\n'.repeat(9)}`),
    );
    expect(x.slice(0, 5)).toEqual([1, 2, 3, 4, 5]);
    expect(report.badRows.count).toBe(9);
    expect(report.badRows.first).toHaveLength(5);
    expect(report.badRows.first[0]).toMatchObject({ line: 5, message: expect.stringContaining('"oops"') });
  });

  it('takes the columns that a link names, in its order, and else the first 16', async () => {
    const file = fileOf('wide.csv', `${'αβγδεζηθικλμνξοπρστυ'.split('').join()}\n${'1,'.repeat(19)}1\n`);
    const names = async (query?: string) => (await read(file, query)).fields.map(({ name }) => name).join('');
    expect(await names()).toBe('αβγδεζηθικλμνξοπ');
    expect(await names('v=1&columns=["υ","α"]')).toBe('υα');
    await expect(read(file, 'v=1&columns=["z"]')).rejects.toThrow('unknown column "z"');
  });

  it('is read as a link says', async () => {
    const file = fileOf('time_ambiguous.csv');
    await expect(read(file)).rejects.toThrow('day or month first?');
    const { t } = await read(file, 'v=1&read.timeFormat=DD/MM/YYYY HH:mm&read.timeZone=Europe/Berlin');
    expect(t?.[0]).toBe(Date.UTC(2024, 3, 3, 8));
    const named = await read(
      fileOf('rows.txt', '1|-999\n2|7\n'),
      'v=1&read.delimiter=bar&read.names=p,q&read.missing=-999',
    );
    expect(named.fields).toEqual([{ name: 'p' }, { name: 'q' }]);
    expect(named.x).toEqual([1, Number.NaN, 2, 7]);
  });

  it('of which nothing can be read says why', async () => {
    await expect(read(fileOf('words.txt', 'This is a letter.\nIt has no numbers.\n'))).rejects.toThrow(
      'no column holds a number',
    );
    await expect(read(fileOf('empty.csv', ''))).rejects.toThrow('no rows');
    await expect(read(fileOf('odd.csv', 'a,b\n1,x\n2,y\n'), 'v=1&columns=["b"]')).rejects.toThrow(
      'no row can be read: line 2: b is "x"',
    );
  });

  it('is bounded, and says that the file goes on', async () => {
    const table = await read(fileOf('long.csv', `v\n${'1\n'.repeat(MAX_TABLE_ROWS + 5)}`));
    expect([table.x.length, table.isCut]).toEqual([MAX_TABLE_ROWS, true]);
    expect((await read(fileOf('short.csv', 'v\n1\n2\n'))).isCut).toBe(false);
  });

  it('is read in slices, between which the page does what it has to, and stops when it is told to', async () => {
    let now = 0;
    const told: number[] = [];
    const abort = new AbortController();
    const reading = readTable(
      fileOf('long.csv', `v\n${'1\n'.repeat(10_000)}`),
      { options: {}, columns: [] },
      around({
        // each look takes as long as half a slice
        now: () => (now += 6),
        onRows: (rows) => told.push(rows),
        pause: async () => {
          if (told.length === 3) abort.abort(new Error('dropped'));
        },
        signal: abort.signal,
      }),
    );
    await expect(reading).rejects.toThrow('dropped');
    expect(told).toHaveLength(3);
    expect(told[0]).toBeLessThan(1000);
  });

  it('feeds its rows once, with their times', async () => {
    const signal = tableSignal(
      await read(fileOf('t.csv', 'time,v\n2024-01-01,1\n2024-01-03,2\n2024-01-02,\n')),
    );
    expect(signal).toMatchObject({ fields: [{ name: 'v' }], length: 3, hasTimes: true, isLate: true });
    const day = (date: number) => Date.UTC(2024, 0, date);
    expect([signal.next(), signal.next(), signal.next(), signal.next()]).toEqual([
      { x: [1], t: day(1) },
      { x: [2], t: day(3) },
      { x: [Number.NaN], t: day(2) },
      'end',
    ]);
    const untimed = tableSignal(await read(fileOf('v.csv', 'v\n1\n')));
    expect([untimed.hasTimes, untimed.next()]).toEqual([false, { x: [1] }]);
  });
});

describe('the file of the page', () => {
  const start = () => {
    const file = new FileReading(page);
    const seen: string[] = [];
    file.state$.subscribe(({ status }) => {
      if (seen.at(-1) !== status) seen.push(status);
    });
    return { file, seen, plain: parseSetting('').reading };
  };

  it('is read, and read again in another way', async () => {
    const { file, seen, plain } = start();
    file.take(fileOf('semi_deccomma.csv'));
    expect(file.has('semi_deccomma.csv')).toBe(true);
    expect((await file.read(plain, []))?.fields.map(({ name }) => name)).toEqual(['temp', 'hum']);
    expect((await file.read(plain, ['hum']))?.fields.map(({ name }) => name)).toEqual(['hum']);
    // what may be taken is still told
    const state = file.state$.value;
    expect(state.status === 'read' && state.choice.fields.length).toBe(2);
    expect(seen).toEqual(['none', 'reading', 'read', 'reading', 'read']);
  });

  it('that cannot be read says so, with the columns if they were found', async () => {
    const { file, plain } = start();
    file.take(fileOf('a.csv', 'a,b\n1,x\n2,y\n'));
    expect(await file.read(plain, ['b'])).toBeNull();
    expect(file.state$.value).toMatchObject({ status: 'failed', choice: { columns: ['a', 'b'] } });
    expect(file.table).toBeNull();
    file.take(fileOf('b.csv', 'no\nnumbers\n'));
    await file.read(plain, []);
    expect(file.state$.value).toMatchObject({ status: 'failed', file: 'b.csv', choice: null });
  });

  it('gives way to the next one', async () => {
    const { file, plain } = start();
    file.take(fileOf('a.csv', 'a\n1\n'));
    const first = file.read(plain, []);
    file.take(fileOf('b.csv', 'b\n2\n'));
    const second = file.read(plain, []);
    expect(await first).toBeNull();
    expect((await second)?.file).toBe('b.csv');
    expect(file.table?.x).toEqual([2]);
  });
});

describe('the file that was read', () => {
  it('is forgotten for a link that needs another, and at hand for one that needs it', async () => {
    const file = new FileReading(page);
    const { reading } = parseSetting('');
    expect(await file.read(reading, [])).toBeNull();
    file.take(fileOf('a.csv', 'a\n1\n'));
    const dropped = file.read(reading, []);
    file.forget();
    expect([await dropped, file.state$.value.status, file.has('a.csv')]).toEqual([null, 'none', true]);
    await file.read(reading, []);
    file.forget();
    expect([file.table, file.state$.value.status]).toEqual([null, 'none']);
  });
});

describe('the words of the page', () => {
  it('name its controls, not the options of the command line', () => {
    expect(pageWords('if that is a number, say --decimal ,')).toBe(
      'if that is a number, say “Decimal sign” ,',
    );
    expect(pageWords('name its column with --timestamp and --time-format')).toBe(
      'name its column with “Time column” and “Time format”',
    );
    expect(pageWords('a --strange option')).toBe('a --strange option');
  });

  it('are found out unless they are set', () => {
    expect(readingOptions(parseSetting('').reading)).toEqual({});
    expect(
      readingOptions(parseSetting('v=1&read.header=row&read.delimiter=tab&read.decimal=comma').reading),
    ).toEqual({
      header: false,
      delimiter: '\t',
      decimal: ',',
    });
    expect(Object.values(READING).map(({ initial }) => initial)).toEqual(Array(8).fill(''));
  });
});
