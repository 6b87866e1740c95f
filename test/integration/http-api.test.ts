/** Results and sequences over HTTP of a real server, and its description. */
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { newToken, tokenFile } from '../support/access.js';
import { JSON_TYPE, type Json, lines, NDJSON, rowsOf, served, T0 } from '../support/http-api.js';

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
