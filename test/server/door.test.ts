/** The door `eddy/server`, as a program that embeds a server uses it. */
import { createServer as createHttpServer, type Server } from 'node:http';
import { type AddressInfo, connect as connectTcp } from 'node:net';
import Fastify from 'fastify';
import { firstValueFrom, take, toArray } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';
import { connect } from '../../client/sdk/node.js';
import {
  type AcceptOptions,
  createServer,
  type EddyServer,
  type ServerOptions,
} from '../../src/server/index.js';
import { createMemoryStore } from '../../src/store/memory.js';

const SPEC = { features: 2, units: 4 };
const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

function create(options: ServerOptions = {}): EddyServer {
  const server = createServer({ logLevel: 'silent', shutdown: { spreadMs: 0 }, ...options });
  endings.push(() => server.stop());
  return server;
}

async function listening(http: Server): Promise<string> {
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  endings.unshift(() => new Promise((resolve) => http.close(resolve)));
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
}

/** A WebSocket server of the program, whose sockets go to Eddy. */
async function accepting(server: EddyServer, options: AcceptOptions = {}): Promise<string> {
  const sockets = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  sockets.on('connection', (socket) => server.accept(socket, options));
  await new Promise((resolve) => sockets.on('listening', resolve));
  endings.push(() => sockets.close());
  return `ws://127.0.0.1:${(sockets.address() as AddressInfo).port}`;
}

/** Says messages as JSON after hello, and gives what is answered to them. */
async function answersOf(url: string, hello: object, messages: readonly object[], headers = {}) {
  const socket = new WebSocket(`${url}/stream`, ['eddy.v1.json'], { headers });
  const said: { type: string; code?: string }[] = [];
  socket.on('message', (data) => said.push(JSON.parse(String(data))));
  await new Promise((resolve) => socket.once('open', resolve));
  for (const message of [{ type: 'hello', version: 1, ...hello }, ...messages])
    socket.send(JSON.stringify(message));
  while (said.length < 1 + messages.length) await new Promise((resolve) => socket.once('message', resolve));
  socket.close();
  return said.map(({ type, code }) => code ?? type);
}

