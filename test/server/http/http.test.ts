import { request as ask, createServer } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Handler, HttpServer, send, sendJson } from '../../../src/server/http/http.js';

const faults: unknown[] = [];
let http: HttpServer;
let origin = '';
beforeEach(async () => {
  faults.length = 0;
  http = new HttpServer({
    createListener: (onRequest) => createServer(onRequest),
    connections: 10,
    refusal: ({ headers }) =>
      headers['x-bad'] ? { status: 421, reason: 'no', headers: { 'X-Why': 'bad' } } : null,
    allowsPage: () => false,
    onFault: (error) => faults.push(error),
  });
  const { host, port } = await http.listen('127.0.0.1', 0);
  origin = `http://${host}:${port}`;
});
afterEach(() => http.close());

const echo: Handler = ({ response, name, query }) => sendJson(response, 200, { name, query: query.get('q') });

describe('the HTTP server', () => {
  it('gives a route the name in its path, decoded, and the query', async () => {
    http.on('GET', '/things/:name/part', echo);
    const response = await fetch(`${origin}/things/${encodeURIComponent('a/b c')}/part?q=1`);
    expect([response.status, await response.json()]).toEqual([200, { name: 'a/b c', query: '1' }]);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
  });

  it('answers HEAD without a body, and what it does not know with 404', async () => {
    http.on('GET', '/a.b', echo);
    const head = await fetch(`${origin}/a.b`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '24', '']);
    for (const [method, path] of [
      ['GET', '/axb'],
      ['GET', '/a.b/'],
      ['GET', '/'],
    ])
      expect((await fetch(`${origin}${path}`, { method: method! })).status, path).toBe(404);
    const put = await fetch(`${origin}/a.b`, { method: 'PUT' });
    expect([put.status, put.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  it('refuses before any route, with what the refusal says', async () => {
    http.on('GET', '/a', echo);
    const response = await fetch(`${origin}/a`, { headers: { 'x-bad': '1' } });
    expect([response.status, response.headers.get('x-why'), await response.json()]).toEqual([
      421,
      'bad',
      { error: 'no' },
    ]);
  });

  it('answers a name that cannot be decoded with 400', async () => {
    http.on('GET', '/things/:name', echo);
    expect((await fetch(`${origin}/things/%ff`)).status).toBe(400);
    expect(faults).toEqual([]);
  });

  it('answers 500 where a route fails, tells of it, and goes on', async () => {
    const fault = new Error('broken');
    http.on('GET', '/broken', async () => Promise.reject(fault));
    expect((await fetch(`${origin}/broken`)).status).toBe(500);
    expect(faults).toEqual([fault]);
    expect((await fetch(`${origin}/broken`)).status).toBe(500);
  });

  it('closes the connection of a request whose body it does not read', async () => {
    http.on('PUT', '/a', ({ response }) => send(response, 413, 'text/plain', 'too large'));
    const connection = await new Promise((resolve, reject) => {
      const request = ask(`${origin}/a`, { method: 'PUT', headers: { 'content-length': 10 } }, (response) => {
        response.resume();
        resolve(response.headers.connection);
      });
      request.on('error', reject);
      request.write('12345');
    });
    expect(connection).toBe('close');
  });

  it('closes when the requests under way are answered, kept-alive connections included', async () => {
    let answer: () => void = () => undefined;
    const asked = new Promise<void>((resolve) =>
      http.on('GET', '/slow', ({ response }) => {
        answer = () => sendJson(response, 200, {});
        resolve();
      }),
    );
    const { hostname, port } = new URL(origin);
    const [busy, idle] = [connect(Number(port), hostname), connect(Number(port), hostname)];
    const heard = new Promise<string>((resolve) => {
      let text = '';
      busy.on('data', (data) => {
        text += data;
      });
      busy.on('close', () => resolve(text));
    });
    busy.write('GET /slow HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n');
    idle.write('GET /none HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n');
    await Promise.all([asked, new Promise((resolve) => idle.once('data', resolve))]);
    const closed = http.close();
    answer();
    await closed;
    expect(await heard).toMatch(/^HTTP\/1\.1 200 OK/);
  });
});
