/** What a peer may not do to a real server: hold connections, send too much, or bytes that build more than data. */
import { readFileSync, writeFileSync } from 'node:fs';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { addExtension, Packr } from 'msgpackr';
import { afterEach, describe, expect, it } from 'vitest';
import { fixture, newToken, tokenFile } from '../support/access.js';
import { RawClient, startServer } from '../support/server.js';

const open: Socket[] = [];
afterEach(() => {
  for (const socket of open.splice(0)) socket.destroy();
});

/** Connects, says something, and gives what came until the server closed. */
function dial(port: number, text: string): { socket: Socket; answer: Promise<string> } {
  const socket = connectTcp(port, '127.0.0.1');
  open.push(socket);
  let answer = '';
  socket.on('data', (data) => {
    answer += data;
  });
  socket.on('error', () => undefined);
  socket.write(text);
  return { socket, answer: new Promise((resolve) => socket.on('close', () => resolve(answer))) };
}

describe('a connection', () => {
  it('[ACC17] that is slow with its headers is cut off, whether it says little or nothing', async () => {
    const { port, url } = await startServer({ headersMs: 100 });
    const client = await RawClient.connect(url);
    expect(await dial(port, 'GET /stream HTTP/1.1\r\nHost: localhost\r\nUpgrade: web').answer).toMatch(
      /^HTTP\/1.1 408/,
    );
    expect(await dial(port, '').answer).toMatch(/^HTTP\/1.1 408/);
    expect(client.socket.readyState).toBe(client.socket.OPEN);
  });

  it('[ACC17] that is slow with its request is cut off', async () => {
    const { port } = await startServer({ headersMs: 100, requestMs: 200 });
    const put =
      'PUT /sequences/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\nContent-Length: 10\r\n\r\n123';
    expect(await dial(port, put).answer).toMatch(/^HTTP\/1.1 408/);
  });

  it('[ACC17] with more than 8 KiB of headers gets 431', async () => {
    const { port } = await startServer();
    const request = (bytes: number) =>
      `GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX: ${'a'.repeat(bytes)}\r\n\r\n`;
    expect(await dial(port, request(7500)).answer).toMatch(/^HTTP\/1.1 200/);
    expect(await dial(port, request(8200)).answer).toMatch(/^HTTP\/1.1 431/);
    const token = `Authorization: Bearer ${'a'.repeat(9000)}`;
    const upgrade = `GET /stream HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${token}\r\n\r\n`;
    expect(await dial(port, upgrade).answer).toMatch(/^HTTP\/1.1 431/);
  });

  const LIVEZ = 'GET /livez HTTP/1.1\r\nHost: localhost\r\n';
  const ALONE = `${LIVEZ}Connection: close\r\n\r\n`;
  const KEPT = 'GET /sequences/a/export HTTP/1.1\r\nHost: localhost\r\n\r\n';
  const PUT =
    'PUT /sequences/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n1';
  const each = [{ httpConnections: 2 }, { socketsPerAddress: 2 }];

  it.each(each)('[SRV5] that says nothing gives its place to the next: %j', async (limits) => {
    const { port, url } = await startServer(limits);
    const clients = [await RawClient.connect(url), await RawClient.connect(url)];
    const silent = Array.from({ length: 20 }, (_, i) => dial(port, i % 2 === 0 ? '' : LIVEZ));
    await Promise.all(silent.slice(0, 18).map(({ answer }) => answer));
    expect(await dial(port, ALONE).answer).toMatch(/^HTTP\/1.1 200/);
    for (const { socket } of clients) expect(socket.readyState).toBe(socket.OPEN);
  });

  it.each(each)(
    '[SRV5] that is kept open after its answer gives its place to the next: %j',
    async (limits) => {
      const { port } = await startServer(limits);
      const idle = [dial(port, KEPT), dial(port, KEPT)];
      for (const { socket } of idle) await new Promise((resolve) => socket.once('data', resolve));
      expect(await dial(port, ALONE).answer).toMatch(/^HTTP\/1.1 200/);
      expect(await idle[0]?.answer).toMatch(/^HTTP\/1.1 404/);
      expect(idle[1]?.socket.destroyed).toBe(false);
    },
  );

  it.each(each)(
    '[ACC17] that is one too many of those that are at work is broken at once: %j',
    async (limits) => {
      const { port } = await startServer(limits);
      const busy = [dial(port, PUT), dial(port, PUT)];
      for (const { socket } of busy) await new Promise((resolve) => socket.once('data', resolve));
      expect(await dial(port, ALONE).answer).toBe('');
      busy[0]?.socket.end('234567890');
      expect(await busy[0]?.answer).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 400/);
      expect(await dial(port, ALONE).answer).toMatch(/^HTTP\/1.1 200/);
    },
  );

  it('[SRV5] that became a socket and says no hello gives its place to the next, and who has said it does not', async () => {
    for (const limits of [{ sockets: 3 }, { socketsPerAddress: 3 }]) {
      const { url } = await startServer(limits);
      const honest = await RawClient.connect(url);
      const silent = [
        await RawClient.connect(url, 'json', false),
        await RawClient.connect(url, 'json', false),
      ];
      const next = await RawClient.connect(url);
      await silent[0]?.closed;
      await RawClient.connect(url);
      await silent[1]?.closed;
      await expect(RawClient.connect(url)).rejects.toThrow('503');
      for (const { socket } of [honest, next]) expect(socket.readyState).toBe(socket.OPEN);
    }
  });

  it('[SRV5] under TLS is at work once it has asked for something, and silent before', async () => {
    const security = { tlsCert: fixture('one.crt'), tlsKey: fixture('one.key') };
    const { port } = await startServer({ socketsPerAddress: 3 }, 0, { security });
    const url = `wss://127.0.0.1:${port}`;
    const silent = Array.from({ length: 10 }, () => dial(port, ''));
    await Promise.all(silent.slice(0, 7).map(({ answer }) => answer));
    const options = { rejectUnauthorized: false };
    const clients = [];
    for (let i = 0; i < 3; i++) clients.push(await RawClient.connect(url, 'json', true, options));
    await expect(RawClient.connect(url, 'json', true, options)).rejects.toThrow('503');
    for (const { socket } of clients) expect(socket.readyState).toBe(socket.OPEN);
  });

  it('[SRV5] does not shut out the next client of its address, though 300 of them say nothing', async () => {
    const { port, url } = await startServer();
    const idle = Array.from({ length: 300 }, () => dial(port, ''));
    await Promise.all(idle.slice(0, 150).map(({ answer }) => answer));
    const client = await RawClient.connect(url);
    expect(
      await client.open('a', { features: 1, units: 2, task: { kind: 'supervised', outputs: 1 } }),
    ).toBeGreaterThan(0);
  });
});

