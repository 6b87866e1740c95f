/** Lines of InfluxDB's protocol to a real server, as agents send them. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { newToken, tokenFile } from '../support/access.js';
import { startServer } from '../support/server.js';

const NS = 1_767_225_600_000_000_000n;
const lineOf = (n: number, host = 'a') =>
  `cpu,host=${host} user=${n}.5,idle=${100 - n}i,mode="x y" ${NS + BigInt(n) * 1_000_000_000n}`;
const linesOf = (count: number, host?: string) =>
  Array.from({ length: count }, (_, n) => lineOf(n, host)).join('\n');

async function served(...args: Parameters<typeof startServer>) {
  const { httpUrl } = await startServer(...args);
  const write = async (
    body: string | Uint8Array,
    { path = '/api/v2/write?org=o&bucket=b', headers = {} } = {},
  ) => {
    const answer = await fetch(`${httpUrl}${path}`, { method: 'POST', body: body as string, headers });
    const text = await answer.text();
    return { status: answer.status, json: text === '' ? null : JSON.parse(text), headers: answer.headers };
  };
  const rows = async (name: string, token?: string) => {
    const headers = token ? { authorization: `Bearer ${token}` } : {};
    const answer = await fetch(`${httpUrl}/sequences/${encodeURIComponent(name)}/inputs?last=1000`, {
      headers,
    });
    return ((await answer.json()) as { rows?: Record<string, unknown>[] }).rows ?? null;
  };
  return { httpUrl, write, rows };
}

describe('lines over HTTP', () => {
  it('[INF6] become steps of the sequences that their template names, and are answered with 204', async () => {
    const { write, rows } = await served({}, 0, { influx: { name: '{host}/{measurement}' } });
    const answer = await write(`${linesOf(3)}\n${linesOf(2, 'b')}`);
    expect([answer.status, answer.json]).toEqual([204, null]);
    expect(await rows('a/cpu')).toEqual(
      [0, 1, 2].map((n) => ({
        seq: n,
        time: new Date(1_767_225_600_000 + 1000 * n).toISOString(),
        user: n + 0.5,
        idle: 100 - n,
      })),
    );
    expect(await rows('b/cpu')).toHaveLength(2);
    const old = await write('mem used=1 1767225600', { path: '/write?db=x&precision=s' });
    expect([old.status, (await rows('mem'))?.[0]]).toEqual([
      204,
      { seq: 0, time: '2026-01-01T00:00:00.000Z', used: 1 },
    ]);
  });

  it('[INF2] are whole steps where agents group them by measurement, in any order of times', async () => {
    const { write, rows } = await served({}, 0, { influx: { name: '{host}' } });
    const at = (n: number) => NS + BigInt(n) * 1_000_000_000n;
    const lines = [
      ...[0, 2, 1].map((n) => `cpu,host=a user=${n} ${at(n)}`),
      ...[1, 0, 2].map((n) => `mem,host=a used=${10 * n} ${at(n)}`),
    ];
    expect((await write(lines.join('\n'))).status).toBe(204);
    expect((await rows('a'))?.map(({ user, used }) => [user, used])).toEqual([
      [0, 0],
      [1, 10],
      [2, 20],
    ]);
  });

  it('[INF6] count once when an agent sends them again, and come packed', async () => {
    const { write, rows } = await served();
    const headers = { 'content-encoding': 'gzip' };
    for (let i = 0; i < 2; i++) expect((await write(gzipSync(linesOf(20)), { headers })).status).toBe(204);
    expect(await rows('cpu.a')).toHaveLength(20);
  });

  it('[INF7] that are refused are told with their line, and the others are taken', async () => {
    const { write, rows } = await served();
    await write(lineOf(0));
    const { status, json } = await write(
      `${lineOf(1)}\ncpu,host=a user=oops\n${lineOf(2)}\n\ncpu,host=a other=1 ${NS + 9_000_000_000n}`,
    );
    expect(status).toBe(400);
    expect(json).toMatchObject({ code: 'invalid', line: 2, errors: [{ line: 2, column: 17 }, { line: 5 }] });
    expect(json.message).toMatch(
      /^line 2, column 17: "oops" is no value.*\(2 of 4 lines were refused, the others were taken\)$/,
    );
    expect(await rows('cpu.a')).toHaveLength(3);
    expect((await write('a v=1', { path: '/write?precision=y' })).status).toBe(400);
  });

  it('[INF8] need a token that may write to their sequence: Token, Bearer or the password of Basic', async () => {
    const token = newToken(['produce', 'subscribe'], ['cpu.*']);
    const { write, rows } = await served({}, 0, { security: { tokens: tokenFile(token) } });
    const as = (authorization: string) => ({ headers: { authorization } });
    expect((await write(linesOf(1))).status).toBe(401);
    expect((await write(linesOf(1), as('Token nobody'))).json).toMatchObject({ code: 'unauthorized' });
    const basic = `Basic ${Buffer.from(`telegraf:${token.token}`).toString('base64')}`;
    for (const [n, way] of [`Token ${token.token}`, `Bearer ${token.token}`, basic].entries())
      expect([way, (await write(lineOf(n), as(way))).status]).toEqual([way, 204]);
    const other = await write('mem used=1', as(`Token ${token.token}`));
    expect([other.status, other.json.message]).toEqual([
      400,
      expect.stringContaining('needs the role produce'),
    ]);
    expect(await rows('cpu.a', token.token)).toHaveLength(3);
  });

  it('[INF8] need a token also where version 1 has it: in the address, unless the headers have one', async () => {
    const token = newToken(['produce', 'subscribe'], ['cpu.*']);
    const { write, rows } = await served({}, 0, { security: { tokens: tokenFile(token) } });
    const path = (p: string) => `/write?db=x&u=telegraf&p=${encodeURIComponent(p)}`;
    expect((await write(linesOf(2), { path: path(token.token) })).status).toBe(204);
    expect((await write(linesOf(2), { path: path('nobody') })).status).toBe(401);
    const headers = { authorization: 'Token nobody' };
    expect((await write(linesOf(2), { path: path(token.token), headers })).status).toBe(401);
    expect(await rows('cpu.a', token.token)).toHaveLength(2);
  });

  it('[INF13] hold up nobody, whatever their body is', async () => {
    const { write, httpUrl } = await served();
    const size = 2 ** 22;
    for (const [name, line] of [
      ['bad', 'a\n'],
      ['bad values', 'a x=y\n'],
      ['comments', '#\n'],
      ['of one step', 'a x=1 1\n'],
    ] as const) {
      let isOver = false;
      const answered = write(line.repeat(size / line.length)).finally(() => {
        isOver = true;
      });
      let between = 0;
      for (; !isOver; between++) await (await fetch(`${httpUrl}/livez`)).text();
      expect([name, (await answered).status]).toEqual([name, /bad/.test(name) ? 400 : 204]);
      expect([name, between > 3]).toEqual([name, true]);
    }
  });

  it('[INF13] are counted with the bodies of all requests, in what is kept of them too', async () => {
    const { write } = await served({ bodiesBytes: 2 ** 20 });
    const body = 'a v=1\n'.repeat(10_000);
    expect(body.length).toBeLessThan(2 ** 20);
    const { status, json, headers } = await write(body);
    expect([status, json.code, headers.get('retry-after')]).toEqual([503, 'unavailable', '1']);
    expect((await write(linesOf(100))).status).toBe(204);
  });

  it('[INF9] of several times become one step where the configuration resamples', async () => {
    const influx = { name: '{measurement}', resample: { every: '10s', of: 'mean' } };
    const { write, rows } = await served({}, 0, { influx });
    const at = (s: number, fields: string) => `room ${fields} ${NS + BigInt(s) * 1_000_000_000n}`;
    const body = [at(0, 't=20'), at(4, 't=22,h=40'), at(12, 't=30'), at(21, 't=31')].join('\n');
    expect((await write(body)).status).toBe(204);
    expect((await rows('room'))?.map(({ t, h }) => [t, h])).toEqual(
      [
        [21, null],
        [30, null],
      ].map((row, i) => (i === 0 ? [21, 40] : row)),
    );
  });

  it('[INF10] are asked for by what agents look for first', async () => {
    const { httpUrl } = await served();
    const ping = await fetch(`${httpUrl}/ping`);
    expect([ping.status, ping.headers.get('x-influxdb-version')]).toEqual([
      204,
      expect.stringContaining('eddy'),
    ]);
    expect(await (await fetch(`${httpUrl}/health`)).json()).toMatchObject({ status: 'pass' });
  });
});
