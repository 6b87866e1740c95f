import { connect as connectTcp } from 'node:net';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { loadConfig } from '../../src/server/config/config-load.js';
import { createLogger, serverParts } from '../../src/server/create-server.js';
import { type Address, EddyServer } from '../../src/server/eddy-server.js';
import { LOOK_MS, LoadShedder } from '../../src/server/load/load-shedder.js';
import { newToken, tokenFile } from '../support/access.js';
import { createClock } from '../support/clock.js';
import { parseMetrics, sample } from '../support/prometheus.js';
import { RawClient, startServer } from '../support/server.js';

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

const SPEC = { features: 1, units: 2 };

const quietParts = () => serverParts({ logger: pino({ level: 'silent' }), shutdown: { spreadMs: 0 } });

/** Lets a server listen, which stops when the test ends. */
async function listen(server: EddyServer, admin?: Address) {
  const at = await server.listen({ port: 0, admin });
  endings.push(() => server.stop());
  return { url: `ws://127.0.0.1:${at.port}`, adminUrl: `http://127.0.0.1:${at.admin?.port}` };
}

/** Tries to open a socket, and gives the answer to the upgrade. */
const upgrade = (url: string) =>
  new Promise<{ status: number; retryAfter: string | undefined }>((resolve) => {
    const socket = new WebSocket(`${url}/stream`, ['eddy.v1.json']);
    endings.push(() => socket.terminate());
    socket.on('unexpected-response', (_request, { statusCode = 0, headers }) =>
      resolve({ status: statusCode, retryAfter: headers['retry-after'] }),
    );
    socket.on('open', () => resolve({ status: 101, retryAfter: undefined }));
    socket.on('error', () => undefined);
  });

