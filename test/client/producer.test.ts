import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Client, PushedStep, Report, SequenceHandle } from '../../client/sdk/index.js';
import { failure, ScriptedPeer, turn } from './scripted-peer.js';

const FORECAST = { features: 2, units: 2 };
const SUPERVISED = { features: 1, units: 2, task: { kind: 'supervised', outputs: 1 } } as const;

let peer: ScriptedPeer;
let client: Client;
beforeEach(() => {
  peer = new ScriptedPeer();
});
afterEach(() => client.close());

async function open(options: Parameters<Client['open']>[1] = { spec: SUPERVISED }): Promise<SequenceHandle> {
  client = peer.connect();
  const handle = client.open('s', options);
  await peer.open();
  return handle;
}

const blocks = () => peer.heardOf('steps').map(({ seq, x }) => [seq, ...x]);
const code = (expected: string) => expect.objectContaining({ name: 'EddyError', code: expected });
const pushAll = (handle: SequenceHandle, values: number[]) => values.map((value) => handle.push([value]));

describe('pushing steps', () => {
  it('[SDK14] sends the steps of one turn of the event loop as one block, in order', async () => {
    const handle = await open();
    pushAll(handle, [1, 2, 3]);
    expect(peer.arrived).toEqual([]);
    await peer.settle();
    pushAll(handle, [4]);
    await peer.settle();
    expect(blocks()).toEqual([
      [0, 1, 2, 3],
      [3, 4],
    ]);
  });

  it('[SDK14] takes steps before the sequence is open, and sends them when it is', async () => {
    peer.create('s', SUPERVISED, [[9], [9]]);
    client = peer.connect();
    const handle = client.open('s', { mode: 'resume' });
    const [first] = pushAll(handle, [1, 2]);
    expect(first).toMatchObject({ seq: null, status: 'waiting' });
    await peer.open();
    expect(blocks()).toEqual([[2, 1, 2]]);
    expect(first).toMatchObject({ seq: 2, status: 'acked' });
    expect(await handle.opened).toMatchObject({ sequence: 's', seq: 1, created: false, epoch: 'epoch-1' });
  });

  it('[SDK15] cuts blocks at blockSteps, and at half of frameBytes', async () => {
    peer = new ScriptedPeer({ blockSteps: 3, frameBytes: 144 });
    const handle = await open({ spec: FORECAST });
    for (let i = 0; i < 7; i++) handle.push([i, i]);
    await peer.settle();
    expect(peer.heardOf('steps').map(({ seq, x }) => [seq, x.length / 2])).toEqual([
      [0, 3],
      [3, 3],
      [6, 1],
    ]);
    peer = new ScriptedPeer({ frameBytes: 96 });
    const narrow = await open({ spec: FORECAST });
    for (let i = 0; i < 3; i++) narrow.push([i, i]);
    await peer.settle();
    expect(peer.heardOf('steps').map(({ x }) => x.length / 2)).toEqual([2, 1]);
  });

  it('[SDK15] cuts blocks at what opened allows for the model', async () => {
    peer.blockSteps = 2;
    const handle = await open();
    pushAll(handle, [0, 1, 2]);
    await peer.settle();
    expect(blocks()).toEqual([
      [0, 0, 1],
      [2, 2],
    ]);
  });

  it('[SDK15] cuts blocks where targets begin or end', async () => {
    const handle = await open();
    handle.push([1]);
    handle.push([2], [20]);
    handle.push([3], [30]);
    handle.push([4]);
    await peer.settle();
    expect(
      peer.heardOf('steps').map(({ seq, x, targets }) => [seq, [...x], targets && [...targets]]),
    ).toEqual([
      [0, [1], undefined],
      [1, [2, 3], [20, 30]],
      [3, [4], undefined],
    ]);
  });

  it('[SDK16] never has more than unackedSteps in flight', async () => {
    peer = new ScriptedPeer({ unackedSteps: 4 });
    peer.holdsAcks = true;
    const handle = await open({ spec: SUPERVISED, outbox: 10 });
    pushAll(handle, [0, 1, 2, 3, 4, 5, 6]);
    await peer.settle();
    expect(blocks()).toEqual([[0, 0, 1, 2, 3]]);
    peer.say({ type: 'ack', channel: 1, seq: 1 });
    await peer.settle();
    expect(blocks().slice(1)).toEqual([[4, 4, 5]]);
  });

  it('[SDK17] refuses steps when the outbox is full, and keeps what it has', async () => {
    peer.holdsAcks = true;
    const handle = await open({ spec: SUPERVISED, outbox: 2 });
    pushAll(handle, [1, 2]);
    expect(handle.room).toBe(0);
    expect(() => handle.push([3])).toThrow(code('outbox-full'));
    await peer.settle();
    expect(() => handle.push([3])).toThrow(code('outbox-full'));
    expect(handle.unacked).toBe(2);
    peer.say({ type: 'ack', channel: 1, seq: 0 });
    expect(handle.room).toBe(1);
    handle.push([4]);
    await peer.settle();
    expect(blocks()).toEqual([
      [0, 1, 2],
      [2, 4],
    ]);
  });

  it('[SDK17] holds as many steps as the server gives credit for, unless told otherwise', async () => {
    client = peer.connect();
    const handle = client.open('s', { spec: SUPERVISED });
    expect(handle.room).toBe(256);
    peer = new ScriptedPeer({ unackedSteps: 5 });
    expect((await open()).room).toBe(5);
    expect(() => client.open('t', { outbox: 0 })).toThrow(code('setting-invalid'));
  });

  it('[SDK18] gives up the oldest unsent step where the policy says so, counts it and reports it', async () => {
    peer = new ScriptedPeer({ unackedSteps: 2 });
    peer.holdsAcks = true;
    const handle = await open({ spec: SUPERVISED, outbox: 4, overflow: 'drop-oldest-unsent' });
    const reports: Report[] = [];
    handle.errors$.subscribe((report) => reports.push(report));
    pushAll(handle, [0, 1]);
    await peer.settle();
    const later = pushAll(handle, [2, 3, 4, 5]);
    expect(later.map(({ status }) => status)).toEqual(['dropped', 'dropped', 'waiting', 'waiting']);
    expect(handle.dropped).toBe(2);
    expect(reports).toMatchObject([{ error: { code: 'outbox-full' }, sequence: 's' }]);
    peer.say({ type: 'ack', channel: 1, seq: 1 });
    await peer.settle();
    expect(blocks()).toEqual([
      [0, 0, 1],
      [2, 4, 5],
    ]);
  });

  it('[SDK18] never gives up a step that was sent: the new one goes instead', async () => {
    peer.holdsAcks = true;
    const handle = await open({ spec: SUPERVISED, outbox: 2, overflow: 'drop-oldest-unsent' });
    pushAll(handle, [0, 1]);
    await peer.settle();
    peer.break();
    expect(handle.push([2])).toMatchObject({ status: 'dropped', seq: null });
    expect(handle.unacked).toBe(2);
  });

  it('[SDK19] checks and copies what it is given', async () => {
    const handle = await open({ spec: { ...SUPERVISED, batch: 2, inputs: { missing: 'refuse' } } });
    expect(() => handle.push([1])).toThrow(code('step-shape'));
    expect(() => handle.push([1, Number.NaN])).toThrow(code('step-non-finite'));
    expect(() => handle.push([1, 1e39])).toThrow(code('step-non-finite'));
    expect(() => handle.push([1, 2], [1])).toThrow(code('target-shape'));
    expect(() => handle.push([1, 2], [1, Number.POSITIVE_INFINITY])).toThrow(code('target-non-finite'));
    expect(() => handle.learn(0, [1])).toThrow(code('target-shape'));
    expect(handle.unacked).toBe(0);
    const x = [1, 2];
    handle.push(x);
    x[0] = 99;
    await peer.settle();
    expect(blocks()).toEqual([[0, 1, 2]]);
  });

  it('[SDK19] refuses targets of a model that takes none, and steps that fit in no message', async () => {
    peer = new ScriptedPeer({ frameBytes: 15, messageBytes: 7 });
    const forecast = await open({ spec: FORECAST });
    expect(() => forecast.push([1, 2], [1])).toThrow(code('target-unexpected'));
    expect(() => forecast.push([1, 2])).toThrow(code('message-too-large'));
    client.close();
    peer.forget();
    const supervised = await open();
    expect(() => supervised.learn(0, [1])).toThrow(code('message-too-large'));
  });

  it('[SDK19] stops where steps that were pushed too early are none of the model', async () => {
    peer.create('s', FORECAST);
    client = peer.connect();
    const handle = client.open('s');
    const reports: Report[] = [];
    handle.errors$.subscribe((report) => reports.push(report));
    handle.push([1, 2, 3]);
    await peer.open();
    expect(peer.heardOf('steps')).toEqual([]);
    expect(reports).toMatchObject([{ error: { code: 'step-shape' } }]);
    expect(() => handle.push([1, 2])).toThrow(code('step-shape'));
  });

  it('[SDK20] tells the last durable step, to late subscribers too', async () => {
    peer.holdsAcks = true;
    const handle = await open();
    const acked: number[] = [];
    handle.acked$.subscribe((seq) => acked.push(seq));
    const steps = pushAll(handle, [0, 1, 2]);
    await peer.settle();
    expect(acked).toEqual([]);
    peer.say({ type: 'ack', channel: 1, seq: 1 });
    expect(steps.map(({ status }) => status)).toEqual(['acked', 'acked', 'sent']);
    peer.say({ type: 'ack', channel: 1, seq: 2 });
    expect(acked).toEqual([1, 2]);
    handle.acked$.subscribe((seq) => acked.push(seq));
    expect(acked).toEqual([1, 2, 2]);
  });

  it('[SDK21] resolves ready when there is room, and drained when all is acked', async () => {
    peer.holdsAcks = true;
    const handle = await open({ spec: SUPERVISED, outbox: 2 });
    await handle.ready();
    await handle.drained();
    const done: string[] = [];
    pushAll(handle, [0, 1]);
    void handle.ready().then(() => done.push('ready'));
    void handle.drained().then(() => done.push('drained'));
    await peer.settle();
    expect(done).toEqual([]);
    peer.say({ type: 'ack', channel: 1, seq: 0 });
    await turn();
    expect(done).toEqual(['ready']);
    peer.say({ type: 'ack', channel: 1, seq: 1 });
    await turn();
    expect(done).toEqual(['ready', 'drained']);
  });

  it('[SDK21] rejects ready and drained when steps can no longer be acked', async () => {
    peer.holdsAcks = true;
    const handle = await open({ spec: SUPERVISED, outbox: 1 });
    handle.push([0]);
    const waiting = Promise.allSettled([handle.ready(), handle.drained()]);
    client.close();
    const closed = { status: 'rejected', reason: code('client-closed') };
    expect(await waiting).toEqual([closed, closed]);
    await expect(handle.ready()).rejects.toEqual(code('client-closed'));
    await expect(handle.drained()).rejects.toEqual(code('client-closed'));
  });
});

