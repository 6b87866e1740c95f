/** Rows that come over HTTP to a real server. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { JSON_TYPE, type Json, lines, NDJSON, rowsOf, served, T0 } from '../support/http-api.js';

describe('rows over HTTP', () => {
  it('[HTT1] make a sequence with the names of the first, and are answered when they are durable', async () => {
    const { ask } = await served();
    const made = await ask('POST', '/sequences/room/steps', { body: { temperature: 21.5, humidity: 40 } });
    expect(made).toMatchObject({
      status: 200,
      json: {
        sequence: 'room',
        created: true,
        rows: 1,
        accepted: 1,
        first: 0,
        last: 0,
        durable: true,
        refused: 0,
      },
    });
    const more = await ask('POST', '/sequences/room/steps', {
      body: [{ humidity: 41, temperature: 22 }, { temperature: 23 }],
    });
    expect(more.json).toMatchObject({ created: false, accepted: 2, first: 1, last: 2 });
    const { json } = await ask('GET', '/sequences/room');
    expect(json).toMatchObject({
      sequence: 'room',
      seq: 2,
      fields: [{ name: 'temperature' }, { name: 'humidity' }],
      last: { seq: 2, values: { temperature: 23, humidity: null } },
    });
  });

  it('[HTT1] have a model as it is asked for, and a name with a slash', async () => {
    const { ask } = await served();
    const query = `spec=${encodeURIComponent(JSON.stringify({ units: 5, cell: 'gru' }))}&fields=b,a`;
    await ask('POST', `/sequences/site%2Froom/steps?${query}`, { body: { a: 1, b: 2 } });
    const { json } = await ask('GET', '/sequences/site%2Froom');
    expect(json).toMatchObject({
      spec: { units: 5, cell: 'gru', features: 2 },
      fields: [{ name: 'b' }, { name: 'a' }],
    });
  });

  it('[HTT1] of a resampled sequence are told as waiting until their step is over', async () => {
    const { ask, server } = await served();
    const client = await server.client();
    const resample = { every: '10s', of: 'mean' } as const;
    await client.open('bins', { spec: { units: 4 }, fields: ['x'], resample }).opened;
    const rows = [0, 4, 12].map((s) => ({ time: T0 + 1000 * s, x: s }));
    const taken = await ask('POST', '/sequences/bins/steps', { body: rows });
    expect([taken.status, taken.json]).toMatchObject([
      200,
      { rows: 3, accepted: 2, waiting: 1, durable: false, first: 0, last: 0 },
    ]);
    expect((await ask('GET', '/sequences/bins/inputs')).json).toMatchObject({ rows: [{ seq: 0, x: 2 }] });
  });

  it('[HTT2] that are none are told one by one, and harm no other', async () => {
    const { ask } = await served();
    const [first, second] = rowsOf(2);
    const body = [
      lines([first!]),
      '{"temperature":"warm"}',
      'nonsense',
      '{"temperatur":1}',
      '[1]',
      '',
      lines([second!]),
    ].join('\n');
    const { status, json } = await ask('POST', '/sequences/a/steps', { body, type: NDJSON });
    expect(status).toBe(207);
    expect(json).toMatchObject({ rows: 6, accepted: 2, first: 0, last: 1, refused: 4 });
    const errors = json.errors as { row: number; code: string; message: string }[];
    expect(errors.map(({ row, code }) => [row, code])).toEqual([
      [1, 'step-shape'],
      [2, 'input-invalid'],
      [3, 'field-unknown'],
      [4, 'step-shape'],
    ]);
    expect(errors[0]!.message).toContain('"temperature" is "warm"');
    const none = await ask('POST', '/sequences/a/steps', { body: { temperature: 'x' } });
    expect([none.status, none.json]).toMatchObject([400, { accepted: 0, refused: 1 }]);
    for (const [bad, type] of [
      ['{', JSON_TYPE],
      ['', NDJSON],
      ['1,2\n3,4', 'text/csv'],
      ['x', 'text/xml'],
    ])
      expect([bad, (await ask('POST', '/sequences/b/steps', { body: bad, type: type! })).status]).toEqual([
        bad,
        400,
      ]);
  });

  it('[HTT3] of one key count once, by the request and by the row', async () => {
    const { ask } = await served();
    const body = lines(rowsOf(3));
    const headers = { 'idempotency-key': 'batch-1' };
    const once = await ask('POST', '/sequences/a/steps', { body, type: NDJSON, headers });
    const again = await ask('POST', '/sequences/a/steps', { body, type: NDJSON, headers });
    expect([once.json.accepted, again.json]).toMatchObject([3, { accepted: 3, first: 0, last: 2 }]);
    const keyed = rowsOf(2, 3).map((row, i) => ({ ...row, key: `k${i}` }));
    await ask('POST', '/sequences/a/steps', { body: keyed });
    await ask('POST', '/sequences/a/steps', { body: keyed });
    expect((await ask('GET', '/sequences/a')).json.seq).toBe(4);
    const other = await ask('POST', '/sequences/a/steps', { body: { ...keyed[0], temperature: 0 } });
    expect(other.json).toMatchObject({ accepted: 0, errors: [{ code: 'key-conflict' }] });
  });

  it('[HTT4] come as CSV, with a decimal comma too, and packed', async () => {
    const { ask } = await served();
    const csv = 'time,temperature,door\n2026-01-01T00:00:00Z,20.5,true\n2026-01-01T00:00:01Z,,false\n';
    expect((await ask('POST', '/sequences/a/steps', { body: csv, type: 'text/csv' })).json).toMatchObject({
      accepted: 2,
      refused: 0,
    });
    const comma = 'time;temperature;door\n2026-01-01T00:00:02Z;21,5;0\n2026-01-01T00:00:03Z;x;1\n1;2\n';
    const { json } = await ask('POST', '/sequences/a/steps', { body: comma, type: 'text/csv' });
    expect(json).toMatchObject({
      accepted: 1,
      refused: 2,
      errors: [
        { message: expect.stringContaining('line 3') },
        { message: expect.stringContaining('2 cells') },
      ],
    });
    const body = gzipSync(lines([{ time: T0 + 4000, temperature: 22, door: 1 }]));
    const packed = await ask('POST', '/sequences/a/steps', {
      body,
      type: NDJSON,
      headers: { 'content-encoding': 'gzip' },
    });
    expect(packed.json).toMatchObject({ accepted: 1 });
    const { json: past } = await ask('GET', '/sequences/a/inputs?last=4');
    expect((past.rows as Json[]).map(({ temperature, door }) => [temperature, door])).toEqual([
      [20.5, 1],
      [null, 0],
      [21.5, 0],
      [22, 1],
    ]);
  });

  it('[HTT5] are bounded in size and rate, also unpacked, and told when to come again', async () => {
    const { ask } = await served({ bodyBytes: 4096, stepsPerSecond: 1000 });
    const large = lines(rowsOf(100));
    const bomb = gzipSync(Buffer.alloc(1 << 20, 32));
    const packed = { type: NDJSON, headers: { 'content-encoding': 'gzip' } };
    expect((await ask('POST', '/sequences/a/steps', { body: large, type: NDJSON })).status).toBe(413);
    expect((await ask('POST', '/sequences/a/steps', { body: bomb, ...packed })).status).toBe(413);
    expect((await ask('POST', '/sequences/a/steps', { body: 'no gzip', ...packed })).status).toBe(400);
  });

  it('[HTT5] are told how long to wait where there were too many', async () => {
    const { ask } = await served({ stepsPerSecond: 1000 });
    const body = '{"x":1}\n'.repeat(6000);
    expect((await ask('POST', '/sequences/a/steps', { body, type: NDJSON })).json).toMatchObject({
      accepted: 6000,
    });
    const { status, json, headers } = await ask('POST', '/sequences/a/steps', { body: { x: 1 } });
    expect([status, json.code]).toEqual([429, 'rate-limit']);
    const told = Number(headers.get('retry-after'));
    expect(told).toBeGreaterThan(1);
    expect(json.message).toContain(`try again in ${told} s`);
  });

  it('[HTT13] that are none make no sequence, and are told why', async () => {
    const { ask } = await served();
    for (const [i, [body, type, code]] of [
      ['[]', JSON_TYPE, 'input-invalid'],
      ['', NDJSON, 'input-invalid'],
      ['\n'.repeat(5000), NDJSON, 'input-invalid'],
      ['a,b\n', 'text/csv', 'input-invalid'],
      ['a,a\n1,2\n', 'text/csv', 'input-invalid'],
      ['time,time,a\n1,2,3\n', 'text/csv', 'input-invalid'],
      ['{"a":"x"}', JSON_TYPE, 'step-shape'],
      ['{"a":1e400}', JSON_TYPE, 'step-non-finite'],
      ['{"a":1,"time":1e300}', JSON_TYPE, 'step-time'],
      ['x\n'.repeat(2000), NDJSON, 'input-invalid'],
    ].entries()) {
      const path = `/sequences/none-${i}`;
      const made = await ask('POST', `${path}/steps?fields=a,b`, { body, type: type! });
      expect([body!.slice(0, 20), made.status, made.json.code]).toEqual([body!.slice(0, 20), 400, code]);
      expect((await ask('GET', path)).status).toBe(404);
    }
    await ask('POST', '/sequences/a/steps', { body: { x: 1 } });
    const none = await ask('POST', '/sequences/a/steps', { body: [] });
    expect([none.status, none.json]).toMatchObject([400, { code: 'input-invalid' }]);
  });

  it('[HTT14] hold up nobody, however their body is made', async () => {
    const { ask } = await served({ bodyBytes: 2 ** 22 });
    const wide = (row: number) =>
      JSON.stringify(Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`f${i}`, row + i])));
    await ask('POST', '/sequences/wide/steps', { body: wide(0), type: NDJSON });
    for (const [name, body, type] of [
      ['blank', '\n'.repeat(2 ** 22 - 1), NDJSON],
      ['blank', `a\n${'\n'.repeat(2 ** 22 - 3)}`, 'text/csv'],
      ['none', 'x\n'.repeat(2 ** 20), NDJSON],
      ['wide', Array.from({ length: 600 }, (_, i) => wide(i)).join('\n'), NDJSON],
    ]) {
      let isOver = false;
      const answered = ask('POST', `/sequences/${name}/steps`, { body, type: type! }).finally(() => {
        isOver = true;
      });
      // others are answered between the pieces, many times
      let between = 0;
      while (!isOver) {
        await ask('GET', '/sequences?limit=1');
        between++;
      }
      await answered;
      expect([name, between > 3]).toEqual([name, true]);
    }
  });
});
