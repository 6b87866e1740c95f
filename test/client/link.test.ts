import { describe, expect, it, vi } from 'vitest';
import { type ConnectionState, connect, type Report } from '../../client/sdk/index.js';
import { streamUrl } from '../../client/sdk/web-socket.js';
import { Codec } from '../../src/protocol/codec.js';
import type { ServerMessageOf } from '../../src/protocol/messages.js';
import { failure, ScriptedPeer, turn } from './scripted-peer.js';

function watchStates(peer: ScriptedPeer, options = {}) {
  const client = peer.connect(options);
  const states: ConnectionState[] = [];
  client.state$.subscribe((state) => states.push(state));
  return { client, states, names: () => states.map(({ status }) => status) };
}

/** Breaks socket after socket before welcome, and gives the wait after each. */
function failTimes(peer: ScriptedPeer, states: ConnectionState[], times: number): number[] {
  const delays: number[] = [];
  for (let i = 0; i < times; i++) {
    peer.break();
    const state = states.at(-1)!;
    if (state.status !== 'waiting') throw new Error(`not waiting but ${state.status}`);
    delays.push(state.delay);
    peer.advance(state.delay);
  }
  return delays;
}

describe('the connection', () => {
  it('[SDK1] says hello first, and nothing else before welcome', async () => {
    const peer = new ScriptedPeer();
    const client = peer.connect({ agent: 'a test' });
    client.open('s', { spec: { features: 1, units: 2 } }).push([1]);
    client.watch('other').states$.subscribe();
    await turn();
    expect(peer.socket.sent).toEqual([]);
    peer.accept();
    await turn();
    expect(peer.arrived).toEqual([
      { type: 'hello', version: 1, agent: 'a test', packed: true, float64: true },
    ]);
    await peer.settle();
    const types = () => peer.heard.map(({ type }) => type);
    expect(types()).toEqual(['hello', 'open', 'subscribe', 'steps']);
    peer.say({ type: 'welcome', version: 1, server: 'again', limits: {} });
    await peer.settle();
    expect(types()).toEqual(['hello', 'open', 'subscribe', 'steps']);
  });

  it.each([
    ['ws://127.0.0.1:4000', 'ws://127.0.0.1:4000/stream'],
    ['http://host/', 'ws://host/stream'],
    ['https://host:8443?x=1', 'wss://host:8443/stream?x=1'],
    ['wss://host/behind/a/proxy#part', 'wss://host/behind/a/proxy'],
  ])('[SDK2] makes of %s the address %s', (given, expected) => {
    expect(streamUrl(given)).toBe(expected);
  });

  it('[SDK2] refuses other addresses when it is called', () => {
    const WebSocket = vi.fn() as never;
    expect(() => connect('ftp://host', { WebSocket })).toThrow(TypeError);
    expect(() => connect('here', { WebSocket })).toThrow(TypeError);
  });

  it.each([
    [undefined, true],
    [true, true],
    [false, false],
  ])('[SDK3] packs steps with packed: %s: %s', async (packed, isPacked) => {
    const peer = new ScriptedPeer();
    const client = peer.connect(packed === undefined ? {} : { packed });
    client.open('s', { spec: { features: 2, units: 2 } }).push([1, 2.5]);
    await peer.open();
    expect(peer.heardOf('hello')[0]?.packed).toBe(isPacked || undefined);
    expect(peer.socket.sent.map((frame) => frame[0] === 0xc1)).toEqual([false, false, isPacked]);
    expect(peer.sequence('s').steps).toEqual([{ x: [1, 2.5], target: null }]);
  });

  it('[SDK3] takes packed results and acks', async () => {
    const peer = new ScriptedPeer();
    const handle = peer.connect().open('s', { spec: { features: 2, units: 2 } });
    const states: unknown[] = [];
    handle.states$.subscribe(({ seq, skipped, h }) => states.push([seq, skipped, ...h]));
    await peer.open();
    const codec = new Codec('msgpack');
    const h = Float32Array.of(0.5, -1, 2, 3);
    const t = Float64Array.of(10, 20);
    const form = { packed: true, float64: true };
    peer.socket.deliver(
      codec.encode({ type: 'states', channel: 1, seq: 4, count: 2, skipped: 4, t, h }, form),
    );
    expect(states).toEqual([
      [4, 4, 0.5, -1],
      [5, 0, 2, 3],
    ]);
    peer.holdsAcks = true;
    const receipt = handle.push([1, 2]);
    await peer.settle();
    expect(receipt.status).toBe('sent');
    peer.socket.deliver(codec.encode({ type: 'ack', channel: 1, seq: 0 }, form));
    expect(receipt.status).toBe('acked');
  });

  it.each(['msgpack', 'json'] as const)('[SDK3] speaks %s where that is asked for', async (encoding) => {
    const peer = new ScriptedPeer();
    const handle = peer.connect({ encoding }).open('s', { spec: { features: 2, units: 2 } });
    const states: unknown[] = [];
    handle.states$.subscribe(({ seq, h }) => states.push([seq, ...h]));
    handle.push([1, 2.5]);
    await peer.open();
    const t = Float64Array.of(10);
    peer.say({ type: 'states', channel: 1, seq: 0, count: 1, skipped: 0, t, h: new Float32Array([0.5, -1]) });
    expect(peer.socket.protocols).toEqual([`eddy.v1.${encoding}`]);
    expect(typeof peer.socket.sent[0]).toBe(encoding === 'json' ? 'string' : 'object');
    expect(peer.sequence('s').steps).toEqual([{ x: [1, 2.5], target: null }]);
    expect(states).toEqual([[0, 0.5, -1]]);
  });

  it('[SDK4] tells where it stands, and why', async () => {
    const peer = new ScriptedPeer({ unackedSteps: 7 });
    const { client, states, names } = watchStates(peer);
    await peer.open();
    expect(states.at(-1)).toMatchObject({ status: 'open', server: 'peer', limits: { unackedSteps: 7 } });
    peer.break(1006, '', 'getaddrinfo failed');
    expect(states.at(-1)).toMatchObject({
      status: 'waiting',
      delay: 100,
      reason: { code: 'connection-lost', message: expect.stringContaining('1006, getaddrinfo failed') },
    });
    peer.advance(100);
    client.close();
    expect(names()).toEqual(['connecting', 'open', 'waiting', 'connecting', 'closed']);
    expect(states.at(-1)).toMatchObject({ reason: { code: 'client-closed' } });
  });

  it('[SDK5] waits from 100 ms to 10 s, with full jitter, the longer the more tries fail', () => {
    const longest = new ScriptedPeer();
    const high = watchStates(longest, { random: () => 1 });
    expect(failTimes(longest, high.states, 8)).toEqual([200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
    const shortest = new ScriptedPeer();
    const low = watchStates(shortest, { random: () => 0 });
    expect(failTimes(shortest, low.states, 8)).toEqual(Array(8).fill(100));
    const between = new ScriptedPeer();
    const middle = watchStates(between, { random: () => 0.5, backOff: { min: 10, max: 50 } });
    expect(failTimes(between, middle.states, 3)).toEqual([15, 25, 30]);
  });

  it('[SDK5] begins with the shortest wait again only after a connection that lasted', async () => {
    const peer = new ScriptedPeer();
    const { states } = watchStates(peer, { random: () => 1 });
    failTimes(peer, states, 3);
    await peer.open();
    peer.advance(9999);
    expect(failTimes(peer, states, 1)).toEqual([1600]);
    await peer.open();
    peer.advance(10_000);
    expect(failTimes(peer, states, 1)).toEqual([200]);
  });

  it('[SDK39] waits as long as the farewell tells, and backs off again if that fails', async () => {
    const peer = new ScriptedPeer();
    const { states } = watchStates(peer, { random: () => 1 });
    await peer.open();
    const farewell = failure('server-shutdown', {}, true) as ServerMessageOf<'error'>;
    peer.say({ ...farewell, retryMs: 4321 });
    peer.break(3000);
    expect(states.at(-1)).toMatchObject({ status: 'waiting', delay: 4321 });
    peer.advance(4320);
    expect(peer.sockets).toHaveLength(1);
    peer.advance(1);
    expect(peer.sockets).toHaveLength(2);
    expect(failTimes(peer, states, 2)).toEqual([400, 800]);
  });

  it('[SDK39] forgets what a farewell told when the next socket breaks without one', async () => {
    const peer = new ScriptedPeer();
    const { states } = watchStates(peer);
    await peer.open();
    peer.say({ ...(failure('server-shutdown', {}, true) as ServerMessageOf<'error'>), retryMs: 0 });
    expect(failTimes(peer, states, 1)).toEqual([0]);
    await peer.open();
    expect(failTimes(peer, states, 1)).toEqual([100]);
  });

  it.each([3000, 3499, 1009, 4000])('[SDK6] connects again after close code %i', (code) => {
    const peer = new ScriptedPeer();
    peer.connect();
    peer.break(code);
    peer.advance(10_000);
    expect(peer.sockets).toHaveLength(2);
  });

  it.each([
    [3501, 'error-limit'],
    [3999, 'connection-refused'],
  ])('[SDK6] stays closed after close code %i, and fails what is under way with %s', async (code, name) => {
    const peer = new ScriptedPeer();
    const { client, states, names } = watchStates(peer);
    const handle = client.open('s', { spec: { features: 1, units: 1 } });
    const failed = vi.fn();
    client.watch('other').states$.subscribe({ error: failed });
    await peer.open();
    const configured = handle.configure({ learning: false });
    await turn();
    peer.break(code);
    peer.advance(60_000);
    expect(peer.sockets).toHaveLength(1);
    expect(names()).toEqual(['connecting', 'open', 'closed']);
    expect(states.at(-1)).toMatchObject({ reason: { code: name, temporary: false } });
    expect(failed).toHaveBeenCalledWith(expect.objectContaining({ code: name }));
    await expect(configured).rejects.toMatchObject({ code: name });
    expect(() => handle.push([1])).toThrow(expect.objectContaining({ code: name }));
  });

  it('[SDK6] does not connect again after close, whether open or waiting', async () => {
    const open = new ScriptedPeer();
    const client = open.connect();
    await open.open();
    client.close();
    expect(open.socket.closedWith).toBe(1000);
    const waiting = new ScriptedPeer();
    const other = waiting.connect();
    waiting.break();
    other.close();
    for (const peer of [open, waiting]) {
      peer.break();
      peer.advance(60_000);
      expect(peer.sockets).toHaveLength(1);
    }
  });

  it('[SDK6] stays closed where it is closed in answer to the break', async () => {
    const peer = new ScriptedPeer();
    const { client, names } = watchStates(peer);
    const handle = client.open('s', { spec: { features: 1, units: 1 } });
    handle.states$.subscribe({ complete: () => client.close() });
    await peer.open();
    void handle.close();
    await turn();
    peer.break();
    peer.advance(60_000);
    expect(names()).toEqual(['connecting', 'open', 'closed']);
    expect(peer.sockets).toHaveLength(1);
  });

  it('[SDK7] gives a socket up that brings no welcome in time', () => {
    const peer = new ScriptedPeer();
    const { states } = watchStates(peer, { welcomeMs: 500 });
    peer.accept();
    peer.advance(499);
    expect(states.at(-1)).toMatchObject({ status: 'connecting' });
    peer.advance(1);
    expect(states.at(-1)).toMatchObject({
      status: 'waiting',
      reason: { message: expect.stringContaining('welcome') },
    });
    expect(peer.socket.closedWith).toBe(1000);
    const [late] = peer.sockets;
    peer.advance(100);
    late!.break(3501);
    expect(states.at(-1)).toMatchObject({ status: 'connecting' });
    expect(peer.sockets).toHaveLength(2);
  });

  it('[SDK8] closes for good where hello is refused for good', async () => {
    const peer = new ScriptedPeer();
    peer.script = (message) => (message.type === 'hello' ? [failure('version-unsupported')] : undefined);
    const { states } = watchStates(peer);
    await peer.open();
    expect(states.at(-1)).toMatchObject({ status: 'closed', reason: { code: 'version-unsupported' } });
    expect(peer.socket.closedWith).toBe(1000);
  });

  it('[SDK8] takes the farewell of the server as the reason of the close that follows, and not as an error', async () => {
    const peer = new ScriptedPeer();
    const { client, states } = watchStates(peer);
    const reports: Report[] = [];
    client.errors$.subscribe((report) => reports.push(report));
    await peer.open();
    peer.say(failure('server-shutdown', {}, true));
    peer.break(3000);
    expect(states.at(-1)).toMatchObject({
      status: 'waiting',
      reason: { code: 'server-shutdown', message: 'the peer says server-shutdown' },
    });
    expect(reports).toEqual([]);
  });

  it('[SDK9] reports errors that answer nothing, and bytes that are no message, and goes on', async () => {
    const peer = new ScriptedPeer();
    const { client, names } = watchStates(peer);
    const reports: Report[] = [];
    client.errors$.subscribe((report) => reports.push(report));
    await peer.open();
    peer.say(failure('message-unknown'));
    peer.say(failure('of-the-future', { channel: 77, seq: 5 }, true));
    peer.socket.deliver(new Uint8Array([0xc1]));
    expect(reports).toMatchObject([
      { error: { name: 'EddyError', code: 'message-unknown' }, sequence: null, seq: null },
      { error: { name: 'ClientError', code: 'of-the-future', temporary: true }, seq: 5 },
      { error: { code: 'frame-malformed' } },
    ]);
    expect(names()).toEqual(['connecting', 'open']);
  });

  it('[SDK10] needs a WebSocket: that of the runtime, or one that is given', async () => {
    vi.stubGlobal('WebSocket', undefined);
    try {
      expect(() => connect('ws://peer')).toThrow(TypeError);
      const peer = new ScriptedPeer();
      vi.stubGlobal('WebSocket', peer.WebSocket);
      connect('ws://peer').close();
      expect(peer.socket.url).toBe('ws://peer/stream');
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it('[SDK10] has the same names at the door for Node', async () => {
    const node = await import('../../client/sdk/node.js');
    const anywhere = await import('../../client/sdk/index.js');
    expect(Object.keys(node).sort()).toEqual(Object.keys(anywhere).sort());
    const peer = new ScriptedPeer();
    node.connect('ws://peer', { WebSocket: peer.WebSocket }).close();
    expect(peer.sockets).toHaveLength(1);
  });
});