describe('refused steps', () => {
  it.each([
    'step-conflict',
    'step-gap',
    'block-too-long',
    'credit-exceeded',
    'channel-unknown',
    'sequence-failed',
  ])('[SDK22] stops at %s: it is reported, nothing is sent after it, and push throws it', async (name) => {
    const handle = await open();
    peer.script = ({ type }) => (type === 'steps' ? [failure(name, { channel: 1, seq: 0 })] : undefined);
    const reports: Report[] = [];
    handle.errors$.subscribe((report) => reports.push(report));
    handle.push([0]);
    const drained = handle.drained();
    drained.catch(() => undefined);
    await turn();
    peer.process();
    handle.push([1]);
    peer.deliver();
    await peer.settle();
    await peer.reconnect();
    expect(peer.heardOf('steps')).toHaveLength(1);
    expect(reports).toEqual([{ error: code(name), sequence: 's', seq: 0 }]);
    expect(() => handle.push([2])).toThrow(code(name));
    await expect(drained).rejects.toEqual(code(name));
    await expect(handle.ready()).rejects.toEqual(code(name));
    expect(handle.unacked).toBe(2);
    const closed = handle.close();
    await peer.settle();
    await closed;
  });

  it('[SDK22] stops at the first refusal, whatever follows from it', async () => {
    peer = new ScriptedPeer({ blockSteps: 1 });
    const handle = await open();
    peer.sequence('s').steps.push({ x: [7], target: null });
    pushAll(handle, [0, 1, 2]);
    peer.script = (message) =>
      message.type === 'steps' && message.seq > 0
        ? [failure('step-gap', { channel: 1, seq: message.seq })]
        : undefined;
    await peer.settle();
    expect(peer.heardOf('steps')).toHaveLength(3);
    expect(() => handle.push([3])).toThrow(code('step-conflict'));
    await expect(handle.ready()).rejects.toEqual(code('step-conflict'));
  });

  it('[SDK22] stops where a block is refused for a target in it, and not for a late target', async () => {
    peer.holdsAcks = true;
    const handle = await open();
    const reports: Report[] = [];
    handle.errors$.subscribe((report) => reports.push(report));
    handle.push([0]);
    await peer.settle();
    void handle.learn(0, [1]);
    peer.say(failure('target-distribution', { channel: 1, seq: 0 }));
    handle.push([1], [1]);
    await peer.settle();
    peer.say(failure('target-expired', { channel: 1, seq: 1 }));
    handle.push([2]);
    peer.say(failure('target-distribution', { channel: 1, seq: 1 }));
    expect(() => handle.push([3])).toThrow(code('target-distribution'));
    expect(reports.map(({ error, seq }) => [error.code, seq])).toEqual([
      ['target-distribution', 0],
      ['target-expired', 1],
      ['target-distribution', 1],
    ]);
  });

  it('[SDK23] reports errors of a channel to its handle, or to the client while nobody listens there', async () => {
    const handle = await open();
    const general: Report[] = [];
    const own: Report[] = [];
    client.errors$.subscribe((report) => general.push(report));
    peer.say(failure('target-early', { channel: 1, seq: 7 }));
    const listening = handle.errors$.subscribe((report) => own.push(report));
    peer.say(failure('target-early', { channel: 1, seq: 8 }));
    listening.unsubscribe();
    peer.say(failure('target-early', { channel: 1, seq: 9 }));
    expect(general.map(({ sequence, seq }) => [sequence, seq])).toEqual([
      ['s', 7],
      ['s', 9],
    ]);
    expect(own).toEqual([{ error: code('target-early'), sequence: 's', seq: 8 }]);
    peer.forget();
    await peer.reconnect();
    peer.say(failure('target-early', { channel: 1, seq: 10 }));
    expect(general.at(-1)).toMatchObject({ sequence: null, seq: 10 });
  });
});