describe('what msgpackr can write beyond plain data', () => {
  class Point {
    x = 1;
  }
  addExtension({ Class: Point, type: 11, pack: () => Buffer.from([1]), unpack: () => new Point() });
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  const clone = new Packr({ structuredClone: true });
  const plain = new Packr({ useRecords: false });
  const records = new Packr({ useRecords: true });
  const bundled = new Packr({ bundleStrings: true, useRecords: false });
  const big = new Packr({ useBigIntExtension: true, useRecords: false });
  const hello = (agent: unknown) => ({ type: 'hello', version: 1, agent });

  it.each([
    ['a RegExp', clone.pack(hello(/(a+)+$/))],
    ['an Error', clone.pack(hello(new TypeError('boo')))],
    ['a Set', clone.pack(hello(new Set([1])))],
    ['a circle', clone.pack(hello(circular))],
    ['a typed array', clone.pack(hello(new Float64Array(4)))],
    ['an ArrayBuffer', clone.pack(hello(new ArrayBuffer(4)))],
    ['a BigInt of more than 64 bits', big.pack(hello(2n ** 80n))],
    ['a Date', plain.pack(hello(new Date(1e12)))],
    ['a Date of nanoseconds', plain.pack(hello(new Date(1e12 + 1)))],
    ['undefined', plain.pack(hello(undefined))],
    ['a class of its own', plain.pack(hello(new Point()))],
    ['a record', records.pack(hello('a'))],
    ['bundled strings', bundled.pack(hello('a'.repeat(50)))],
  ])('[WIR5] is refused: %s', async (_name, frame) => {
    const { url } = await startServer();
    const client = await RawClient.connect(url, 'msgpack', false);
    client.socket.send(frame);
    expect(await client.next('error')).toMatchObject({ code: 'frame-malformed' });
    client.send({ type: 'hello', version: 1 });
    await client.next('welcome');
  });

  it('[WIR5] is refused beside steps too, and changes nothing', async () => {
    const { url } = await startServer();
    const client = await RawClient.connect(url);
    const channel = await client.open('s', { features: 1, units: 2 });
    const x = Buffer.from(Float32Array.of(1).buffer);
    client.socket.send(plain.pack({ type: 'steps', channel, seq: 0, x, y: new Date(0) }));
    client.socket.send(clone.pack({ type: 'steps', channel, seq: 0, x: Float32Array.of(1) }));
    await client.settle();
    expect(client.all('error').map(({ code }) => code)).toEqual([
      'frame-malformed',
      'frame-malformed',
      'channel-unknown',
    ]);
    client.send({ type: 'steps', channel, seq: 0, x: [1] });
    expect(await client.next('ack')).toMatchObject({ seq: 0 });
  });

  it('[WIR5] takes a BigInt for the integer that it is on the wire, where it fits', async () => {
    const { url } = await startServer();
    const client = await RawClient.connect(url, 'msgpack', false);
    client.socket.send(plain.pack({ type: 'hello', version: 2n ** 60n }));
    expect(await client.next('error')).toMatchObject({ code: 'message-invalid' });
    client.socket.send(plain.pack({ type: 'hello', version: 1n }));
    await client.next('welcome');
  });
});