/** Sends text over TCP, and gives all that comes until the server closes. */
const talk = (port: number, text: string) =>
  new Promise<string>((resolve) => {
    const socket = connectTcp(port, '127.0.0.1', () => socket.write(text));
    endings.push(() => socket.destroy());
    let heard = '';
    socket.on('data', (data) => {
      heard += data;
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(heard));
  });

describe('the bounds of HTTP', () => {
  it('[OPS8] take as many new sockets as the rate says, and tell the others when to come', async () => {
    const { url } = await startServer({ newSocketsPerSecond: 2 });
    const answers = await Promise.all(Array.from({ length: 4 }, () => upgrade(url)));
    const refused = answers.filter(({ status }) => status === 503);
    expect(answers.filter(({ status }) => status === 101).length).toBeGreaterThanOrEqual(2);
    expect(refused.length).toBeGreaterThanOrEqual(1);
    for (const { retryAfter } of refused) expect(retryAfter).toBe('1');
  });

  it('[OPS9] close a connection that does not bring its headers in time', async () => {
    const { port } = await startServer({ headersMs: 100 });
    const started = 'GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ';
    expect(await talk(port, '')).toMatch(/^$|^HTTP\/1\.1 408 /);
    expect(await talk(port, started)).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('[OPS9] refuse headers over their limit', async () => {
    const { port } = await startServer({ headerBytes: 2048 });
    const request = (bytes: number) =>
      talk(
        port,
        `GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nX-Long: ${'x'.repeat(bytes)}\r\n\r\n`,
      );
    expect(await request(1500)).toMatch(/^HTTP\/1\.1 200 /);
    expect(await request(3000)).toMatch(/^HTTP\/1\.1 431 /);
  });

  it('[OPS9] drop connections beyond their number', async () => {
    const { port } = await startServer({ sockets: 1, httpConnections: 1 });
    const busy = connectTcp(port, '127.0.0.1');
    endings.push(() => busy.destroy());
    busy.on('error', () => undefined);
    const head = 'PUT /sequences/a HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/octet-stream\r\n';
    busy.write(`${head}Content-Length: 9\r\nExpect: 100-continue\r\n\r\n1`);
    await new Promise((resolve) => busy.once('data', resolve));
    const ask = () => talk(port, 'GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n');
    expect(await ask()).toBe('');
    const closed = new Promise((resolve) => busy.once('close', resolve));
    busy.end();
    await closed;
    expect(await ask()).toMatch(/200/);
  });
});

describe('the metrics', () => {
  it('[OPS21] need a token with their role where they are protected, at either port', async () => {
    const tokens = {
      metrics: newToken(['metrics']),
      admin: newToken(['admin']),
      producer: newToken(['produce']),
    };
    const security = { tokens: tokenFile(...Object.values(tokens)) };
    const { httpUrl, url } = await startServer({}, 0, { security, protectMetrics: true });
    const status = async (token?: string, page = httpUrl) => {
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const answer = await fetch(`${page}/metrics`, { headers });
      if (answer.status === 401) expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
      return answer.status;
    };
    expect(await status(tokens.metrics.token)).toBe(200);
    for (const token of [tokens.admin.token, tokens.producer.token]) expect(await status(token)).toBe(403);
    for (const token of [undefined, 'eddy_wrong']) expect(await status(token)).toBe(401);
    expect((await fetch(`${httpUrl}/livez`)).status).toBe(200);
    const client = await RawClient.connect(url, 'json', true, {
      headers: { authorization: `Bearer ${tokens.metrics.token}` },
    });
    for (const message of [{ type: 'list' }, { type: 'open', sequence: 'a', mode: 'either' }])
      expect(await client.request(message)).toMatchObject({ code: 'permission-denied' });
    const scrape = await fetch(`${httpUrl}/metrics`, {
      headers: { authorization: `Bearer ${tokens.metrics.token}` },
    });
    expect(await scrape.text()).toContain('\neddy_sockets 1\n');
  });

  it('[OPS21] cost who guesses its attempts', async () => {
    const security = { tokens: tokenFile(newToken(['metrics'])) };
    const { httpUrl } = await startServer({ refusedTokens: 2 }, 0, { security, protectMetrics: true });
    const answers = [];
    for (let i = 0; i < 4; i++)
      answers.push((await fetch(`${httpUrl}/metrics`, { headers: { authorization: 'Bearer x' } })).status);
    expect(answers).toEqual([401, 401, 429, 429]);
  });

  it('[OPS21] are open without the setting, which needs somebody with a token', async () => {
    const { httpUrl } = await startServer({}, 0, { security: { tokens: tokenFile(newToken(['produce'])) } });
    expect((await fetch(`${httpUrl}/metrics`)).status).toBe(200);
    expect(() => loadConfig({ flags: { protectMetrics: true } })).toThrow(
      /protectMetrics.*nobody has a token/,
    );
  });
});

describe('what an operator sees', () => {
  it('[OPS13] is what happened', async () => {
    const { url, httpUrl } = await startServer();
    const client = await RawClient.connect(url);
    const channel = await client.open('pump', SPEC);
    await client.request({ type: 'subscribe', sequence: 'pump', view: 'states' });
    for (let seq = 0; seq < 20; seq++) client.send({ type: 'steps', channel, seq, x: [seq] });
    client.send({ type: 'steps', channel, seq: 15, x: [15, 16, 17, 18, 19] });
    client.send({ type: 'steps', channel, seq: 20, x: [] });
    client.send({ type: 'steps', channel, seq: 99, x: [0] });
    await client.settle();
    const gone = await RawClient.connect(url, 'json');
    gone.socket.close(1000);
    await gone.closed;
    await upgrade(`${url}/nowhere`);
    const response = await fetch(`${httpUrl}/metrics`);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const metrics = parseMetrics(await response.text());
    const read = (key: string) => sample(metrics, key);
    expect(read('eddy_messages_received_total{type="steps"}')).toBe(23);
    expect(read('eddy_messages_received_total{type="hello"}')).toBe(2);
    expect(read('eddy_messages_refused_total{code="step-gap"}')).toBe(1);
    expect([read('eddy_steps_total'), read('eddy_steps_repeated_total')]).toEqual([20, 5]);
    // the 16 steps of the first window have met their targets
    expect(read('eddy_updates_total{applied="true"}')).toBe(1);
    expect(read('eddy_acks_total')).toBe(client.all('ack').length);
    expect(read('eddy_step_duration_seconds_count')).toBe(2);
    expect(read('eddy_ack_latency_seconds_count')).toBe(2);
    expect([read('eddy_sockets'), read('eddy_views'), read('eddy_sequences{state="awake"}')]).toEqual([
      1, 1, 1,
    ]);
    expect(read('eddy_sockets_opened_total')).toBe(2);
    expect(read('eddy_sockets_closed_total{code="1000"}')).toBe(1);
    expect(read('eddy_upgrades_refused_total{status="404"}')).toBe(1);
    expect(read('eddy_received_bytes_total')).toBeGreaterThan(23 * 20);
    expect(read('eddy_sent_bytes_total')).toBeGreaterThan(20 * 20);
    expect(read('eddy_overloaded')).toBe(0);
  });

  it('[OPS14] is a line for each check', async () => {
    const { httpUrl } = await startServer();
    const response = await fetch(`${httpUrl}/readyz?verbose`);
    expect([response.status, await response.text()]).toEqual([200, 'ok running\nok load\nok store\nready\n']);
  });

  it('[OPS14] is not ready where a check says so', async () => {
    const parts = quietParts();
    const checks = { ...parts.checks, store: () => 'the disk is full' };
    const { url } = await listen(new EddyServer({ ...parts, checks }));
    const httpUrl = url.replace('ws', 'http');
    const response = await fetch(`${httpUrl}/readyz?verbose`);
    expect([response.status, await response.text()]).toEqual([
      503,
      'ok running\nok load\nno store: the disk is full\nnot ready\n',
    ]);
    expect(await (await fetch(`${httpUrl}/readyz`)).json()).toEqual({ status: 'the disk is full' });
    expect((await fetch(`${httpUrl}/livez`)).status).toBe(200);
  });

  it('[OPS10] is that new sockets are refused under load, and what is there goes on', async () => {
    const clock = createClock();
    let lag = 0;
    const guard = new LoadShedder({
      scheduler: clock.scheduler,
      probes: [{ name: 'event loop lag', unit: 'ms', limit: 500, read: () => lag }],
      onChange: () => undefined,
    });
    const parts = quietParts();
    parts.guard.end();
    const { url } = await listen(new EddyServer({ ...parts, guard }));
    const httpUrl = url.replace('ws', 'http');
    const client = await RawClient.connect(url);
    const channel = await client.open('pump', SPEC);
    lag = 812;
    clock.run(2 * LOOK_MS);
    expect(await upgrade(url)).toEqual({ status: 503, retryAfter: '5' });
    client.send({ type: 'steps', channel, seq: 0, x: [1] });
    expect(await client.next('ack')).toMatchObject({ seq: 0 });
    expect(await client.request({ type: 'subscribe', sequence: 'pump', view: 'states' })).toMatchObject({
      code: 'overloaded',
      temporary: true,
    });
    expect(await (await fetch(`${httpUrl}/readyz`)).json()).toEqual({
      status: 'event loop lag is 812 ms, over 500',
    });
    const metrics = parseMetrics(await (await fetch(`${httpUrl}/metrics`)).text());
    expect(sample(metrics, 'eddy_event_loop_lag_seconds')).toBe(0.812);
    expect(sample(metrics, 'eddy_overloaded')).toBe(1);
    lag = 0;
    clock.run(2 * LOOK_MS);
    expect((await upgrade(url)).status).toBe(101);
  });

  it('[OPS14] [OPS15] is that a server which stops is alive and not ready, until the end', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const parts = quietParts();
    const server = new EddyServer({ ...parts, onStop: [() => held, ...parts.onStop] });
    const { adminUrl } = await listen(server, { host: '127.0.0.1', port: 0 });
    expect((await fetch(`${adminUrl}/readyz`)).status).toBe(200);
    const stopped = server.stop();
    const response = await fetch(`${adminUrl}/readyz?verbose`);
    expect([response.status, await response.text()]).toEqual([
      503,
      'no running: shutting down\nok load\nok store\nnot ready\n',
    ]);
    expect((await fetch(`${adminUrl}/livez`)).status).toBe(200);
    release();
    await stopped;
    await expect(fetch(`${adminUrl}/livez`)).rejects.toThrow();
  });
});

describe('the end of a server', () => {
  it('[OPS18] does all that is to be done, in order, with the sequences still there', async () => {
    const parts = quietParts();
    const done: string[] = [];
    const hook = (name: string) => async () => {
      await new Promise((resolve) => setImmediate(resolve));
      done.push(`${name} with ${parts.registry.size}`);
    };
    const server = new EddyServer({ ...parts, onStop: [hook('flush'), hook('close'), ...parts.onStop] });
    const { url } = await listen(server);
    const client = await RawClient.connect(url);
    await client.open('pump', SPEC);
    await server.stop();
    expect(await client.closed).toMatchObject({ code: 3000 });
    expect(done).toEqual(['flush with 1', 'close with 1']);
    expect(parts.registry.size).toBe(0);
  });

  it('[OPS19] fails where a part of it failed, after all the others', async () => {
    const parts = quietParts();
    const done: string[] = [];
    const onStop = [
      () => Promise.reject(new Error('disk full')),
      () => {
        done.push('lock given back');
      },
      ...parts.onStop,
    ];
    const server = new EddyServer({ ...parts, onStop });
    await server.listen({ port: 0 });
    await expect(server.stop()).rejects.toThrow('disk full');
    expect(done).toEqual(['lock given back']);
  });

  it('[CLI4] comes by itself where it cannot listen', async () => {
    const { port } = await startServer();
    const parts = quietParts();
    let isStopped = false;
    const onStop = [
      ...parts.onStop,
      () => {
        isStopped = true;
      },
    ];
    await expect(new EddyServer({ ...parts, onStop }).listen({ port })).rejects.toThrow('EADDRINUSE');
    expect(isStopped).toBe(true);
  });
});

describe('the log of a server', () => {
  /** Gives a logger, and the lines it has written. */
  function logging(level = 'info') {
    const lines: Record<string, unknown>[] = [];
    const logger = createLogger(level, { write: (line) => lines.push(JSON.parse(line)) });
    return { logger, lines };
  }

  it('[OPS16] has a line for each socket that was closed, and one for those that were refused', async () => {
    const { logger, lines } = logging();
    const { url } = await listen(new EddyServer(serverParts({ logger, limits: { sockets: 2 } })));
    const clients = [await RawClient.connect(url), await RawClient.connect(url, 'json')];
    for (let i = 0; i < 3; i++) expect((await upgrade(url)).status).toBe(503);
    for (const client of clients) {
      client.socket.close(1000);
      await client.closed;
    }
    await RawClient.connect(url);
    const told = lines.filter(({ msg }) => String(msg).startsWith('socket'));
    expect(told).toMatchObject([
      { level: 40, msg: 'socket refused', status: 503, reason: 'too many sockets', address: '127.0.0.1' },
      { level: 30, msg: 'socket closed', connection: 1, code: 1000, address: '127.0.0.1' },
      { level: 30, msg: 'socket closed', connection: 2, code: 1000 },
    ]);
    expect(told[1]?.seconds).toEqual(expect.any(Number));
  });

  it('[OPS16] strikes out what is named like a secret', () => {
    const { logger, lines } = logging();
    logger.info({ token: 'abc', headers: { authorization: 'Bearer abc' }, a: { b: { key: 'abc' } } }, 'x');
    expect(JSON.stringify(lines)).not.toContain('abc');
    expect(lines).toMatchObject([{ token: '[Redacted]', msg: 'x' }]);
  });
});
