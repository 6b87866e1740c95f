import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EddyError } from '../../src/errors.js';
import {
  lineOf,
  namesOf,
  openReading,
  type ReadingOptions,
  tellChoice,
  tellReport,
} from '../../src/reading/index.js';
import { LineSplitter } from '../../src/reading/text/line-splitter.js';
import { chunksOf, fixture, readAll } from '../support/readings.js';
import { SEED } from '../support/seed.js';

const GAP = Number.NaN;

/** Cuts bytes at the given places. */
function* cut(bytes: Uint8Array, places: readonly number[]): Generator<Uint8Array> {
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  let from = 0;
  for (const end of [...ends, bytes.length]) {
    yield bytes.slice(from, end);
    from = end;
  }
}

const outcome = async (chunks: readonly Uint8Array[], options?: ReadingOptions) => {
  try {
    const { choice, rows, report } = await readAll(chunksOf(...chunks), options);
    return { choice, rows, report };
  } catch (error) {
    if (error instanceof EddyError && error.code === 'input-invalid') return error.message;
    throw error;
  }
};

describe('rows', () => {
  it('[RDG10] are the same however the bytes are cut into chunks', async () => {
    const files = [
      ...[
        'comma_in_name.csv',
        'name_newline.csv',
        'toa5.dat',
        'utf16.csv',
        'utf16_be_bare.csv',
        'latin1.csv',
      ],
      ...[
        'bom_cr.csv',
        'packed.csv',
        'nested.ndjson',
        'array.json',
        'footer.csv',
        'dup_names.csv',
        'units.csv',
      ],
    ].map(fixture);
    const texts = ['a,b\r\n1,"2\r\n"\r\n\r3,"x""y"\r"5,6\n7,8\n', 'é,b\n1,2\n\xe9', '5', '\n\n[1,2]\n[3'].map(
      (text) => new TextEncoder().encode(text),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...files, ...texts),
        fc.array(fc.nat(2000), { maxLength: 30 }),
        async (bytes, places) => {
          const options = { onBadRow: 'skip' } as const;
          expect(await outcome([...cut(bytes, places)], options)).toEqual(await outcome([bytes], options));
        },
      ),
      { seed: SEED, numRuns: 200 },
    );
    for (const bytes of [...files, ...texts])
      expect(await outcome([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(await outcome([bytes]));
  });

  it('[RDG10] of any text are the same however it is cut, or it is refused', async () => {
    const part = fc.constantFrom(
      ...[
        '1',
        '20.5',
        '-3,25',
        '1,234',
        'a',
        'temp (C)',
        'NA',
        'on',
        'off',
        '2024-01-01 10:00',
        '03/04/2024',
        '1704067200',
      ],
      ...[
        ',',
        ',',
        ';',
        '\t',
        '|',
        '"',
        '\n',
        '\n',
        '\r\n',
        '\r',
        '#',
        ' ',
        '{',
        '}',
        '[',
        ']',
        '":',
        '"a":',
        'null',
        'é',
      ],
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { maxLength: 60 }),
        fc.array(fc.nat(300), { maxLength: 10 }),
        fc.constantFrom('fail', 'skip'),
        async (parts, places, onBadRow) => {
          const bytes = new TextEncoder().encode(parts.join(''));
          const whole = await outcome([bytes], { onBadRow });
          expect(await outcome([...cut(bytes, places)], { onBadRow })).toEqual(whole);
        },
      ),
      { seed: SEED, numRuns: 500 },
    );
  });

  it('[RDG1] come back as they were written, with any delimiter and decimal sign', async () => {
    const sign = fc.constantFrom(
      ...([',', ';', '\t', '|'] as const).flatMap((delimiter) =>
        (delimiter === ',' ? (['.'] as const) : (['.', ','] as const)).map((decimal) => ({
          delimiter,
          decimal,
        })),
      ),
    );
    const number = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 });
    const rows = fc.integer({ min: 2, max: 5 }).chain((width) =>
      fc.array(fc.array(fc.option(number, { nil: GAP }), { minLength: width, maxLength: width }), {
        minLength: 1,
        maxLength: 20,
      }),
    );
    await fc.assert(
      fc.asyncProperty(rows, sign, fc.boolean(), async (written, { delimiter, decimal }, isTold) => {
        const text = [
          written[0]!.map((_, i) => `s${i}`),
          ...written.map((row) =>
            row.map((value) => (Number.isNaN(value) ? '' : String(value).replace('.', decimal))),
          ),
        ];
        // rows with numbers only, of which none is a blank line or the head of a column without any
        fc.pre(written[0]!.every((value) => !Number.isNaN(value) && !Number.isInteger(value)));
        const file = text.map((cells) => `${cells.join(delimiter)}\n`).join('');
        const options = isTold ? { delimiter, decimal } : { decimal };
        expect((await readAll(file, options)).values).toEqual(
          written
            .filter((row) => delimiter !== '\t' || row.some((value) => !Number.isNaN(value)))
            .map((row) => row.map((value) => value + 0)),
        );
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  it('[RDG10] leave when their lines end, though nothing follows', () => {
    const splitter = new LineSplitter();
    for (const [text, lines] of [
      ['a,b\n', ['a,b']],
      ['1,', []],
      ['2\r', ['1,2']],
      ['\n3,"4\n', []],
      ['"\n', ['3,"4\n"']],
      ['5,6\n7', ['5,6']],
    ] as const) {
      splitter.push(text);
      const given = [];
      for (let line = splitter.next(); line; line = splitter.next()) given.push(line.text);
      expect(given).toEqual(lines);
    }
    splitter.end();
    expect(splitter.next()).toEqual({ number: 6, text: '7', hasQuotes: false });
  });

  it('[RDG7] that are bad end the reading by line and column, with what would help, or are counted', async () => {
    for (const [text, message, options] of [
      [
        'a,b\n1,2\n3,x\n',
        'line 3: b is "x", which is not a number; if it stands for a missing value, say --missing "x"',
      ],
      ['a,b\n1,2\n3\n', 'line 3: 1 cell, where the table has 2 columns'],
      ['a,b\n1,2\n3,4,5\n', 'line 3: 3 cells, where the table has 2 columns'],
      ['a\n1\ninf\n2\n', 'line 3: a is "inf", which is not a finite number'],
      ['a\n1\n0x10\n', 'line 3: a is "0x10", which is not a number'],
      [
        'a;b\n1.5;2\n"2,5";3\n',
        'line 3: a is "2,5", which is not a number with a decimal "."; --decimal , reads it',
      ],
      ['a,b\n1,2\n"3,4\n5,6\n', 'line 3: a quote is not closed'],
      ['{"a":1}\n{"a":\n', 'line 2: SyntaxError'],
      ['{"a":1}\n7\n', 'line 2: neither an object nor an array'],
      ['time,a\n2024-01-01,1\n2024-02-30,2\n', 'line 3: time is "2024-02-30", which is not a time (iso)'],
      ['who,a\nx,1\n,2\n', 'line 3: who is empty, and says whose row it is', { by: 'who' }],
    ] as const) {
      const told: ReadingOptions = options ?? {};
      await expect(readAll(text, told), message).rejects.toMatchObject({
        code: 'input-invalid',
        message: expect.stringContaining(message),
      });
      const { report } = await readAll(text, { ...told, onBadRow: 'skip' });
      expect([report.badRows.count, report.badRows.first[0]?.message]).toEqual([
        1,
        expect.stringContaining(message),
      ]);
    }
    const { report, rows } = await readAll(`a,b\n1,2\n${'3\n'.repeat(7)}5,6\n`, { onBadRow: 'skip' });
    expect([rows.length, report.badRows.count, report.badRows.first.map(({ line }) => line)]).toEqual([
      2,
      7,
      [3, 4, 5, 6, 7],
    ]);
  });

  it('[RDG7] before a bad one are given', async () => {
    const { rows } = await openReading(chunksOf('a\n1\n2\nx\n'));
    const given: number[][] = [];
    const all = (async () => {
      for await (const { values } of rows) given.push(values);
    })();
    await expect(all).rejects.toThrow('line 4');
    expect(given).toEqual([[1], [2]]);
  });
});

describe('a live source', () => {
  /** A clock by hand, and a source that gives what is put into it. */
  function live() {
    const timers = new Set<{ ms: number; callback: () => void }>();
    const waiting: ((result: IteratorResult<string>) => void)[] = [];
    const put: IteratorResult<string>[] = [];
    const give = (result: IteratorResult<string>) => {
      const next = waiting.shift();
      if (next) next(result);
      else put.push(result);
    };
    return {
      chunks: {
        [Symbol.asyncIterator]: () => ({
          next: () =>
            new Promise<IteratorResult<string>>((resolve) => {
              const ready = put.shift();
              if (ready) resolve(ready);
              else waiting.push(resolve);
            }),
        }),
      },
      after: (ms: number, callback: () => void) => {
        const timer = { ms, callback };
        timers.add(timer);
        return () => void timers.delete(timer);
      },
      say: async (text: string) => {
        give({ done: false, value: text });
        await turn();
      },
      end: async () => {
        give({ done: true, value: undefined });
        await turn();
      },
      /** Lets the shortest timer run out. */
      pause: async () => {
        const [timer] = [...timers].sort((a, b) => a.ms - b.ms);
        if (timer) timers.delete(timer);
        timer?.callback();
        await turn();
      },
      timers,
    };
  }
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

  async function follow(source: ReturnType<typeof live>, options?: ReadingOptions) {
    const given: number[][] = [];
    const opened = openReading(source.chunks, options, { isLive: true, after: source.after });
    const done = opened.then(async (reading) => {
      for await (const { values } of reading.rows) given.push(values);
      return reading;
    });
    await turn();
    return { given, done };
  }

  it('[RDG10] gives its first row at the first pause, and each later one with its line end', async () => {
    const source = live();
    const { given, done } = await follow(source);
    await source.say('time,temp,hum\n');
    await source.pause();
    expect(given).toEqual([]);
    await source.say('2024-01-01,20.5,');
    await source.pause();
    await source.say('\n');
    expect(given).toEqual([]);
    await source.pause();
    expect(given).toEqual([[20.5, GAP]]);
    await source.say('2024-01-02,21,60\n2024-01-03');
    expect(given).toHaveLength(2);
    await source.say(',22,61\n');
    expect(given[2]).toEqual([22, 61]);
    await source.end();
    expect((await done).choice.notes).toEqual(['hum taken with no value yet']);
    expect(source.timers.size).toBe(0);
  });

  it('[RDG8] tells once of a column that turns out to hold numbers, or text, after the columns were chosen', async () => {
    const source = live();
    const { given, done } = await follow(source);
    await source.say('{"a":1,"s":"idle"}\n');
    await source.pause();
    for (const line of ['{"a":2,"late":7}', '{"a":3,"late":8,"s":4}', '{"a":4,"s":5}'])
      await source.say(`${line}\n`);
    await source.end();
    const { report, choice } = { report: (await done).report(), choice: (await done).choice };
    expect(given).toEqual([[1], [2], [3], [4]]);
    expect(choice.leftOut).toEqual([{ name: 's', why: 'text, such as "idle"' }]);
    expect(report.notes).toEqual([
      'late holds numbers from line 2 on, after the columns were chosen; --columns takes it',
      's holds numbers from line 3 on, after the columns were chosen; --columns takes it',
    ]);
    const other = live();
    const followed = await follow(other);
    await other.say('a,b\n1,\n');
    await other.pause();
    await other.say('2,idle\n3,busy\n4,5\n');
    await other.end();
    expect(followed.given).toEqual([
      [1, GAP],
      [2, GAP],
      [3, GAP],
      [4, 5],
    ]);
    expect((await followed.done).report().notes).toEqual([
      'b was taken with no value yet and is text from line 3 on: "idle"; its values are gaps',
    ]);
  });

  it('[RDG10] that does not pause is not waited for', async () => {
    const source = live();
    const { given, done } = await follow(source);
    await source.say('a\n1\n');
    const patience = [...source.timers].find(({ ms }) => ms === 25)!;
    await source.say('2\n');
    patience.callback();
    await source.say('3\n');
    expect(given).toEqual([[1], [2], [3]]);
    await source.end();
    await done;
  });
});

describe('the columns', () => {
  it('[RDG8] are chosen by the first 1,000 rows, and said with what was left out and why', async () => {
    const line = (i: number, s: string) => `2024-01-01 ${String(i % 24).padStart(2, '0')}:00,${i},${s},on,\n`;
    const file = (count: number) =>
      `time,a [bar],s,sw,none\n${Array.from({ length: count }, (_, i) => line(i, '')).join('')}${line(0, '5')}`;
    const { choice, report } = await readAll(file(999));
    expect(tellChoice(choice)).toEqual([
      'csv, delimiter ,',
      'taken: a [bar], s, sw',
      'time: time (iso, UTC if it tells no zone)',
      'left out: none: no value in the rows looked at',
    ]);
    expect(report.gaps).toEqual([{ name: 's', count: 999 }]);
    expect(tellReport(report)).toEqual([
      'gaps: s 999',
      'note: 42 times before that of the row before, first in line 26',
    ]);
    const late = await readAll(file(1100));
    expect([late.names, late.left]).toEqual([
      ['a [bar]', 'sw'],
      ['s', 'none'],
    ]);
    expect(late.report.notes).toEqual([
      's holds numbers from line 1102 on, after the columns were chosen; --columns takes it',
    ]);
  });

  it('[RDG8] are those that are named, in that order, a time among them if it is', async () => {
    const text = '{"ts":1704067200,"b":1,"a":2,"s":"x"}\n';
    const named = await readAll(text, { columns: ['a', 'b'] });
    expect([named.values, named.times, named.choice.leftOut]).toEqual([
      [[2, 1]],
      [1_704_067_200_000],
      [{ name: 's', why: 'text, such as "x"' }],
    ]);
    expect((await readAll(text, { columns: ['ts'] })).values).toEqual([[1_704_067_200]]);
    expect((await readAll('t,v\n1,2\n2,3\n', { also: ['t'] })).names).toEqual(['t', 'v']);
    await expect(readAll('"a, b",c\n1,2\n', { columns: ['a'] })).rejects.toThrow(
      'unknown column "a"; the columns are "a, b", c; a name that holds a comma goes in quotes',
    );
    await expect(readAll('a,b\n1,2\n', { columns: ['b', 'b'] })).rejects.toThrow(
      'the column "b" is named twice',
    );
    expect(namesOf('temp, "Hum, %" ,"a ""b"""')).toEqual(['temp', 'Hum, %', 'a "b"']);
    expect(namesOf(lineOf(['x', 'Hum, %', 'a "b"']))).toEqual(['x', 'Hum, %', 'a "b"']);
  });

  it('[RDG11] may be targets, classes and whose row it is, and are no fields then', async () => {
    const text = 'dev,a,y,z\nd1,1,5,on\nd2,2,,off\nd1,3,7,\n';
    const { rows, names, choice } = await readAll(text, { by: 'dev', targets: ['y', 'z'] });
    expect([names, choice.targets, choice.by]).toEqual([['a'], [{ name: 'y' }, { name: 'z' }], 'dev']);
    expect(rows.map(({ by, target }) => [by, target])).toEqual([
      ['d1', [5, 1]],
      ['d2', [GAP, 0]],
      ['d1', [7, GAP]],
    ]);
    const labels = 'a,state\n1,idle\n2,busy\n3,\n4,idle\n';
    const found = await readAll(labels, { targets: ['state'], classes: true });
    expect([found.choice.classes, found.rows.map(({ target }) => target)]).toEqual([
      ['busy', 'idle'],
      [[0, 1], [1, 0], null, [0, 1]],
    ]);
    const told = readAll(labels, { targets: ['state'], classes: ['idle', 'off'] });
    await expect(told).rejects.toThrow('line 3: state is "busy", which is not one of the classes idle, off');
  });
});

describe('gz', () => {
  it('[RDG9] is read by its first bytes, in several parts too', async () => {
    const bytes = new Uint8Array([...gzipSync('a\n1\n'), ...gzipSync('2\n')]);
    expect((await readAll(bytes)).values).toEqual([[1], [2]]);
    const stream = new Blob([gzipSync('a\n1\n2\n')]).stream();
    const { rows } = await openReading(stream);
    const lines: number[] = [];
    for await (const { line } of rows) lines.push(line);
    expect(lines).toEqual([2, 3]);
  });
});
