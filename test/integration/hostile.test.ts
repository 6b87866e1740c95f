import { connect as connectTcp } from 'node:net';
import { expect, it } from 'vitest';
import WebSocket from 'ws';
import { connect } from '../../client/sdk/node.js';
import { Model } from '../../src/rnn/model.js';
import { hostileFrames } from '../support/hostile.js';
import { SEED } from '../support/seed.js';
import { startServer } from '../support/server.js';

/** 20,000 frames, or as many as `npm run test:hostile` asks for. */
const FRAMES = Number(process.env.FRAMES ?? 20_000);
/** Frames of one socket. */
const EACH = 500;

const SPEC = { features: 1, units: 4 } as const;

it(
  `[BRN1] ${FRAMES} hostile frames harm nobody: each socket is answered with codes or closed with one, and a producer beside them goes on bit-equal`,
  async () => {
    const { url, httpUrl } = await startServer({ newSocketsPerSecond: 100_000 });
    const client = connect(url);
    const handle = client.open('healthy', { spec: SPEC });
    const plain = new Model(SPEC);
    const wrong: number[] = [];
    let seen = 0;
    handle.states$.subscribe(({ seq, h }) => {
      const { h: expected } = plain.step([Math.sin(seq)]);
      if (seq !== seen++ || [...h].join() !== [...expected].join()) wrong.push(seq);
    });
    await handle.opened;
    const ends: Record<string, number> = {};
    const codes: Record<string, number> = {};
    let pushed = 0;
    for (let sent = 0, seed = SEED; sent < FRAMES; sent += EACH, seed++) {
      const next = hostileFrames(seed);
      const socket = new WebSocket(`${url}/stream`, [seed % 4 === 0 ? 'eddy.v1.json' : 'eddy.v1.msgpack']);
      socket.on('error', () => undefined);
      const closed = new Promise<number>((resolve) => socket.on('close', resolve));
      socket.on('message', (data) => {
        const code = /"?code"?[^a-z]{1,3}([a-z]+-[a-z-]+)/.exec(String(data))?.[1];
        if (code) codes[code] = (codes[code] ?? 0) + 1;
      });
      await new Promise((resolve) => socket.once('open', resolve).once('close', resolve));
      if (seed % 3 > 0) socket.send(JSON.stringify({ type: 'hello', version: 1 }));
      for (let i = 0; i < EACH && socket.readyState === WebSocket.OPEN; i++) {
        const frame = next();
        socket.send(frame, { binary: typeof frame !== 'string' });
      }
      handle.push([Math.sin(pushed++)]);
      // what the server says to a ping comes after its answers to all before
      const answered = new Promise<string>((resolve) => socket.once('pong', () => resolve('answered')));
      socket.ping();
      const end = await Promise.race([answered, closed]);
      ends[end] = (ends[end] ?? 0) + 1;
      socket.terminate();
    }
    await handle.drained();
    while (seen < pushed) await new Promise((resolve) => setImmediate(resolve));
    expect(wrong).toEqual([]);
    expect(
      Object.keys(ends).every((end) => end === 'answered' || /^(1007|1008|1009|3\d\d\d)$/.test(end)),
    ).toBe(true);
    expect(Object.keys(codes).length).toBeGreaterThan(8);
    expect((await fetch(`${httpUrl}/livez`)).status).toBe(200);
    client.close();
  },
  30_000 + FRAMES,
);

it.each([
  ['a reserved bit', [0xc1, 0x80, 0, 0, 0, 0]],
  ['an opcode that is none', [0x83, 0x80, 0, 0, 0, 0]],
  ['a frame without a mask', [0x82, 0x01, 0x00]],
  ['a control frame in fragments', [0x09, 0x80, 0, 0, 0, 0]],
  ['a control frame that is too long', [0x89, 0xfe, 0x00, 0x7e, 0, 0, 0, 0]],
  ['a continuation of nothing', [0x80, 0x80, 0, 0, 0, 0]],
  ['text that is no UTF-8', [0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28]],
  ['a close code that is none', [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xec]],
  ['a close frame of one byte', [0x88, 0x81, 0, 0, 0, 0, 0x03]],
  ['a frame of 2^63 bytes', [0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
  ['a frame over 1 MiB', [0x82, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 1, 0, 0, 0, 0]],
])('[BRN2] %s closes the socket, and no other', async (_what, frame) => {
  const { port, httpUrl } = await startServer();
  const socket = connectTcp(port, '127.0.0.1');
  const head = [
    'GET /stream HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Protocol: eddy.v1.msgpack',
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  await new Promise((resolve) => socket.once('data', resolve));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  let last = Buffer.alloc(0);
  socket.on('data', (data) => {
    last = data;
  });
  socket.write(Uint8Array.from(frame));
  await closed;
  expect(last[0]).toBe(0x88);
  expect([1002, 1007, 1009]).toContain(last.readUInt16BE(2));
  expect((await fetch(`${httpUrl}/livez`)).status).toBe(200);
});
