import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { finish } from '../../src/math/pieces.js';
import { LineReader, type Precision } from '../../src/sources/influx/read-lines.js';
import { faultOfTemplate, nameOfSeries } from '../../src/sources/influx/series-names.js';

const read = (text: string, precision: Precision = 'ns', template = '{measurement}.{tags}') => {
  const { readings, ...rest } = finish(new LineReader(template).read(Buffer.from(text), precision));
  return { ...rest, readings: Object.fromEntries(readings) };
};
/** The values and times of all readings, by sequence. */
const told = (text: string, precision: Precision = 'ns') =>
  Object.fromEntries(
    Object.entries(read(text, precision).readings).map(([name, list]) => [
      name,
      list.map(({ t, values }) => [t, { ...values }]),
    ]),
  );

/** Another reader, which takes a line apart with strings, one after the other. */
function plainly(text: string): Record<string, [number, Record<string, number | boolean>][]> {
  const cut = (part: string, at: RegExp) => part.split(at);
  const plain = (part: string) => part.replaceAll(/\\([,= ])/g, '$1');
  const found: Record<string, [number, Record<string, number | boolean>][]> = {};
  for (const line of text.split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [head = '', fields = '', time] = cut(line.trim(), /(?<!\\) +/);
    const [measurement = '', ...tags] = cut(head, /(?<!\\),/);
    const pairs = tags.map((tag) => cut(tag, /(?<!\\)=/).map(plain) as [string, string]);
    const name = nameOfSeries(
      '{measurement}.{tags}',
      measurement.replaceAll(/\\([, ])/g, '$1'),
      new Map(pairs),
    );
    const values: Record<string, number | boolean> = {};
    for (const field of cut(fields, /(?<!\\),/)) {
      const [key = '', value = ''] = cut(field, /(?<!\\)=/);
      if (value.startsWith('"')) continue;
      values[plain(key)] = /^[tT]/.test(value)
        ? true
        : /^[fF]/.test(value)
          ? false
          : Number(value.replace(/[iu]$/, ''));
    }
    const t =
      time === undefined
        ? Number.NaN
        : Number(BigInt(time) / 1_000_000n) + Number(BigInt(time) % 1_000_000n) / 1e6;
    if (Object.keys(values).length === 0) continue;
    found[name] ??= [];
    const same = found[name].find(([other]) => other === t);
    if (same) Object.assign(same[1], values);
    else found[name].push([t, values]);
  }
  for (const name of Object.keys(found)) {
    const timed = found[name]!.filter(([t]) => !Number.isNaN(t));
    found[name] = [...timed.sort(([a], [b]) => a - b), ...found[name]!.filter(([t]) => Number.isNaN(t))];
  }
  return found;
}

