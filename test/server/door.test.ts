/** The door `eddy/server`, as a program that embeds a server uses it. */
import { createServer as createHttpServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import { firstValueFrom, take, toArray } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';
import { connect } from '../../client/sdk/node.js';
import { createServer, type EddyServer, type ServerOptions } from '../../src/server/index.js';
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
    const sockets = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    sockets.on('connection', (socket) => server.accept(socket));
    await new Promise((resolve) => sockets.on('listening', resolve));
    endings.push(() => sockets.close());
    const url = `ws://127.0.0.1:${(sockets.address() as AddressInfo).port}`;
    expect(await statesOf(clientOf(url), 'a')).toHaveLength(5);
    expect(await statesOf(clientOf(url, { encoding: 'json' }), 'b')).toHaveLength(5);
  });

  it('[DOR4] lets an accepted socket do what it is granted, and no more', async () => {
    const server = create();
    const sockets = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    sockets.on('connection', (socket) =>
      server.accept(socket, {
        grant: { name: 'viewer', roles: ['subscribe'], sequences: ['pump-*'] },
      }),
    );
    await new Promise((resolve) => sockets.on('listening', resolve));
    endings.push(() => sockets.close());
    const client = clientOf(`ws://127.0.0.1:${(sockets.address() as AddressInfo).port}`);
    await expect(client.open('pump-1', { spec: SPEC }).opened).rejects.toMatchObject({
      code: 'permission-denied',
    });
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
    const socket = new WebSocket(`${url}/stream`, ['eddy.v1.json'], { headers: { cookie: 'session=1' } });
    const said: { type: string; code?: string }[] = [];
    socket.on('message', (data) => said.push(JSON.parse(String(data))));
    await new Promise((resolve) => socket.once('open', resolve));
    socket.send(JSON.stringify({ type: 'hello', version: 1 }));
    socket.send(JSON.stringify({ type: 'list', id: 1 }));
    socket.send(JSON.stringify({ type: 'remove', id: 2, sequence: 'a' }));
    while (said.length < 3) await new Promise((resolve) => socket.once('message', resolve));
    socket.close();
    expect(said.map(({ type, code }) => code ?? type)).toEqual(['welcome', 'listing', 'permission-denied']);
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
