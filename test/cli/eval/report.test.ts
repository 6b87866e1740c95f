import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Buckets, type Channel, Tail } from '../../../src/cli/eval/report/buckets.js';
import { MAX_POINTS } from '../../../src/cli/eval/report/report-series.js';
import { file, run } from '../../support/cli.js';

const CHANNELS: Channel[] = ['first', 'last', 'mean', 'min', 'max'];

describe('eddy eval --report', () => {
  it('[EVL11] writes a page that loads nothing, and holds names of the user as text alone', async () => {
    const bad = '</script><img src=x onerror=alert(1)>';
    const rows = Array.from({ length: 50 }, (_, t) => `${Math.sin(t)},${t}`);
    const input = file(
      'a <i>&amp;.csv',
      `${bad},b & "c"\n${rows.join('\n')}\n`.replace('b & "c"', '"b & ""c"""'),
    );
    const page = join(dirname(input), 'out.html');
    const { code, stderr } = await run(['eval', input, '--report', page, '--horizon', '1,3', '--skip', '5']);
    expect([code, stderr]).toEqual([0, expect.stringContaining('50 rows')]);
    const html = readFileSync(page, 'utf8');
    const found = (pattern: RegExp) => pattern.exec(html)?.[0];
    expect(found(/https?:|\bsrc="|<link|@import|url\(|sourceMappingURL/)).toBeUndefined();
    expect(found(/<img|<i>|unsafe-(inline|eval)/)).toBeUndefined();
    expect(html.match(/<script/g)?.length).toBe(3);
    expect(found(/default-src 'none'/)).toBeDefined();
    expect(found(/<h1>.*<\/h1>/)).toBe('<h1>a &#60;i&#62;&#38;amp;.csv</h1>');
    const json = /<script id="data" type="application\/json">(.*?)<\/script>/s.exec(html)?.[1] ?? '';
    const data = JSON.parse(json);
    expect(data.targets).toEqual([bad, 'b & "c"']);
    expect(data.whole.row).toEqual(Array.from({ length: 50 }, (_, t) => t));
    expect(data.whole.outputs).toHaveLength(4);
    expect(data.whole.outputs[0].forecast[0]).toBeNull();
    expect(data.whole.outputs[0].mae.findIndex((mae: number | null) => mae !== null)).toBe(5);
  });

  it('[EVL11] gives every chart a heading, and all figures as a table', async () => {
    const input = file('in.csv', `a\n${Array.from({ length: 40 }, (_, t) => Math.sin(t)).join('\n')}\n`);
    const page = join(dirname(input), 'out.html');
    await run(['eval', input, '--report', page]);
    const html = readFileSync(page, 'utf8');
    for (const title of [
      'Truth and forecast',
      'Error',
      'Skill',
      'Anomaly score',
      'Gradient norm',
      'Hidden state',
    ])
      expect(html).toContain(`<h2>${title}</h2>`);
    expect(html).toMatch(/<th scope="row">a<\/th><td>1<\/td><td>[\d.]+<\/td>/);
  });
});

describe('the series of a report', () => {
  it('are kept in a bounded number of buckets, each two of which become one when they are full', () => {
    const buckets = new Buckets(CHANNELS, 4);
    for (let t = 0; t < 21; t++) buckets.add(CHANNELS.map(() => t));
    const { width, length, columns } = buckets.read();
    expect([width, length]).toEqual([8, 3]);
    expect(columns.map((column) => [...column])).toEqual([
      [0, 8, 16],
      [7, 15, 20],
      [3.5, 11.5, 18],
      [0, 8, 16],
      [7, 15, 20],
    ]);
    const many = new Buckets(['mean'], MAX_POINTS);
    for (let t = 0; t < 100_000; t++) many.add([t]);
    const read = many.read();
    expect(read.length).toBeLessThanOrEqual(MAX_POINTS);
    expect(read.length).toBeGreaterThanOrEqual(MAX_POINTS / 2);
    expect(read.width * read.length).toBeGreaterThanOrEqual(100_000);
  });

  it('pass over what is missing: a mean is that of the numbers there are', () => {
    const buckets = new Buckets(CHANNELS, 2);
    for (const value of [Number.NaN, 3, Number.NaN, Number.NaN, 5, 1, 2, Number.NaN])
      buckets.add(CHANNELS.map(() => value));
    const { columns } = buckets.read();
    const [first, last, mean, min, max] = columns.map((column) => [...column]);
    expect([first, last, min, max]).toEqual([
      [3, 5],
      [3, 2],
      [3, 1],
      [3, 5],
    ]);
    expect([mean?.[0], mean?.[1]]).toEqual([3, expect.closeTo(8 / 3)]);
    const empty = new Buckets(['min'], 2);
    for (let t = 0; t < 5; t++) empty.add([Number.NaN]);
    expect([...(empty.read().columns[0] ?? [])].every(Number.isNaN)).toBe(true);
  });

  it('end with the last rows as they were', () => {
    const tail = new Tail(2, 3);
    tail.add([0, 10]);
    expect(tail.read().columns.map((column) => [...column])).toEqual([[0], [10]]);
    for (let t = 1; t < 8; t++) tail.add([t, 10 + t]);
    const { length, columns } = tail.read();
    expect([length, ...columns.map((column) => [...column])]).toEqual([3, [5, 6, 7], [15, 16, 17]]);
  });
});
