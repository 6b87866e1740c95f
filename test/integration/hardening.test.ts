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

  it('[ACC17] that is one too many of those that are no WebSocket is broken at once; WebSockets do not count', async () => {
    for (const limits of [{ httpConnections: 2 }, { socketsPerAddress: 2 }]) {
      const { port, url } = await startServer(limits);
      const clients = [await RawClient.connect(url), await RawClient.connect(url)];
      const [first] = [dial(port, ''), dial(port, '')];
      expect(
        await dial(port, 'GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n').answer,
      ).toBe('');
      first.socket.end('GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
      expect(await first.answer).toMatch(/^HTTP\/1.1 200/);
      expect(
        await dial(port, 'GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n').answer,
      ).toMatch(/200/);
      for (const { socket } of clients) expect(socket.readyState).toBe(socket.OPEN);
    }
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