describe('lines of the line protocol', () => {
  it('[INF1] are read with their tags, types and times', () => {
    expect(
      told(
        [
          'weather,location=us-midwest,season=summer temperature=82,humidity=71i 1465839830100400200',
          '# a comment',
          '',
          'weather,location=us-midwest,season=summer temperature=-1.5e-3,wet=t,note="a, b = c\\"d" 1465839831100000000',
          'cpu load=.5,big=12345678901234567890u',
          '  disk,path=/var free=+3.25 1465839832100000000\r',
        ].join('\n'),
      ),
    ).toEqual({
      'weather.us-midwest.summer': [
        [1465839830100 + 0.4002, { temperature: 82, humidity: 71 }],
        [1465839831100, { temperature: -0.0015, wet: true }],
      ],
      cpu: [[Number.NaN, { load: 0.5, big: Number('12345678901234567890') }]],
      'disk./var': [[1465839832100, { free: 3.25 }]],
    });
  });

  it('[INF1] have the times of their precision', () => {
    const at = (precision: Precision, time: string) => told(`a v=1 ${time}`, precision).a![0]![0];
    expect([
      at('s', '1465839830'),
      at('ms', '1465839830100'),
      at('us', '1465839830100400'),
      at('m', '2'),
      at('h', '-1'),
    ]).toEqual([1465839830000, 1465839830100, 1465839830100.4, 120_000, -3_600_000]);
  });

  it('[INF2] of one time and sequence are one reading, in any order of series', () => {
    const text = 'a,h=1 x=1 1000000\nb y=2 1000000\na,h=1 z=3 1000000\na,h=1 x=4 2000000';
    expect(told(text)).toEqual({
      'a.1': [
        [1, { x: 1, z: 3 }],
        [2, { x: 4 }],
      ],
      b: [[1, { y: 2 }]],
    });
  });

  it('[INF2] of one time and sequence are one reading wherever they stand, and readings are in the order of their times', () => {
    const text = [
      ...[3, 1, 2].map((ms) => `cpu,host=a x=${ms} ${ms}000000`),
      ...[2, 3, 4, 1].map((ms) => `mem,host=a y=${ms} ${ms}000000`),
      'mem,host=a z=9',
      'mem,host=a z=8',
    ].join('\n');
    const { readings } = read(text, 'ns', '{host}');
    expect(readings.a!.map(({ t, values, line }) => [t, { ...values }, line])).toEqual([
      [1, { x: 1, y: 1 }, 2],
      [2, { x: 2, y: 2 }, 3],
      [3, { x: 3, y: 3 }, 1],
      [4, { y: 4 }, 6],
      [Number.NaN, { z: 9 }, 8],
      [Number.NaN, { z: 8 }, 9],
    ]);
  });

  it('[INF3] keep their numbers behind text that has lines of its own', () => {
    const text = 'a note="one\ntwo\\\nthree",x=1 1\na x=oops\na x=2 2000000';
    const { faults, readings } = read(text);
    expect(faults.map(({ line, column }) => [line, column])).toEqual([[4, 5]]);
    expect(readings.a!.map(({ line }) => line)).toEqual([1, 5]);
  });

  it('[INF3] are not taken for a part of the line before them, whatever that ends with', () => {
    for (const bad of ['a\\', 'a,h=1\\', 'a x\\', 'a x=1,y\\', 'a x="open', 'a x="open\\', 'a x=1 2\\']) {
      const { faults, readings } = read(`${bad}\nok v=1,note="t" 1000000\nok v=2 2000000`);
      expect([bad, faults.map(({ line }) => line)]).toEqual([bad, [1]]);
      expect([bad, readings.ok?.map(({ values }) => values.v)]).toEqual([bad, [1, 2]]);
    }
  });

  it('[INF3] that cannot be read are told with their line and column, and harm no other', () => {
    const bad = [
      'a',
      'a x',
      'a x=',
      'a x=1 soon',
      'a x=1 5 6',
      'a x="open',
      ',h=1 x=1',
      'a,h x=1',
      'a =1',
      'a x=12i3',
      'a x=1,',
      'a x=NaN',
      'a x=-5u',
      'a x=1.5i',
      'a __proto__=1',
      'a x=constructor',
      'a x=toString',
      'a x=__proto__',
    ];
    for (const line of bad) {
      const { faults, readings, refused } = read(`ok v=1 1\n${line}\nok v=2 2000000`);
      const isOpen = line.endsWith('open');
      expect([line, refused, faults[0]?.line, Number(faults[0]?.column) >= 1]).toEqual([line, 1, 2, true]);
      expect([line, readings.ok?.length]).toEqual(
        [line, isOpen ? 1 : 2].map((one) => (one === 1 && isOpen ? 2 : one)),
      );
    }
    expect(read('ok v=1\na x=1 soon').faults).toEqual([
      { line: 2, column: 7, message: '"s" is no time: it is a whole number' },
    ]);
  });

  it('[INF4] are read like a plain reader reads them', () => {
    const measured = fc.oneof(
      fc.constantFrom('a', 'b'),
      fc.stringMatching(/^[A-Za-z][A-Za-z0-9_ ,=-]{0,6}$/),
    );
    const word = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_ ,=-]{0,6}$/);
    const escaped = (text: string) => text.replaceAll(/[,= ]/g, '\\$&');
    const value = fc.oneof(
      fc.integer({ min: -(2 ** 40), max: 2 ** 40 }).map((one) => `${one}i`),
      fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }).map(String),
      fc.constantFrom('t', 'false', 'TRUE', '"text"', '1e3', '0.1', '123456789.123456789123'),
    );
    const line = fc
      .record({
        measurement: measured,
        tags: fc.dictionary(word, fc.stringMatching(/^[a-z0-9]{1,4}$/), { maxKeys: 3 }),
        fields: fc.array(fc.tuple(word, value), { minLength: 1, maxLength: 4 }),
        // few times, so that lines share them
        time: fc.option(
          fc.oneof(fc.constantFrom(1n, 1000000n, 3n * 10n ** 18n), fc.bigInt({ min: 0n, max: 2n ** 61n })),
        ),
      })
      .map(({ measurement, tags, fields, time }) => {
        const head = [
          measurement.replaceAll(/[, ]/g, '\\$&'),
          ...Object.entries(tags).map(([key, tag]) => `${escaped(key)}=${tag}`),
        ];
        const body = fields.map(([key, one]) => `${escaped(key)}=${one}`).join(',');
        return `${head.join(',')} ${body}${time === null ? '' : ` ${time}`}`;
      });
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
        const text = lines.join('\n');
        const { refused } = read(text);
        expect([refused, told(text)]).toEqual([0, plainly(text)]);
      }),
      { numRuns: 300 },
    );
  });

  it('[INF4] of any bytes lead to readings or faults, never to anything else', () => {
    const bytes = fc.array(fc.constantFrom(...Buffer.from('a=,, "\\\n\r#1.5iutf-+e9\u00ff')), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(bytes, (all) => {
        const { faults, refused, lines } = finish(
          new LineReader('{measurement}').read(Uint8Array.from(all), 'ns'),
        );
        expect(refused).toBeLessThanOrEqual(lines);
        expect(faults.length).toBe(Math.min(100, refused));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('names of series', () => {
  it('[INF5] come of a template over measurement and tags', () => {
    const tags = new Map([
      ['host', 'web 1'],
      ['cpu', 'cpu0'],
    ]);
    const name = (template: string) => nameOfSeries(template, 'cpu', tags);
    expect([
      name('{measurement}.{tags}'),
      name('{host}/{measurement}'),
      name('{rack}.{host}'),
      name('all'),
    ]).toEqual(['cpu.cpu0.web_1', 'web_1/cpu', 'web_1', 'all']);
    expect(() => nameOfSeries('{rack}', 'cpu', tags)).toThrow(/leaves no name/);
    expect(() => nameOfSeries('{measurement}', 'x'.repeat(200), tags)).toThrow(/200 characters/);
    expect(['{a', 'a b', '{a}}'].map(faultOfTemplate)).toEqual([
      'a brace is not closed',
      'it is neither a template nor a name',
      'a brace is not closed',
    ]);
    expect(() => new LineReader('{')).toThrow(/brace/);
  });
});
