import { WebSocket as Undici } from 'undici';
import { describe, expect, it } from 'vitest';
import { Codec } from '../../src/protocol/codec.js';
import type { ClientMessage, ServerMessage } from '../../src/protocol/messages.js';
import { Model } from '../../src/rnn/model.js';
import { startServer } from '../support/server.js';

const SPEC = { features: 2, units: 3 } as const;

/** A conversation through another implementation of WebSockets than the server's. */
async function converse(url: string, encoding: 'msgpack' | 'json') {
  const codec = new Codec(encoding);
  const socket = new Undici(`${url}/stream`, [`eddy.v1.${encoding}`]);
  socket.binaryType = 'arraybuffer';
  const received: ServerMessage[] = [];
  let wake: () => void = () => undefined;
  socket.addEventListener('message', ({ data }) => {
    received.push(codec.decodeServer(typeof data === 'string' ? data : new Uint8Array(data as ArrayBuffer)));
    wake();
  });
  const closed = new Promise<number>((resolve) =>
    socket.addEventListener('close', ({ code }) => resolve(code)),
  );
  await new Promise((resolve) => socket.addEventListener('open', resolve, { once: true }));
  const send = (message: ClientMessage) =>
    socket.send(codec.encode(message) as string | Uint8Array<ArrayBuffer>);
  const next = async <T extends ServerMessage['type']>(type: T) => {
    for (;;) {
      const at = received.findIndex((message) => message.type === type);
      if (at >= 0) return received.splice(at, 1)[0] as Extract<ServerMessage, { type: T }>;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return { socket, send, next, closed };
}

describe.each(['msgpack', 'json'] as const)('another WebSocket client, in %s', (encoding) => {
  it('[BRN3] carries a whole conversation, bit-equal to the library', async () => {
    const { url } = await startServer();
    const { socket, send, next } = await converse(url, encoding);
    expect(socket.protocol).toBe(`eddy.v1.${encoding}`);
    expect(socket.extensions).toBe('');
    send({ type: 'hello', version: 1 });
    await next('welcome');
    send({ type: 'open', id: 1, sequence: 'a', mode: 'create', spec: SPEC });
    const { channel } = await next('opened');
    send({ type: 'subscribe', id: 2, sequence: 'a', view: 'states' });
    await next('subscribed');
    const plain = new Model(SPEC);
    for (let seq = 0; seq < 20; seq++) {
      const x = Float64Array.of(Math.fround(Math.sin(seq)), seq);
      send({ type: 'steps', channel, seq, x });
      const { h } = await next('states');
      expect([...h]).toEqual([...plain.step(x).h]);
    }
    let acked = -1;
    while (acked < 19) acked = (await next('ack')).seq;
    socket.close(1000, 'done');
  });

  it.each([0, 1, 125, 126, 127, 65_535, 65_536, 70_000])(
    '[BRN3] is answered to a message of %i bytes and more',
    async (size) => {
      const { url } = await startServer();
      const { socket, send, next } = await converse(url, encoding);
      send({ type: 'hello', version: 1 });
      await next('welcome');
      send({ type: 'open', id: 7, sequence: 'a'.repeat(size), mode: 'resume' });
      const { code, re } = await next('error');
      expect([code, re]).toEqual([
        size >= 65_535
          ? 'message-too-large'
          : size === 0 || size > 128
            ? 'sequence-name-invalid'
            : 'sequence-unknown',
        7,
      ]);
      socket.close();
    },
  );

  it('[BRN3] is closed with 1009 for a message over 1 MiB', async () => {
    const { url } = await startServer();
    const { socket, closed } = await converse(url, encoding);
    socket.send(encoding === 'json' ? 'x'.repeat(2 ** 20 + 1) : new Uint8Array(2 ** 20 + 1));
    expect(await closed).toBe(1009);
  });

  it('[BRN3] closes with the code and reason that it likes', async () => {
    const { url } = await startServer();
    const { socket, closed } = await converse(url, encoding);
    socket.close(4001, 'ünïcode');
    expect(await closed).toBe(4001);
  });
});

it('[BRN3] another client is refused where it offers no subprotocol', async () => {
  const { url } = await startServer();
  const socket = new Undici(`${url}/stream`);
  const failed = new Promise((resolve) => socket.addEventListener('error', resolve));
  await failed;
  expect(socket.readyState).toBe(Undici.CLOSED);
});