describe('late targets', () => {
  const targets = () => peer.sequence('s').steps.map(({ target }) => target);

  it('[SDK24] go with a step that waits, and else in a message of their own', async () => {
    const handle = await open();
    const [first] = pushAll(handle, [1]) as [PushedStep];
    await peer.settle();
    const second = handle.push([2]);
    void handle.learn(second, [20]);
    void handle.learn(first, [10]);
    await peer.settle();
    handle.push([3]);
    await peer.settle();
    void handle.learn(2, [30]);
    await peer.settle();
    expect(targets()).toEqual([[10], [20], [30]]);
    expect(peer.heardOf('targets').map(({ seq }) => seq)).toEqual([0, 2]);
  });

  it('[SDK24] are taken once for each step', async () => {
    const handle = await open();
    const step = handle.push([1], [10]);
    expect(() => handle.learn(step, [11])).toThrow(code('target-duplicate'));
    await peer.settle();
    expect(() => handle.learn(step, [11])).toThrow(code('target-duplicate'));
    const late = handle.push([2]);
    await peer.settle();
    void handle.learn(late, [20]);
    expect(() => handle.learn(late, [21])).toThrow(code('target-duplicate'));
  });

  it('[SDK24] of a step that was given up are refused', async () => {
    client = peer.connect();
    const handle = client.open('s', { spec: SUPERVISED, outbox: 1, overflow: 'drop-oldest-unsent' });
    const [dropped] = pushAll(handle, [1, 2]);
    expect(() => handle.learn(dropped!, [1])).toThrow(code('target-expired'));
  });

  it('[SDK24] wait for the next socket, whether the server has the step or not', async () => {
    peer.holdsAcks = true;
    const handle = await open({ spec: SUPERVISED, outbox: 3 });
    const errors: unknown[] = [];
    handle.errors$.subscribe(({ error }) => errors.push(error.code));
    const [acked] = pushAll(handle, [0]) as [PushedStep];
    await peer.settle();
    peer.say({ type: 'ack', channel: 1, seq: 0 });
    const [accepted] = pushAll(handle, [1]) as [PushedStep];
    await peer.settle();
    const lost = handle.push([2]);
    await turn();
    peer.break();
    for (const [step, target] of [
      [acked, 0.5],
      [accepted, 1.5],
      [lost, 2.5],
    ] as const)
      void handle.learn(step, [target]);
    expect(peer.sequence('s').steps).toHaveLength(2);
    peer.advance(100);
    await peer.open();
    expect(targets()).toEqual([[0.5], [1.5], [2.5]]);
    expect(peer.heardOf('targets').map(({ seq }) => seq)).toEqual([0, 1, 2]);
    expect(errors).toEqual([]);
  });

  it('[SDK24] that wait are bounded like steps', async () => {
    const handle = await open({ spec: SUPERVISED, outbox: 2 });
    for (let i = 0; i < 3; i++) {
      handle.push([i]);
      await peer.settle();
    }
    peer.break();
    void handle.learn(0, [1]);
    void handle.learn(1, [1]);
    expect(() => handle.learn(2, [1])).toThrow(code('outbox-full'));
  });
});

