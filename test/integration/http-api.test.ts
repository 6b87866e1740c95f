/** The HTTP interface of a real server, as somebody with curl uses it. */
import { gzipSync } from 'node:zlib';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { newToken, tokenFile } from '../support/access.js';
import { startServer } from '../support/server.js';

type Json = Record<string, unknown>;

const JSON_TYPE = 'application/json';
const NDJSON = 'application/x-ndjson';
const T0 = Date.UTC(2026, 0, 1);

async function served(...args: Parameters<typeof startServer>) {
  const { httpUrl, ...rest } = await startServer(...args);
  const ask = async (
    method: string,
    path: string,
    {
      body,
      type = JSON_TYPE,
      headers = {},
    }: { body?: unknown; type?: string; headers?: Record<string, string> } = {},
  ) => {
    const isPlain = typeof body === 'string' || body instanceof Uint8Array;
    const answer = await fetch(`${httpUrl}${path}`, {
      method,
      headers: { ...(body !== undefined && { 'content-type': type }), ...headers },
      ...(body !== undefined && { body: (isPlain ? body : JSON.stringify(body)) as string }),
    });
    const text = await answer.text();
    const isJson = answer.headers.get('content-type')?.startsWith(JSON_TYPE);
    return {
      status: answer.status,
      headers: answer.headers,
      text,
      json: (isJson ? JSON.parse(text) : {}) as Json,
    };
  };
  return { httpUrl, ask, ...rest };
}

const rowsOf = (count: number, first = 0) =>
  Array.from({ length: count }, (_, i) => ({
    time: T0 + 1000 * (first + i),
    temperature: 20 + Math.sin((first + i) / 3),
    humidity: 40 + ((first + i) % 5),
  }));
const lines = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).join('\n');

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

describe('results over HTTP', () => {
  it('[HTT6] are tables with names and times, as JSON, NDJSON and CSV', async () => {
    const { ask } = await served();
    await ask('POST', '/sequences/a/steps', { body: lines(rowsOf(200)), type: NDJSON });
    const { json } = await ask('GET', '/sequences/a/inputs?last=2');
    expect(json).toMatchObject({
      sequence: 'a',
      view: 'inputs',
      fields: [{ name: 'temperature' }, { name: 'humidity' }],
    });
    expect(json.rows).toEqual(
      [198, 199].map((n) => {
        const { time, ...values } = rowsOf(1, n)[0]!;
        return { seq: n, time: new Date(time).toISOString(), ...values };
      }),
    );
    const [from, to] = [10, 12].map((n) => new Date(T0 + 1000 * n).toISOString());
    const span = await ask('GET', `/sequences/a/inputs?from=${from}&to=${to}&format=ndjson`);
    expect(
      span.text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).seq),
    ).toEqual([10, 11, 12]);
    const { json: early } = await ask('GET', `/sequences/a/inputs?to=${to}`);
    expect((early.rows as Json[]).map(({ seq }) => seq)).toEqual(Array.from({ length: 13 }, (_, i) => i));
    const csv = await ask('GET', '/sequences/a/predictions?last=3', { headers: { accept: 'text/csv' } });
    const [head, ...rows] = csv.text.trim().split('\r\n');
    expect(head).toBe(
      'seq,time,for,temperature,temperature_low,temperature_high,humidity,humidity_low,humidity_high',
    );
    expect(rows.map((row) => row.split(',').slice(0, 3))).toEqual(
      [197, 198, 199].map((n) => [
        String(n),
        new Date(T0 + 1000 * n).toISOString(),
        new Date(T0 + 1000 * (n + 1)).toISOString(),
      ]),
    );
    for (const view of ['states', 'metrics', 'events'])
      expect((await ask('GET', `/sequences/a/${view}?last=5`)).json).toMatchObject({ view });
    for (const bad of [
      'last=0',
      'from=yesterday',
      'format=xml',
      'last=2&from=1',
      'last=2&to=1',
      'from=1e300',
    ])
      expect((await ask('GET', `/sequences/a/inputs?${bad}`)).status).toBe(400);
    expect((await ask('GET', '/sequences/none/inputs')).json).toMatchObject({ code: 'sequence-unknown' });
  });

  it('[HTT15] tell the newest forecast with its range, of a sequence whose rows came with times', async () => {
    const { ask } = await served();
    await ask('POST', '/sequences/a/steps', { body: lines(rowsOf(300)), type: NDJSON });
    const { json } = await ask('GET', '/sequences/a/predictions?last=2');
    const [before, newest] = json.rows as Record<string, number>[];
    expect(newest!.temperature_low).toBeLessThan(newest!.temperature!);
    expect(newest!.temperature_high).toBeGreaterThan(newest!.temperature!);
    expect(newest!.for).toBe(new Date(T0 + 300_000).toISOString());
    expect([before!.temperature_low, before!.temperature_high]).toEqual([null, null]);
    const [first] = (await ask('GET', '/sequences/a/predictions?last=1')).json.rows as Json[];
    expect(first).toEqual(newest);
  });

  it('[HTT7] go on as events, and behind Last-Event-ID without a hole', async () => {
    const { ask, httpUrl } = await served();
    await ask('POST', '/sequences/a/steps', { body: lines(rowsOf(5)), type: NDJSON });
    const listen = async (path: string, until: number, headers: Record<string, string> = {}) => {
      const cut = new AbortController();
      const answer = await fetch(`${httpUrl}${path}`, {
        headers: { accept: 'text/event-stream', ...headers },
        signal: cut.signal,
      });
      expect(answer.headers.get('content-type')).toBe('text/event-stream');
      let text = '';
      const seen: { id: string; seq: number }[] = [];
      for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
        text += chunk;
        const events = text.split('\n\n');
        text = events.pop()!;
        for (const event of events) {
          const [, id = ''] = /^id: (.*)$/m.exec(event) ?? [];
          const [, data] = /^data: (.*)$/m.exec(event) ?? [];
          if (data) seen.push({ id, seq: JSON.parse(data).seq });
        }
        if (seen.at(-1)?.seq === until) break;
      }
      cut.abort();
      return seen;
    };
    const heard = listen('/sequences/a/inputs?last=3', 7);
    await ask('POST', '/sequences/a/steps', { body: lines(rowsOf(3, 5)), type: NDJSON });
    const first = await heard;
    expect(first.map(({ seq }) => seq)).toEqual([2, 3, 4, 5, 6, 7]);
    await ask('POST', '/sequences/a/steps', { body: lines(rowsOf(4, 8)), type: NDJSON });
    const rest = await listen('/sequences/a/inputs', 11, { 'last-event-id': first.at(-1)!.id });
    expect(rest.map(({ seq }) => seq)).toEqual([8, 9, 10, 11]);
  });
});

