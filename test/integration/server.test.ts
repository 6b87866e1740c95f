import { connect as connectTcp } from 'node:net';
import { describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { Model } from '../../src/rnn/model.js';
import { RawClient, startServer } from '../support/server.js';

const FORECAST = { features: 2, units: 6, seed: 3, learner: { kind: 'tbptt', k1: 2, k2: 4 } } as const;
const SUPERVISED = { ...FORECAST, features: 1, task: { kind: 'supervised', outputs: 1, delay: 8 } } as const;

const x = (t: number) => [Math.sin(t * 0.4), Math.cos(t * 0.3)];
const block = (first: number, count: number) => Array.from({ length: count }, (_, i) => x(first + i)).flat();

describe('end to end', () => {
  it('[E2E1] carries two sequences for three subscribers in both encodings, with late targets', async () => {
    const { url } = await startServer();
    const producer = await RawClient.connect(url, 'msgpack');
    const other = await RawClient.connect(url, 'json');
    const dashboard = await RawClient.connect(url, 'json');
    const pump = await producer.open('pump', FORECAST);
    const valve = await other.open('valve', SUPERVISED);
    await dashboard.request({ type: 'subscribe', sequence: 'pump', view: 'states' });
    await dashboard.request({ type: 'subscribe', sequence: 'valve', view: 'updates' });
    await other.request({ type: 'subscribe', sequence: 'pump', view: 'predictions' });
    await producer.request({ type: 'subscribe', sequence: 'valve', view: 'metrics' });

    producer.send({ type: 'steps', channel: pump, seq: 0, x: block(0, 5) });
    producer.send({ type: 'steps', channel: pump, seq: 5, x: x(5) });
    for (let t = 0; t < 4; t++) other.send({ type: 'steps', channel: valve, seq: t, x: [Math.sin(t)] });
    other.send({ type: 'targets', channel: valve, seq: 1, targets: [0.5, 0.25, 0.125] });
    other.send({ type: 'targets', channel: valve, seq: 0, targets: [1] });
    await producer.settle();
    await other.settle();
    await dashboard.settle();

    const model = new Model(FORECAST);
    const results = Array.from({ length: 6 }, (_, t) => {
      const { h, y } = model.step(Float32Array.from(x(t)));
      return { h: [...h], y: [...(y ?? [])] };
    });
    const states = dashboard.all('states');
    expect(states.map(({ seq, count }) => [seq, count])).toEqual([
      [0, 5],
      [5, 1],
    ]);
    expect(states.flatMap(({ h }) => h)).toEqual(results.flatMap(({ h }) => h));
    expect(other.all('predictions').flatMap(({ y }) => y)).toEqual(results.flatMap(({ y }) => y));
    expect(producer.all('ack').at(-1)).toMatchObject({ seq: 5 });

    const late = new Model(SUPERVISED);
    for (let t = 0; t < 4; t++) late.step([Math.fround(Math.sin(t))]);
    const updates = [
      [1, 0.5],
      [2, 0.25],
      [3, 0.125],
      [0, 1],
    ].flatMap(([t = 0, y = 0]) => late.learn([y], t));
    const sent = dashboard.all('updates').flatMap((message) => message.updates as { loss: number }[]);
    expect(sent.map(({ loss }) => loss)).toEqual(updates.map(({ loss }) => loss));
    expect(sent).toHaveLength(2);
    expect(producer.all('metrics').at(-1)).toMatchObject({ scored: 4, mae: late.metrics.mae });
  });

  it('[SEQ6] lets several sockets work on one sequence, by one channel', async () => {
    const { url } = await startServer();
    const a = await RawClient.connect(url);
    const b = await RawClient.connect(url, 'json');
    const channel = await a.open('pump', FORECAST);
    expect(await b.open('pump')).toBe(channel);
    a.send({ type: 'steps', channel, seq: 0, x: block(0, 2) });
    await a.settle();
    b.send({ type: 'steps', channel, seq: 2, x: x(2) });
    await b.settle();
    expect(b.all('ack')).toMatchObject([{ seq: 2 }]);
    a.send({ type: 'steps', channel, seq: 2, x: x(9) });
    await a.settle();
    expect(await a.find(({ code }) => code === 'step-conflict')).toMatchObject({ channel, seq: 2 });
  });

  it('[SET2] tells every subscriber of a reset, and goes on with a new epoch', async () => {
    const { url } = await startServer();
    const producer = await RawClient.connect(url);
    const dashboard = await RawClient.connect(url, 'json');
    const channel = await producer.open('pump', FORECAST);
    const { epoch } = await dashboard.request({ type: 'subscribe', sequence: 'pump', view: 'events' });
    await dashboard.request({ type: 'subscribe', sequence: 'pump', view: 'states' });
    producer.send({ type: 'steps', channel, seq: 0, x: block(0, 3) });
    expect(await producer.request({ type: 'reset', channel, what: 'state' })).toMatchObject({ type: 'done' });
    producer.send({ type: 'steps', channel, seq: 3, x: x(0) });
    await producer.settle();
    await dashboard.settle();
    const [event] = dashboard.all('events').flatMap((message) => message.events as Record<string, unknown>[]);
    expect(event).toMatchObject({ event: 'reset', seq: 2, detail: { what: 'state' } });
    expect(event?.epoch).not.toBe(epoch);
    expect(dashboard.all('states').at(-1)).toMatchObject({ seq: 3, count: 1 });
    expect(await producer.request({ type: 'open', sequence: 'pump', mode: 'resume' })).toMatchObject({
      epoch: event?.epoch,
      seq: 3,
    });
  });

  it('[SET1] configures learning and the learning rate', async () => {
    const { url } = await startServer();
    const client = await RawClient.connect(url);
    const channel = await client.open('pump', FORECAST);
    await client.request({ type: 'configure', channel, learning: false, learningRate: 0.25 });
    expect(await client.request({ type: 'open', sequence: 'pump', mode: 'resume' })).toMatchObject({
      learning: false,
      learningRate: 0.25,
    });
    expect(await client.request({ type: 'configure', channel, learningRate: -1 })).toMatchObject({
      type: 'error',
      code: 'setting-invalid',
      channel,
    });
  });

  it('[VIW9] stops a view that is unsubscribed', async () => {
    const { url } = await startServer();
    const client = await RawClient.connect(url);
    const channel = await client.open('pump', FORECAST);
    await client.request({ type: 'subscribe', sequence: 'pump', view: 'states' });
    client.send({ type: 'steps', channel, seq: 0, x: x(0) });
    expect(await client.request({ type: 'unsubscribe', channel, view: 'states' })).toMatchObject({
      type: 'done',
    });
    client.send({ type: 'steps', channel, seq: 1, x: x(1) });
    await client.settle();
    expect(client.all('states')).toMatchObject([{ seq: 0 }]);
    expect(await client.request({ type: 'unsubscribe', channel, view: 'states' })).toMatchObject({
      code: 'channel-unknown',
    });
    expect(await client.request({ type: 'subscribe', sequence: 'none', view: 'states' })).toMatchObject({
      code: 'sequence-unknown',
      temporary: true,
    });
  });

  it('[CON7] refuses work on a channel that is not open on the socket', async () => {
    const { url } = await startServer();
    const owner = await RawClient.connect(url);
    const channel = await owner.open('pump', FORECAST);
    const stranger = await RawClient.connect(url);
    stranger.send({ type: 'steps', channel, seq: 0, x: x(0) });
    await stranger.settle();
    expect(stranger.all('error')[0]).toMatchObject({ code: 'channel-unknown', channel, seq: 0 });
    expect(await owner.request({ type: 'close', channel })).toMatchObject({ type: 'done' });
    owner.send({ type: 'steps', channel, seq: 0, x: x(0) });
    await owner.settle();
    expect(owner.all('error')[0]).toMatchObject({ code: 'channel-unknown' });
  });

  it('[E2E1] carries packed frames beside maps, with targets, bit-equal to the library', async () => {
    const { url } = await startServer();
    const producer = await RawClient.connect(url, 'msgpack', false);
    producer.send({ type: 'hello', version: 1, packed: true });
    const dashboard = await RawClient.connect(url, 'msgpack');
    const pump = await producer.open('pump', SUPERVISED);
    for (const client of [producer, dashboard])
      for (const view of ['states', 'predictions'])
        await client.request({ type: 'subscribe', sequence: 'pump', view });
    const xs = Array.from({ length: 7 }, (_, t) => Math.fround(Math.sin(t)));
    const targets = [0.5, 0.25, 0.125];
    producer.sendPacked({ channel: pump, seq: 0, count: 3, x: xs.slice(0, 3), targets });
    producer.send({ type: 'steps', channel: pump, seq: 3, x: xs.slice(3, 5) });
    producer.sendPacked({ channel: pump, seq: 5, count: 2, x: xs.slice(5) });
    for (const client of [producer, dashboard])
      await client.find(({ type, seq }) => type === 'predictions' && seq === 5);
    await producer.find(({ type, seq }) => type === 'ack' && seq === 6);

    const model = new Model(SUPERVISED);
    const results = xs.map((value, t) => {
      const { h, y } = model.step([value]);
      const result = { h: [...h], y: [...(y ?? [])] };
      if (t < 3) model.learn([targets[t]!]);
      return result;
    });
    for (const client of [producer, dashboard]) {
      expect(client.all('states').flatMap(({ h }) => h)).toEqual(results.flatMap(({ h }) => h));
      expect(client.all('predictions').flatMap(({ y }) => y)).toEqual(results.flatMap(({ y }) => y));
    }
    expect(producer.packed).toBe(producer.all('ack').length + 6);
    expect(dashboard.packed).toBe(0);
  });

  it('[E2E2] answers everything that is wrong with its code, and harms neither the sequence nor the others', async () => {
    const { url } = await startServer();
    const good = await RawClient.connect(url);
    const bad = await RawClient.connect(url);
    const channel = await good.open('pump', FORECAST);
    await bad.open('pump');
    good.send({ type: 'steps', channel, seq: 0, x: block(0, 3) });
    await good.settle();
    bad.socket.send(Buffer.from([0xc1]));
    bad.socket.send('{}');
    bad.send({ type: 'shout' });
    bad.send({ type: 'steps', channel, seq: 3 });
    bad.send({ type: 'steps', channel, seq: 3, x: [1, 2, 3] });
    bad.send({ type: 'steps', channel, seq: 3, x: [1, Number.POSITIVE_INFINITY] });
    bad.send({ type: 'steps', channel, seq: 9, x: [1, 2] });
    bad.send({ type: 'targets', channel, seq: 2, targets: [1, 2] });
    bad.send({ type: 'targets', channel, seq: 2, targets: new Array(20_000).fill(0) });
    await bad.settle();
    expect(bad.all('error').map(({ code }) => code)).toEqual([
      'frame-malformed',
      'frame-encoding',
      'message-unknown',
      'message-invalid',
      'step-shape',
      'step-non-finite',
      'step-gap',
      'target-unexpected',
      'message-too-large',
      'channel-unknown',
    ]);
    await good.request({ type: 'subscribe', sequence: 'pump', view: 'states' });
    good.send({ type: 'steps', channel, seq: 3, x: x(3) });
    const model = new Model(FORECAST);
    for (let t = 0; t < 3; t++) model.step(Float32Array.from(x(t)));
    expect((await good.next('states')).h).toEqual([...model.step(Float32Array.from(x(3))).h]);
  });

  it('[WIR8] closes a socket that sends a frame over 1 MiB with 1009, and no other', async () => {
    const { url } = await startServer();
    const bad = await RawClient.connect(url);
    const good = await RawClient.connect(url);
    bad.socket.send(Buffer.alloc(1024 * 1024 + 1));
    expect((await bad.closed).code).toBe(1009);
    expect(await good.request({ type: 'close', channel: 1 })).toMatchObject({ code: 'channel-unknown' });
  });
});

describe('readings and times', () => {
  const spec = { features: 2, units: 3, inputs: { missing: 'hold' } };
  const t = [1_795_651_200_000, 1_795_651_210_000.5];
  const x = [123_465_789.12, 52.520_008_1, 123_465_789.13, 13.404_954_2];

  it.each([
    ['json', false],
    ['msgpack', false],
    ['msgpack', true],
  ] as const)(
    '[WIR14] [TIM1] keep their digits, and come back with every result: %s, packed: %s',
    async (encoding, packed) => {
      const { url } = await startServer();
      const client = await RawClient.connect(url, encoding, false);
      client.send({ type: 'hello', version: 1, packed, float64: true });
      const channel = await client.open('meter', spec);
      const views = ['inputs', 'states', 'predictions'];
      for (const view of views) await client.request({ type: 'subscribe', sequence: 'meter', view });
      const block = { type: 'steps', channel, seq: 0, count: 2, t, x };
      if (packed) client.sendPacked(block);
      else client.send(block);
      for (const view of views) expect((await client.next(view)).t).toEqual(t);
      expect((await client.next('inputs')).x).toEqual(x);
      expect(client.packed > 0).toBe(packed);
      const again = await client.request({ type: 'append', channel, x: x.slice(0, 2), t: t[1], key: 'a' });
      expect(again).toMatchObject({ type: 'appended', channel, seq: 2 });
      await client.find(({ type, seq }) => type === 'inputs' && seq === 2);
      expect(client.all('inputs').at(-1)).toMatchObject({ x: x.slice(0, 2), t: [t[1]] });
    },
  );

  it.each([true, false])(
    '[WIR14] [WIR10] are as in version 0.1 for a client that does not say float64; packed: %s',
    async (packed) => {
      const { url } = await startServer();
      const client = await RawClient.connect(url, 'msgpack', false);
      client.send({ type: 'hello', version: 1, packed });
      const channel = await client.open('meter', spec);
      await client.request({ type: 'subscribe', sequence: 'meter', view: 'inputs' });
      const block = { type: 'steps', channel, seq: 0, count: 2, x };
      if (packed) client.sendPacked(block);
      else client.send(block);
      const { t: times, ...inputs } = await client.next('inputs');
      expect(inputs).toEqual({
        type: 'inputs',
        channel,
        seq: 0,
        count: 2,
        skipped: 0,
        x: x.map(Math.fround),
      });
      expect(times === undefined).toBe(packed);
    },
  );

  it('[TIM5] tell the interval of regular steps in predictions, packed and as maps', async () => {
    const { url } = await startServer();
    const producer = await RawClient.connect(url);
    const channel = await producer.open('meter', spec);
    const intervals = await Promise.all(
      [true, false].map(async (packed) => {
        const client = await RawClient.connect(url, 'msgpack', false);
        client.send({ type: 'hello', version: 1, packed, float64: true });
        await client.request({ type: 'subscribe', sequence: 'meter', view: 'predictions' });
        return client;
      }),
    );
    for (let seq = 0; seq < 12; seq++)
      producer.send({ type: 'steps', channel, seq, count: 1, t: [10_000 * seq], x: [1, seq] });
    for (const client of intervals) {
      await client.find(({ type, seq }) => type === 'predictions' && seq === 11);
      const [first, last] = [client.all('predictions')[0], client.all('predictions').at(-1)];
      expect([first?.interval ?? null, last?.interval]).toEqual([null, 10_000]);
    }
  });
});

describe('a device that begins to count at 0 again', () => {
  const spec = { features: 1, units: 4 };

  /** Pushes numbers in blocks of 50 from a step on, as a device without memory does; gives the last answer. */
  async function run(url: string, first: number, numbers: number[]): Promise<Record<string, unknown>> {
    const client = await RawClient.connect(url, 'json');
    const channel = await client.open('device', spec);
    for (let i = 0; i < numbers.length; i += 50) {
      const x = numbers.slice(i, i + 50);
      const from = client.received.length;
      client.send({ type: 'steps', channel, seq: first + i, count: x.length, x });
      await client.find(({ type }) => type === 'ack' || type === 'error', from);
    }
    client.socket.close();
    return client.received.at(-1)!;
  }
  const numbers = (count: number, offset: number) =>
    Array.from({ length: count }, (_, i) => offset + Math.sin(i * i));

  it.each([
    [1000, 'step-stale'],
    [200, 'step-conflict'],
  ])(
    '[STP15] after %s steps hears %s, and how to go on: nothing is acked that is not kept',
    async (count, code) => {
      const { url } = await startServer();
      expect(await run(url, 0, numbers(count, 20))).toMatchObject({ type: 'ack', seq: count - 1 });
      const refused = await run(url, 0, numbers(50, 50));
      expect(refused).toMatchObject({ type: 'error', code, seq: 0, temporary: false });
      expect(refused.message).toContain(`the last step is ${count - 1}: go on with ${count}, or use append`);
      expect(await run(url, count, numbers(50, 50))).toMatchObject({ type: 'ack', seq: count + 49 });
    },
  );
});

describe('the life of a server', () => {
  it('[SRV1] tells that it is alive and ready', async () => {
    const { httpUrl } = await startServer();
    for (const path of ['/livez', '/readyz']) {
      const answer = await fetch(httpUrl + path);
      expect([answer.status, await answer.json()]).toEqual([200, { status: 'ok' }]);
    }
    expect((await fetch(`${httpUrl}/nowhere`)).status).toBe(404);
  });

  it('[CON8] closes its sockets with the reconnect code when it stops, and carries on under the same port', async () => {
    const first = await startServer();
    const client = await RawClient.connect(first.url);
    const channel = await client.open('pump', FORECAST);
    client.send({ type: 'steps', channel, seq: 0, x: x(0) });
    await client.next('ack');
    await first.server.stop();
    expect(await client.closed).toEqual({ code: 3000, reason: 'server-shutdown' });
    expect(client.all('error')).toMatchObject([{ code: 'server-shutdown', temporary: true }]);
    await expect(RawClient.connect(first.url)).rejects.toThrow('ECONNREFUSED');
    await startServer({}, first.port);
    expect(await (await RawClient.connect(first.url)).open('pump', FORECAST)).toBe(1);
  });

  const upgrade = (url: string, protocols: string[]) =>
    new Promise<number | string>((resolve) => {
      const socket = new WebSocket(url, protocols);
      socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
      socket.on('open', () => {
        resolve(socket.protocol);
        socket.close();
      });
      socket.on('error', () => undefined);
    });

  it('[WIR1] speaks eddy.v1.msgpack before eddy.v1.json, and nothing else', async () => {
    const { url } = await startServer();
    expect(await upgrade(`${url}/stream`, ['eddy.v1.json', 'eddy.v1.msgpack'])).toBe('eddy.v1.msgpack');
    expect(await upgrade(`${url}/stream`, ['eddy.v1.json'])).toBe('eddy.v1.json');
    expect(await upgrade(`${url}/stream`, ['eddy.v2.json'])).toBe(400);
    expect(await upgrade(`${url}/stream`, [])).toBe(400);
    expect(await upgrade(`${url}/elsewhere`, ['eddy.v1.json'])).toBe(404);
  });

  it('[SRV2] takes as many sockets as the limit says', async () => {
    for (const limits of [{ sockets: 1 }, { socketsPerAddress: 1 }]) {
      const { url } = await startServer(limits);
      const first = await RawClient.connect(url);
      expect(await upgrade(`${url}/stream`, ['eddy.v1.json'])).toBe(503);
      first.socket.close();
      await first.closed;
      await RawClient.connect(url);
    }
  });

  it('[SRV4] lets a web page connect only to the server that it came from', async () => {
    const { url, port } = await startServer();
    const connectFrom = (origin: string) =>
      new Promise<number>((resolve) => {
        const socket = new WebSocket(`${url}/stream`, ['eddy.v1.json'], { origin });
        socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
        socket.on('open', () => {
          resolve(101);
          socket.close();
        });
        socket.on('error', () => undefined);
      });
    expect(await connectFrom('https://evil.example')).toBe(403);
    expect(await connectFrom('null')).toBe(403);
    expect(await connectFrom(`http://127.0.0.1:${port}`)).toBe(101);
  });

  it('[SRV3] gives refused sockets back, so that it can stop', async () => {
    const { server, port } = await startServer();
    const socket = connectTcp({ port, host: '127.0.0.1', allowHalfOpen: true });
    let answer = '';
    socket
      .on('error', () => undefined)
      .on('data', (data) => {
        answer += data;
      });
    socket.write(
      `GET /nowhere HTTP/1.1\r\nHost: localhost:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n`,
    );
    await new Promise((resolve) => socket.once('end', resolve));
    expect(answer).toMatch(/^HTTP\/1.1 404/);
    // the peer keeps its half open: the stop waits for no one
    expect(socket.readyState).toBe('writeOnly');
    await server.stop();
    await expect(fetch(`http://127.0.0.1:${port}/livez`)).rejects.toThrow('fetch failed');
    socket.destroy();
  });

  it('[SRV3] survives upgrades that are broken', async () => {
    const { url, port } = await startServer();
    const upgrade = 'HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n';
    for (const text of [
      `GET /stream ${upgrade}`,
      `GET // ${upgrade}`,
      `GET http://%/ ${upgrade}`,
      '\0\0\0',
    ]) {
      const socket = connectTcp(port, '127.0.0.1');
      socket.on('error', () => undefined).resume();
      socket.write(text);
      await new Promise((resolve) => socket.on('close', resolve));
    }
    expect(await (await RawClient.connect(url)).open('pump', FORECAST)).toBe(1);
  });
});