describe('requests', () => {
  it('[SDK25] keep their place between the steps', async () => {
    peer = new ScriptedPeer({ unackedSteps: 2 });
    const handle = await open({ spec: SUPERVISED, outbox: 10 });
    pushAll(handle, [0, 1, 2]);
    const reset = handle.reset('state');
    handle.push([3]);
    const configured = handle.configure({ learning: false, learningRate: 0.5 });
    await peer.settle();
    await Promise.all([reset, configured]);
    expect(peer.heard.slice(2)).toMatchObject([
      { type: 'steps', seq: 0 },
      { type: 'steps', seq: 2 },
      { type: 'reset', channel: 1, what: 'state' },
      { type: 'steps', seq: 3 },
      { type: 'configure', channel: 1, learning: false, learningRate: 0.5 },
    ]);
  });

  it('[SDK25] keep their place when steps before them are given up', async () => {
    client = peer.connect();
    const handle = client.open('s', { spec: SUPERVISED, outbox: 2, overflow: 'drop-oldest-unsent' });
    pushAll(handle, [0, 1]);
    const reset = handle.reset('state');
    pushAll(handle, [2]);
    await peer.open();
    await reset;
    expect(peer.heard.slice(2)).toMatchObject([
      { type: 'steps', seq: 0 },
      { type: 'reset' },
      { type: 'steps', seq: 1 },
    ]);
    expect(blocks()).toEqual([
      [0, 1],
      [1, 2],
    ]);
  });

  it('[SDK26] reject with the error of the server, codes of the future included', async () => {
    const handle = await open();
    peer.script = (message) =>
      message.type === 'configure'
        ? [failure('setting-invalid', { re: message.id })]
        : message.type === 'reset'
          ? [failure('of-the-future', { re: message.id }, true)]
          : undefined;
    const outcomes = Promise.allSettled([handle.configure({ learningRate: -1 }), handle.reset('weights')]);
    await peer.settle();
    expect(await outcomes).toMatchObject([
      { reason: { name: 'EddyError', code: 'setting-invalid', message: 'the peer says setting-invalid' } },
      { reason: { name: 'ClientError', code: 'of-the-future', temporary: true } },
    ]);
  });

  it('[SDK26] reject when the connection breaks before the answer, and wait when it breaks before they are sent', async () => {
    const handle = await open();
    const sent = handle.reset('state');
    sent.catch(() => undefined);
    await turn();
    peer.break();
    const waiting = handle.reset('weights');
    peer.advance(100);
    await peer.open();
    await expect(sent).rejects.toEqual(code('connection-lost'));
    await waiting;
    expect(peer.heardOf('reset').map(({ what }) => what)).toEqual(['weights']);
  });
});