describe('TLS', () => {
  const handshake = (port: number, options = {}) =>
    new Promise<TLSSocket>((resolve, reject) => {
      const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options }, () =>
        resolve(socket),
      );
      socket.on('error', reject);
      open.push(socket);
    });
  const nameAt = async (port: number) => (await handshake(port)).getPeerCertificate().subject.CN;

  it('[ACC14] carries the stream, from version 1.2 on, with tokens', async () => {
    const producer = newToken(['produce']);
    const security = { tlsCert: fixture('one.crt'), tlsKey: fixture('one.key'), tokens: tokenFile(producer) };
    const { port } = await startServer({}, 0, { security });
    const options = { rejectUnauthorized: false, headers: { authorization: `Bearer ${producer.token}` } };
    const client = await RawClient.connect(`wss://127.0.0.1:${port}`, 'msgpack', true, options);
    expect(await client.open('s', { features: 1, units: 2 })).toBe(1);
    expect((await handshake(port, { maxVersion: 'TLSv1.2' })).getProtocol()).toBe('TLSv1.2');
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' };
    await expect(handshake(port, old)).rejects.toThrow(/protocol|alert/);
  });

  it('[ACC15] takes a new certificate without a restart, and keeps the old one where the new is broken', async () => {
    const [tlsCert, tlsKey, two] = [fixture('one.crt'), fixture('one.key'), fixture('two.crt')];
    const { port, server } = await startServer({}, 0, { security: { tlsCert, tlsKey } });
    expect(await nameAt(port)).toBe('one.test');
    writeFileSync(tlsCert, readFileSync(two));
    await server.reload();
    expect(await nameAt(port)).toBe('one.test');
    writeFileSync(tlsKey, readFileSync(fixture('two.key')));
    await server.reload();
    expect(await nameAt(port)).toBe('two.test');
  });

  it('[ACC17] that is slow with its handshake is cut off', async () => {
    const security = { tlsCert: fixture('one.crt'), tlsKey: fixture('one.key') };
    const { port } = await startServer({ headersMs: 100 }, 0, { security });
    expect(await dial(port, '').answer).toBe('');
  });
});