describe('sequences over HTTP', () => {
  it('[HTT8] are listed, set, saved, reset and deleted', async () => {
    const { ask } = await served();
    for (const name of ['a', 'b', 'c']) await ask('POST', `/sequences/${name}/steps`, { body: { x: 1 } });
    const page = await ask('GET', '/sequences?limit=2');
    expect(page.json).toMatchObject({
      total: 3,
      more: true,
      sequences: [{ sequence: 'a' }, { sequence: 'b' }],
    });
    expect((await ask('GET', '/sequences?limit=2&after=b')).json).toMatchObject({
      more: false,
      sequences: [{ sequence: 'c' }],
    });
    expect(
      (await ask('PATCH', '/sequences/a', { body: { learning: false, learningRate: 0.5 } })).json,
    ).toMatchObject({ learning: false, learningRate: 0.5 });
    expect((await ask('PATCH', '/sequences/a', { body: {} })).json).toMatchObject({
      code: 'message-invalid',
    });
    expect((await ask('PATCH', '/sequences/a', { body: { rate: 1 } })).json).toMatchObject({
      code: 'message-invalid',
    });
    expect((await ask('POST', '/sequences/a/checkpoint')).json).toMatchObject({ seq: 0, durable: 0 });
    expect((await ask('POST', '/sequences/a/reset', { body: { what: 'weights' } })).status).toBe(200);
    expect((await ask('DELETE', '/sequences/a')).json).toEqual({ sequence: 'a' });
    expect((await ask('GET', '/sequences/a')).status).toBe(404);
    const wrong = await ask('POST', '/sequences/a');
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET, HEAD, PATCH, DELETE, PUT']);
  });

  it('[HTT10] need a token with their role where tokens are needed', async () => {
    const tokens = {
      produce: newToken(['produce'], ['a*']),
      subscribe: newToken(['subscribe'], ['a*']),
      admin: newToken(['admin']),
    };
    const { ask } = await served({}, 0, { security: { tokens: tokenFile(...Object.values(tokens)) } });
    const as = (who: keyof typeof tokens) => ({ headers: { authorization: `Bearer ${tokens[who].token}` } });
    const body = { x: 1 };
    expect((await ask('POST', '/sequences/a/steps', { body })).status).toBe(401);
    expect((await ask('POST', '/sequences/a/steps', { body, ...as('subscribe') })).status).toBe(403);
    expect((await ask('POST', '/sequences/b/steps', { body, ...as('produce') })).status).toBe(403);
    expect((await ask('POST', '/sequences/a/steps', { body, ...as('produce') })).status).toBe(200);
    expect((await ask('POST', '/sequences/b/steps', { body, ...as('admin') })).status).toBe(200);
    expect((await ask('GET', '/sequences/a/inputs', as('produce'))).status).toBe(403);
    expect((await ask('GET', '/sequences', as('subscribe'))).json).toMatchObject({ total: 1 });
    expect(
      (await ask('PATCH', '/sequences/a', { body: { learning: false }, ...as('subscribe') })).status,
    ).toBe(403);
    expect((await ask('DELETE', '/sequences/a', as('produce'))).status).toBe(403);
  });

  it('[HTT11] are read and fed by web pages that are allowed, and by no others', async () => {
    const { ask } = await served({}, 0, { origins: ['https://dash.example'] });
    const from = (origin: string) => ({ headers: { origin, 'access-control-request-method': 'POST' } });
    const asked = await ask('OPTIONS', '/sequences/a/steps', from('https://dash.example'));
    expect([asked.status, asked.headers.get('access-control-allow-origin')]).toEqual([
      204,
      'https://dash.example',
    ]);
    expect(asked.headers.get('access-control-allow-methods')).toContain('POST');
    const fed = await ask('POST', '/sequences/a/steps', { body: { x: 1 }, ...from('https://dash.example') });
    expect([fed.status, fed.headers.get('access-control-allow-origin')]).toEqual([
      200,
      'https://dash.example',
    ]);
    const stranger = from('https://evil.example');
    expect(
      (await ask('OPTIONS', '/sequences/a/steps', stranger)).headers.has('access-control-allow-origin'),
    ).toBe(false);
    expect((await ask('GET', '/sequences/a', stranger)).headers.has('access-control-allow-origin')).toBe(
      false,
    );
    expect((await ask('POST', '/sequences/a/steps', { body: { x: 1 }, ...stranger })).status).toBe(403);
  });

  it('[HTT9] are described in OpenAPI, by which the examples are served', async () => {
    const { ask } = await served();
    const { json } = await ask('GET', '/openapi.json');
    const { valid, errors } = await new Validator().validate(json);
    expect([valid, errors]).toEqual([true, undefined]);
    const paths = json.paths as Record<
      string,
      Record<string, { requestBody?: { content: Record<string, { schema: Json }> } }>
    >;
    const examples: [method: string, path: string, body: unknown][] = [];
    const find = (schema: Json): unknown[] =>
      (schema.examples as unknown[]) ?? ((schema.anyOf as Json[]) ?? []).flatMap(find);
    for (const [path, methods] of Object.entries(paths))
      for (const [method, { requestBody }] of Object.entries(methods))
        for (const body of find(requestBody?.content[JSON_TYPE]?.schema ?? {}))
          examples.push([method, path, body]);
    expect(examples.length).toBeGreaterThanOrEqual(3);
    examples.sort(([, a]) => (a.endsWith('/steps') ? -1 : 1));
    for (const [method, path, body] of examples)
      expect([
        path,
        (await ask(method.toUpperCase(), path.replace('{name}', 'example'), { body })).status,
      ]).toEqual([path, 200]);
  });

  it('[HTT9] have the answers that OpenAPI says', async () => {
    const { ask } = await served();
    const { json } = await ask('GET', '/openapi.json');
    const paths = json.paths as Record<string, Record<string, { responses: Record<string, Json> }>>;
    const ajv = new Ajv2020({ strict: false, allErrors: true });
    const check = async (method: string, path: string, to: string, body?: unknown) => {
      const answer = await ask(method, to, { body });
      const { responses } = paths[path]![method.toLowerCase()]!;
      const described = (responses[answer.status] ?? responses.default) as {
        content: Record<string, { schema: object }>;
      };
      const validate = ajv.compile(described.content[JSON_TYPE]!.schema);
      validate(answer.json);
      expect([method, to, answer.status, validate.errors]).toEqual([method, to, answer.status, null]);
      return answer;
    };
    const one = '/sequences/{name}';
    await check('POST', `${one}/steps`, '/sequences/a/steps', rowsOf(30));
    await check('POST', `${one}/steps`, '/sequences/a/steps', [{ temperature: 1 }, { temperature: 'x' }]);
    await check('POST', `${one}/steps`, '/sequences/a/steps', []);
    await check('GET', '/sequences', '/sequences?limit=5');
    await check('GET', one, '/sequences/a');
    await check('GET', one, '/sequences/none');
    await check('PATCH', one, '/sequences/a', { learning: false });
    for (const view of ['inputs', 'predictions', 'states', 'metrics', 'events'])
      await check('GET', `${one}/${view}`, `/sequences/a/${view}?last=3`);
    await check('POST', `${one}/checkpoint`, '/sequences/a/checkpoint');
    await check('POST', `${one}/reset`, '/sequences/a/reset', { what: 'state' });
    await check('DELETE', one, '/sequences/a');
  });
});
