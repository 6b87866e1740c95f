import { describe, expect, it } from 'vitest';
import { formatTime } from '../../client/dashboard/charts/time-words.js';
import {
  ageWords,
  arrange,
  cellTitle,
  cellWords,
  pressed,
} from '../../client/dashboard/fleet/fleet-cells.js';
import { listAll } from '../../client/dashboard/fleet/fleet-listing.js';
import { FleetRecord } from '../../client/dashboard/fleet/fleet-record.js';
import { parseSpec } from '../../src/rnn/spec/spec.js';

/** Milliseconds since 1970. */
const NOW = Date.UTC(2026, 10, 27);
const listed = (sequence: string, rest: object = {}) => ({ sequence, awake: true, ...rest });

describe('the list of sequences', () => {
  it('has the rate between two looks, and when the last step came', () => {
    const record = new FleetRecord();
    record.look(1000, NOW, [listed('a', { seq: 99, age: 400 })]);
    expect(record.rows[0]).toMatchObject({ steps: 100, rate: null, lastAt: 600 });
    record.look(3000, NOW, [listed('a', { seq: 299, age: 0 }), listed('b', { seq: 4, age: null })]);
    expect(record.rows[0]).toMatchObject({ steps: 300, rate: 100, lastAt: 3000 });
    expect(record.rows[1]).toMatchObject({ rate: null, lastAt: null });
    record.look(4000, NOW, [listed('a', { seq: -1 })]);
    expect(record.rows).toHaveLength(1);
    expect(record.rows[0]?.rate).toBeNull();
  });

  it('keeps the error and the skill of the last 60 looks, with gaps, and the model of one that fell asleep', () => {
    const record = new FleetRecord();
    const spec = parseSpec({ features: 2, units: 8 });
    record.look(0, NOW, [listed('a', { recentMae: 1, recentSkill: 0.5, spec })]);
    for (let i = 1; i <= 60; i++) record.look(i * 1000, NOW, [listed('a', { awake: false, recentMae: i })]);
    const [row] = record.rows;
    expect(row?.errors).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
    expect(row?.skills.every(Number.isNaN)).toBe(true);
    expect(row?.model).toContain('8 units');
    expect(row?.awake).toBe(false);
  });

  it('tells of one that sleeps its step, scores, fields and the time of its last step', () => {
    const record = new FleetRecord();
    const fields = [
      { name: 'temperature', unit: '°C' },
      { name: 'meter', unit: 'kWh' },
    ];
    const asleep = { awake: false, seq: 1233, recentMae: 0.5, recentSkill: 0.25, anomaly: 0.125, fields };
    record.look(0, NOW, [
      listed('a', {
        ...asleep,
        spec: parseSpec({ features: 2, units: 8 }),
        t: NOW - 7_200_000,
        x: [null, 123465789.12],
      }),
    ]);
    const [row] = record.rows;
    if (!row) throw new Error('no row');
    const cells = (['state', 'steps', 'last step', 'error', 'skill', 'anomaly', 'fields'] as const).map(
      (column) => cellWords(row, column, 0),
    );
    expect(cells).toEqual([
      'asleep',
      '1,234',
      '2 h',
      '0.5',
      '0.25',
      '0.13',
      'temperature gap, meter 123465789.12 kWh',
    ]);
    expect(cellTitle(row, 'last step', 0)).toBe(formatTime(NOW - 7_200_000));
    expect(row.model).toContain('2 fields → 8 units');
  });

  it('[HEA12] tells the health in a word, and why, and has the worst first', () => {
    const record = new FleetRecord();
    const why = 'The last 500 forecasts are 3 % worse than repeating the last value.';
    record.look(0, NOW, [
      listed('a', { health: { state: 'learning', why: 'well' } }),
      listed('b'),
      listed('c', { health: { state: 'no-better-than-baseline', why } }),
    ]);
    const words = record.rows.map((row) => [cellWords(row, 'health', 0), cellTitle(row, 'health', 0)]);
    expect(words).toEqual([
      ['learning', 'well'],
      ['–', ''],
      ['no better', why],
    ]);
    const order = { by: 'health', isDescending: true } as const;
    expect(arrange(record.rows, '', order).map(({ name }) => name)).toEqual(['c', 'a', 'b']);
    expect(arrange(record.rows, 'no better', order).map(({ name }) => name)).toEqual(['c']);
  });

  it('tells the last values by name where there are few, shortly, and else how many fields there are', () => {
    const record = new FleetRecord();
    const fields = Array.from({ length: 4 }, (_, i) => ({ name: `x${i}` }));
    record.look(0, NOW, [
      listed('few', { fields: fields.slice(0, 1), x: [0.12345678901234] }),
      listed('many', { fields, x: [1, 2, 3, 4.25] }),
      listed('silent', { fields: fields.slice(0, 1) }),
    ]);
    const words = record.rows.map((row) => [cellWords(row, 'fields', 0), cellTitle(row, 'fields', 0)]);
    expect(words).toEqual([
      ['x0 0.1235', 'x0 0.12345678901234'],
      ['4 fields', 'x0 1, x1 2, x2 3, x3 4.25'],
      ['1 field', 'x0'],
    ]);
    expect(arrange(record.rows, 'x3', { by: 'name', isDescending: false }).map(({ name }) => name)).toEqual([
      'many',
    ]);
  });

  it('is searched by all words, in name, model and state', () => {
    const record = new FleetRecord();
    const spec = parseSpec({ features: 1, units: 8 });
    record.look(0, NOW, [listed('pump/1', { spec }), listed('pump/2', { awake: false }), listed('fan')]);
    const names = (search: string) =>
      arrange(record.rows, search, { by: 'name', isDescending: false }).map(({ name }) => name);
    expect(names('PUMP')).toEqual(['pump/1', 'pump/2']);
    expect(names('pump asleep')).toEqual(['pump/2']);
    expect(names('8 units')).toEqual(['pump/1']);
    expect(names('none')).toEqual([]);
  });

  it('is sorted by each column, unknown last both ways, and equal ones by name', () => {
    const record = new FleetRecord();
    record.look(0, NOW, [
      listed('s10', { recentMae: 2 }),
      listed('s9', { recentMae: 1 }),
      listed('s2', {}),
      listed('s1', { recentMae: 2 }),
    ]);
    const names = (isDescending: boolean, by: 'name' | 'error') =>
      arrange(record.rows, '', { by, isDescending }).map(({ name }) => name);
    expect(names(false, 'name')).toEqual(['s1', 's2', 's9', 's10']);
    expect(names(false, 'error')).toEqual(['s9', 's1', 's10', 's2']);
    expect(names(true, 'error')).toEqual(['s1', 's10', 's9', 's2']);
    const first = pressed({ by: 'name', isDescending: false }, 'error');
    expect(first).toEqual({ by: 'error', isDescending: true });
    expect(pressed(first, 'error').isDescending).toBe(false);
  });

  it('says what is not known with a dash, and ages in the unit that fits', () => {
    const record = new FleetRecord();
    record.look(5000, NOW, [listed('a', { age: 5000, seq: 1234 })]);
    const [row] = record.rows;
    if (!row) throw new Error('no row');
    expect(cellWords(row, 'last step', 65_000)).toBe('65 s');
    expect(cellWords(row, 'steps', 0)).toBe('1,235');
    expect(cellWords(row, 'error', 0)).toBe('–');
    expect([100, 3000, 600_000, 9_000_000, 200_000_000, 1e11].map(ageWords)).toEqual([
      'now',
      '3 s',
      '10 min',
      '2 h',
      '2 d',
      '3 y',
    ]);
  });

  it('[DSH30] asks for page after page until it has all, and no more than 10,000', async () => {
    const asked: (string | undefined)[] = [];
    const server = (total: number) => ({
      list: ({ after, limit = 0 }: { after?: string; limit?: number } = {}) => {
        asked.push(after);
        const from = after === undefined ? 0 : Number(after) + 1;
        const sequences = Array.from({ length: Math.min(limit, total - from) }, (_, i) =>
          listed(String(from + i)),
        );
        return Promise.resolve({ total, sequences });
      },
    });
    const some = await listAll(server(2500));
    expect(some.sequences).toHaveLength(2500);
    expect(asked).toEqual([undefined, '999', '1999']);
    expect((await listAll(server(25_000))).sequences).toHaveLength(10_000);
  });
});