/** Asks for an upgrade, and gives the first line of the answer when the stream has ended. */
const upgraded = (port: number, path: string, headers = '') =>
  new Promise<string>((resolve, reject) => {
    const socket = connectTcp(port, '127.0.0.1');
    let answer = '';
    socket.on('data', (data) => {
      answer += data;
    });
    socket.on('close', () => resolve(answer.split('\r\n', 1)[0] ?? ''));
    socket.on('error', reject);
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n` +
        `Sec-WebSocket-Protocol: eddy.v1.json\r\n${headers}\r\n`,
    );
  });

const clientOf = (url: string, options = {}) => {
  const client = connect(url, options);
  endings.push(() => client.close());
  return client;
};

/** Pushes steps of a fixed signal, and gives the hidden states that come back. */
async function statesOf(client: ReturnType<typeof connect>, name: string): Promise<number[][]> {
  const handle = client.open(name, { spec: SPEC });
  const states = firstValueFrom(handle.states$.pipe(take(5), toArray()));
  const joined = firstValueFrom(handle.joined$);
  await joined;
  for (let t = 0; t < 5; t++) handle.push([Math.sin(t), Math.cos(t)]);
  await handle.drained();
  return (await states).map(({ h }) => [...h]);
}

describe('createServer', () => {
  it('[DOR1] listens on a port of its own, on the loopback address unless told otherwise', async () => {
    const { host, port } = await create().listen({ port: 0 });
    expect(host).toBe('127.0.0.1');
    expect(await statesOf(clientOf(`http://127.0.0.1:${port}`), 'a')).toHaveLength(5);
  });

  it('[DOR2] gives a client in the same process, whose hidden states are those over the network', async () => {
    const server = create();
    const { port } = await server.listen({ port: 0 });
    const inside = await server.client();
    endings.push(() => inside.close());
    const states = await statesOf(inside, 'inside');
    expect(await statesOf(clientOf(`http://127.0.0.1:${port}`), 'outside')).toEqual(states);
    expect((await inside.list()).sequences.map(({ sequence }) => sequence)).toEqual(['inside', 'outside']);
  });

  it('[DOR2] needs no port for a client in the same process', async () => {
    const inside = await create().client();
    endings.push(() => inside.close());
    expect(await statesOf(inside, 'alone')).toHaveLength(5);
  });

  it('[DOR2] ends the clients in the same process when it stops, and gives no more of them', async () => {
    const server = createServer({ logLevel: 'silent', shutdown: { spreadMs: 0 } });
    const inside = await server.client();
    const handle = inside.open('a', { spec: SPEC });
    await handle.opened;
    await server.stop();
    await expect(inside.list()).rejects.toMatchObject({ code: 'client-closed' });
    await expect(server.client()).rejects.toMatchObject({ code: 'server-shutdown' });
  });

  it('[DOR2] lets others in while a client in the same process answers every result with a step', async () => {
    const server = create();
    const inside = await server.client();
    endings.push(() => inside.close());
    const handle = inside.open('a', { spec: { features: 1, units: 4 } });
    await handle.opened;
    let seen = 0;
    handle.states$.subscribe(() => {
      seen++;
      handle.push([Math.sin(seen)]);
    });
    handle.push([0]);
    const { port } = await server.listen({ port: 0 });
    expect(await statesOf(clientOf(`http://127.0.0.1:${port}`), 'b')).toHaveLength(5);
    expect(seen).toBeGreaterThan(5);
  });

  it('[DOR2] keeps the order when a subscriber in the same process acts on what it is given', async () => {
    const server = create();
    const inside = await server.client();
    endings.push(() => inside.close());
    const handle = inside.open('a', { spec: { features: 1, units: 256 } });
    const seen: number[] = [];
    let reset: Promise<unknown> | null = null;
    const done = new Promise<void>((resolve) =>
      handle.states$.subscribe(({ seq }) => {
        seen.push(seq);
        if (seq === 3) reset = handle.reset('state');
        if (seq === 10) inside.open('b', { spec: SPEC }).push([1, 2]);
        if (seq === 255) resolve();
      }),
    );
    await handle.opened;
    for (let t = 0; t < 256; t++) handle.push([Math.sin(t)]);
    await done;
    await reset;
    expect(reset).not.toBe(null);
    expect(seen).toEqual(Array.from({ length: 256 }, (_, seq) => seq));
  });

  it('[DOR3] refuses upgrades to other paths, unless the program takes upgrades itself', async () => {
    const server = create();
    const http = createHttpServer();
    server.attach(http);
    const port = Number(new URL(await listening(http)).port);
    expect(await upgraded(port, '/other')).toBe('HTTP/1.1 404 Not Found');
    const rude = connectTcp(port, '127.0.0.1');
    rude.write('GET /other HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    rude.resetAndDestroy();
    expect(await upgraded(port, '/other')).toBe('HTTP/1.1 404 Not Found');
    http.on('upgrade', (request, socket) => {
      if (request.url === '/other') socket.end('HTTP/1.1 418 Mine\r\n\r\n');
    });
    expect(await upgraded(port, '/other')).toBe('HTTP/1.1 418 Mine');
    expect(await statesOf(clientOf(`http://127.0.0.1:${port}`), 'a')).toHaveLength(5);
  });

  it('[DOR3] lets in the pages it is told of, for sockets and requests, and refuses others', async () => {
    const server = create();
    const http = createHttpServer((request, response) => void server.handle(request, response));
    expect(() => server.attach(http, { origins: ['example.org'] })).toThrow(/example\.org/);
    server.attach(http, { origins: ['https://example.org'] });
    const url = await listening(http);
    const port = Number(new URL(url).port);
    const put = async (origin: string) =>
      (await fetch(`${url}/sequences/a`, { method: 'PUT', headers: { origin } })).status;
    expect(await put('https://example.org')).toBe(400);
    expect(await put('https://elsewhere.org')).toBe(403);
    expect(await upgraded(port, '/stream', 'Origin: https://elsewhere.org\r\n')).toBe(
      'HTTP/1.1 403 Forbidden',
    );
  });

  it('[DOR3] attaches to an HTTP server of Node, and leaves it its own paths', async () => {
    const server = create();
    const http = createHttpServer((request, response) => {
      if (request.url === '/mine') response.end('mine');
      else void server.handle(request, response);
    });
    server.attach(http);
    const url = await listening(http);
    expect(await statesOf(clientOf(url), 'a')).toHaveLength(5);
    expect(await (await fetch(`${url}/mine`)).text()).toBe('mine');
    expect(await (await fetch(`${url}/livez`)).json()).toEqual({ status: 'ok' });
    expect((await fetch(`${url}/`)).headers.get('content-type')).toContain('text/html');
  });

  it('[DOR3] attaches to a server of fastify, and lets go of it at its end', async () => {
    const app = Fastify();
    app.get('/mine', async () => 'mine');
    const server = createServer({ logLevel: 'silent', shutdown: { spreadMs: 0 } });
    server.attach(app.server);
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    endings.push(() => app.close());
    const client = clientOf(url);
    expect(await statesOf(client, 'a')).toHaveLength(5);
    client.close();
    await server.stop();
    expect(await (await fetch(`${url}/mine`)).text()).toBe('mine');
    expect(app.server.listenerCount('upgrade')).toBe(0);
  });

  it('[DOR4] converses on WebSockets that somebody else accepted', async () => {
    const server = create();
    const url = await accepting(server);
    expect(await statesOf(clientOf(url), 'a')).toHaveLength(5);
    expect(await statesOf(clientOf(url, { encoding: 'json' }), 'b')).toHaveLength(5);
  });

  it('[DOR4] lets an accepted socket do what it is granted, and no more', async () => {
    const grant = { name: 'viewer', roles: ['subscribe'], sequences: ['pump-*'] } as const;
    const client = clientOf(await accepting(create(), { grant }));
    await expect(client.open('pump-1', { spec: SPEC }).opened).rejects.toMatchObject({
      code: 'permission-denied',
    });
  });

  it('[DOR4] keeps to the grant of an accepted socket, whatever token its hello brings', async () => {
    const server = create({ authorize: () => ({ name: 'all', roles: ['admin'] }) });
    const url = await accepting(server, { grant: { name: 'viewer', roles: ['subscribe'] } });
    const open = { type: 'open', id: 1, sequence: 'a', mode: 'either', spec: SPEC };
    expect(await answersOf(url, { token: 'all' }, [open])).toEqual(['welcome', 'permission-denied']);
  });

  it('[DOR4] tells an accepted socket to come back later where there are too many', async () => {
    const url = await accepting(create({ limits: { sockets: 1 } }));
    const codeOf = (socket: WebSocket) =>
      new Promise((resolve) => socket.once('close', (code, reason) => resolve([code, String(reason)])));
    const first = new WebSocket(url, ['eddy.v1.json']);
    endings.push(() => first.close());
    await new Promise((resolve) => first.once('open', resolve));
    expect(await codeOf(new WebSocket(url, ['eddy.v1.json']))).toEqual([3000, 'overloaded']);
    expect(first.readyState).toBe(WebSocket.OPEN);
  });

  it('[DOR4] reads text that comes as bytes of any kind', () => {
    const server = create();
    const heard: Record<string, (...args: never[]) => void> = {};
    const sent: string[] = [];
    server.accept({
      protocol: 'eddy.v1.json',
      readyState: 1,
      bufferedAmount: 0,
      send: (message) => sent.push(String(message)),
      close: () => undefined,
      on: (event: string, listener: (...args: never[]) => void) => {
        heard[event] = listener;
      },
    });
    const hello = new TextEncoder().encode(JSON.stringify({ type: 'hello', version: 1 }));
    heard.message?.(hello as never, false as never);
    return new Promise<void>((resolve) => setImmediate(resolve)).then(() =>
      expect(sent.map((message) => JSON.parse(message).type)).toEqual(['welcome']),
    );
  });

  it('[DOR5] refuses for now, and says so, where the program cannot decide', async () => {
    const server = create({
      authorize: () => {
        throw new Error('no database');
      },
    });
    const { port } = await server.listen({ port: 0 });
    expect(await upgraded(port, '/stream')).toBe('HTTP/1.1 503 Service Unavailable');
    expect((await fetch(`http://127.0.0.1:${port}/sequences/a/export`)).status).toBe(503);
    const accepted = await accepting(server);
    expect(await answersOf(accepted, { token: 'any' }, [])).toEqual(['authorize-failed']);
  });

  it('[DOR5] waits for a decision as long as for a hello, and then refuses for now', async () => {
    const server = create({ authorize: () => new Promise(() => undefined), limits: { helloMs: 50 } });
    const { port } = await server.listen({ port: 0 });
    expect(await upgraded(port, '/stream')).toBe('HTTP/1.1 503 Service Unavailable');
  });

  it('[DOR5] refuses upgrades that are still undecided when it stops', async () => {
    let isAsked: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => {
      isAsked = resolve;
    });
    const server = create({
      authorize: () => {
        isAsked();
        return new Promise(() => undefined);
      },
    });
    const { port } = await server.listen({ port: 0 });
    const answer = upgraded(port, '/stream');
    await asked;
    await server.stop();
    expect(await answer).toBe('HTTP/1.1 503 Service Unavailable');
  });

  it('[DOR5] asks the program who may connect, by token, by cookie, or not at all', async () => {
    const asked: (string | undefined)[] = [];
    const server = create({
      authorize: async ({ token, request }) => {
        asked.push(token);
        if (token === 'good') return { name: 'good', roles: ['admin'] };
        if (request?.headers.cookie === 'session=1') return { name: 'cookie', roles: ['subscribe'] };
        return null;
      },
    });
    const { port } = await server.listen({ port: 0 });
    const url = `ws://127.0.0.1:${port}`;
    expect(await statesOf(clientOf(url, { token: 'good' }), 'a')).toHaveLength(5);
    await expect(clientOf(url, { token: 'bad' }).open('b', { spec: SPEC }).opened).rejects.toMatchObject({
      code: 'unauthorized',
    });
    const messages = [
      { type: 'list', id: 1 },
      { type: 'remove', id: 2, sequence: 'a' },
    ];
    expect(await answersOf(url, {}, messages, { cookie: 'session=1' })).toEqual([
      'welcome',
      'listing',
      'permission-denied',
    ]);
    expect(asked).toEqual(['good', 'bad', undefined]);
  });

  it('[DOR6] keeps its sequences in the store it is given', async () => {
    const store = createMemoryStore();
    const server = create({ store });
    const inside = await server.client();
    await statesOf(inside, 'kept');
    inside.close();
    expect([...store.names()]).toEqual(['kept']);
  });

  it('[DOR6] says what is wrong with its options', () => {
    expect(() => createServer({ limits: { views: -1 } })).toThrow(/limits\.views/);
  });
});
