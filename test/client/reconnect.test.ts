import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Client, OpenOptions, PushedStep, Report } from '../../client/sdk/index.js';
import { failure, ScriptedPeer, turn } from './scripted-peer.js';

const SPEC = { features: 1, units: 2 };

let peer: ScriptedPeer;
let client: Client;
let reports: Report[];
beforeEach(() => {
  peer = new ScriptedPeer();
  client = peer.connect();
  reports = [];
  client.errors$.subscribe((report) => reports.push(report));
});
afterEach(() => client.close());

async function open(options: OpenOptions = { spec: SPEC }) {
  const handle = client.open('s', options);
  await peer.open();
  return handle;
}

const code = (expected: string) => expect.objectContaining({ name: 'EddyError', code: expected });
const accepted = () => peer.sequence('s').steps.map(({ x }) => x[0]);
const opens = () => peer.heardOf('open').map(({ mode, spec }) => [mode, spec !== undefined]);

describe('a broken connection', () => {
  it('[SDK27] has what was not acked sent again, with the same numbers, and what is new after it', async () => {
    const handle = await open();
    handle.push([0]);
    await peer.settle();
    const steps = [1, 2, 3].map((value) => handle.push([value]));
    await turn();
    peer.break();
    steps.push(handle.push([4]));
    peer.advance(100);
    await peer.open();
    expect(peer.heardOf('steps').map(({ seq, x }) => [seq, ...x])).toEqual([
      [0, 0],
      [1, 1, 2, 3, 4],
    ]);
    expect(steps).toMatchObject([1, 2, 3, 4].map((seq) => ({ seq, status: 'acked' })));
    expect(accepted()).toEqual([0, 1, 2, 3, 4]);
    await handle.drained();
    expect(reports).toEqual([]);
  });

  it('[SDK27] leaves steps un-acked that were accepted, until the ack for them has come', async () => {
    peer.holdsAcks = true;
    const handle = await open();
    handle.push([0]);
    await peer.settle();
    expect(accepted()).toEqual([0]);
    await peer.reconnect();
    expect(accepted()).toEqual([0]);
    expect(handle.unacked).toBe(1);
    peer.say({ type: 'ack', channel: 1, seq: 0 });
    expect(handle.unacked).toBe(0);
  });

  it.each(['fail', 'drop-oldest-unsent'] as const)(
    '[SDK27] applies each step once and in order, whatever breaks when (%s)',
    async (overflow) => {
      const action = fc.oneof(
        { weight: 4, arbitrary: fc.record({ push: fc.integer({ min: 1, max: 5 }), late: fc.boolean() }) },
        { weight: 3, arbitrary: fc.record({ process: fc.integer({ min: 1, max: 3 }) }) },
        { weight: 3, arbitrary: fc.record({ deliver: fc.integer({ min: 1, max: 3 }) }) },
        { weight: 1, arbitrary: fc.record({ break: fc.integer({ min: 0, max: 3 }) }) },
        { weight: 2, arbitrary: fc.constant({ connect: true }) },
        { weight: 1, arbitrary: fc.constant({ reset: true }) },
      );
      await fc.assert(
        fc.asyncProperty(fc.array(action, { minLength: 5, maxLength: 60, size: 'max' }), async (actions) => {
          const peer = new ScriptedPeer({ unackedSteps: 6, blockSteps: 4 });
          const client = peer.connect();
          const task = { kind: 'supervised', outputs: 1 } as const;
          const handle = client.open('s', { spec: { ...SPEC, task }, outbox: 9, overflow });
          const errors: Report[] = [];
          handle.errors$.subscribe((report) => errors.push(report));
          const pushed: PushedStep[] = [];
          const targets: (number | null)[] = [];
          await peer.open();
          let accepts = true;
          for (const one of actions) {
            if ('push' in one)
              for (let i = 0; i < one.push && (overflow !== 'fail' || handle.room > 0); i++) {
                const value = pushed.length;
                targets.push(one.late ? null : value);
                pushed.push(handle.push([value], one.late ? undefined : [value]));
              }
            if ('reset' in one) handle.reset('state').catch(() => undefined);
            if ('process' in one && accepts) peer.process(one.process);
            if ('deliver' in one && accepts) peer.deliver(one.deliver);
            if ('break' in one && accepts) {
              peer.process(one.break);
              peer.break();
              accepts = false;
            }
            if ('connect' in one && !accepts) {
              peer.advance(100);
              peer.accept();
              accepts = true;
            }
            await turn();
            expect(handle.unacked).toBeLessThanOrEqual(9);
          }
          if (accepts) peer.break();
          peer.advance(100);
          await peer.open();
          await handle.drained();
          const kept = pushed.flatMap((step, i) => (step.status === 'dropped' ? [] : [i]));
          expect(peer.sequence('s').steps.map(({ x, target }) => [x[0], target?.[0] ?? null])).toEqual(
            kept.map((i) => [i, targets[i]]),
          );
          expect(pushed.filter(({ status }) => status !== 'dropped').map(({ seq }) => seq)).toEqual(
            kept.map((_, i) => i),
          );
          expect(overflow === 'fail' ? kept.length : kept.length + handle.dropped).toBe(pushed.length);
          expect(errors.filter(({ error }) => error.code !== 'outbox-full')).toEqual([]);
          client.close();
        }),
        { numRuns: 300 },
      );
    },
  );

  it('[SDK28] to a server that lost what it had acked is reported, and the rest gets the numbers that follow', async () => {
    const handle = await open();
    for (const value of [0, 1, 2]) handle.push([value]);
    await peer.settle();
    const step = handle.push([3]);
    await turn();
    expect(step.seq).toBe(3);
    peer.break();
    handle.push([4]);
    peer.forget();
    peer.advance(100);
    await peer.open();
    expect(accepted()).toEqual([3, 4]);
    expect(step).toMatchObject({ seq: 0, status: 'acked' });
    expect(reports).toMatchObject([
      { error: { code: 'history-lost', temporary: false }, sequence: 's', seq: -1 },
    ]);
    handle.push([5]);
    await peer.settle();
    expect(accepted()).toEqual([3, 4, 5]);
  });

  it('[SDK28] to a server that lost only a part of it goes on from there', async () => {
    const handle = await open();
    for (const value of [0, 1, 2]) handle.push([value]);
    await peer.settle();
    peer.break();
    peer.sequence('s').steps.length = 2;
    peer.advance(100);
    await peer.open();
    handle.push([3]);
    await peer.settle();
    expect(accepted()).toEqual([0, 1, 3]);
    expect(reports).toMatchObject([{ error: { code: 'history-lost' }, seq: 1 }]);
  });

  it('[SDK28] gives up and counts late targets of a history that was lost', async () => {
    const task = { kind: 'supervised', outputs: 1 } as const;
    const handle = await open({ spec: { ...SPEC, task } });
    const step = handle.push([0]);
    await peer.settle();
    peer.break();
    void handle.learn(step, [1]);
    peer.forget();
    peer.advance(100);
    await peer.open();
    expect(peer.heardOf('targets')).toEqual([]);
    expect(reports).toMatchObject([{ error: { message: expect.stringContaining('1 late targets') } }]);
  });

  it('[SDK29] goes on after a reset, whose epoch is another and whose numbers go on', async () => {
    const handle = await open();
    handle.push([0]);
    await peer.settle();
    handle.push([1]);
    await turn();
    peer.break();
    peer.sequence('s').epoch = 'another';
    peer.advance(100);
    await peer.open();
    expect(accepted()).toEqual([0, 1]);
    expect(reports).toEqual([]);
  });

  it('[SDK29] finds the steps of another producer, instead of taking them for its own', async () => {
    const handle = await open();
    const mine = handle.push([1]);
    await turn();
    peer.break();
    peer.sequence('s').steps.push({ x: [7], target: null }, { x: [8], target: null });
    peer.advance(100);
    await peer.open();
    expect(mine.status).toBe('sent');
    expect(reports).toEqual([{ error: code('step-conflict'), sequence: 's', seq: 0 }]);
    expect(() => handle.push([2])).toThrow(code('step-conflict'));
  });

  it('[SDK29] goes on after another producer that wrote behind its accepted steps', async () => {
    peer.holdsAcks = true;
    const handle = await open();
    handle.push([0]);
    await peer.settle();
    peer.break();
    handle.push([2]);
    handle.push([3]);
    peer.holdsAcks = false;
    peer.sequence('s').steps.push({ x: [1], target: null });
    peer.advance(100);
    await peer.open();
    await handle.drained();
    expect(accepted()).toEqual([0, 1, 2, 3]);
    expect(reports).toEqual([]);
  });

  it('[SDK29] goes on after another producer where nothing of its own is un-acked', async () => {
    const handle = await open();
    handle.push([0]);
    await peer.settle();
    peer.break();
    const waiting = handle.push([1]);
    peer.sequence('s').steps.push({ x: [7], target: null });
    peer.advance(100);
    await peer.open();
    expect(accepted()).toEqual([0, 7, 1]);
    expect(waiting).toMatchObject({ seq: 2, status: 'acked' });
  });
});

describe('opening', () => {
  it('[SDK11] resolves with what the server says', async () => {
    const handle = await open({ spec: SPEC, mode: 'create' });
    expect(await handle.opened).toEqual({
      sequence: 's',
      epoch: 'epoch-1',
      seq: -1,
      durable: -1,
      created: true,
      learning: true,
      learningRate: 0.01,
      spec: peer.sequence('s').spec,
      fields: [{ name: 'x0' }],
      targets: [],
      resample: null,
    });
    expect(opens()).toEqual([['create', true]]);
  });

  it.each([
    ['sequence-unknown', { mode: 'resume' }],
    ['spec-required', {}],
  ] as const)('[SDK11] refused the first time with %s is refused for good', async (name, options) => {
    const handle = client.open('s', options);
    const failed: unknown[] = [];
    handle.states$.subscribe({ error: (error) => failed.push(error) });
    handle.push([1]);
    const reset = handle.reset('state');
    await Promise.all([peer.open(), expect(reset).rejects.toEqual(code(name))]);
    await expect(handle.opened).rejects.toEqual(code(name));
    expect(() => handle.push([1])).toThrow(code(name));
    await expect(handle.drained()).rejects.toEqual(code(name));
    expect(failed).toEqual([code(name)]);
    client.open('s', { spec: SPEC });
    await peer.settle();
    expect(peer.sequences.has('s')).toBe(true);
  });

  it('[SDK11] of a sequence that this client already has open is refused', async () => {
    const handle = await open();
    expect(() => client.open('s')).toThrow(code('sequence-exists'));
    const closed = handle.close();
    await peer.settle();
    await closed;
    expect(() => client.open('s')).not.toThrow();
  });

  it('[SDK12] again resumes, whatever the mode was', async () => {
    await open({ spec: SPEC, mode: 'create' });
    await peer.reconnect();
    expect(opens()).toEqual([
      ['create', true],
      ['resume', true],
    ]);
  });

  it('[SDK12] again makes the sequence where it is gone, with the spec that is known', async () => {
    peer.create('s', SPEC);
    await open({});
    peer.forget();
    await peer.reconnect();
    expect(opens()).toEqual([
      ['either', false],
      ['resume', false],
      ['either', true],
    ]);
    expect(peer.sequence('s').spec).toMatchObject(SPEC);
  });

  it('[SDK12] again waits with back-off for a sequence that it may not make, and reports that', async () => {
    peer.create('s', SPEC);
    const handle = await open({ mode: 'resume' });
    peer.forget();
    handle.push([0]);
    await peer.reconnect();
    peer.advance(99);
    await peer.settle();
    expect(opens()).toHaveLength(2);
    peer.advance(1);
    await peer.settle();
    expect(opens()).toHaveLength(3);
    expect(reports).toMatchObject([
      { error: { code: 'sequence-unknown' }, sequence: 's' },
      { error: { code: 'sequence-unknown' }, sequence: 's' },
    ]);
    peer.create('s', SPEC);
    peer.advance(10_000);
    await peer.settle();
    expect(accepted()).toEqual([0]);
  });

  it('[SDK12] again waits, too, where the server cannot make it yet', async () => {
    await open();
    peer.script = (message) =>
      message.type === 'open' ? [failure('sequence-unknown', { re: message.id }, true)] : undefined;
    await peer.reconnect();
    expect(opens().slice(1)).toEqual([
      ['resume', true],
      ['either', true],
    ]);
  });

  it('[SDK12] again begins the back-off anew after a success', async () => {
    client.close();
    client = peer.connect({ random: () => 1 });
    peer.create('s', SPEC);
    await open({ mode: 'resume' });
    for (let round = 0; round < 2; round++) {
      peer.forget();
      await peer.reconnect();
      const before = opens().length;
      peer.advance(199);
      await peer.settle();
      expect(opens()).toHaveLength(before);
      peer.advance(1);
      await peer.settle();
      expect(opens()).toHaveLength(before + 1);
      peer.create('s', SPEC);
      peer.advance(10_000);
      await peer.settle();
    }
  });

  it('[SDK12] again is left to the next socket where the connection breaks while it waits', async () => {
    client.close();
    client = peer.connect({ random: () => 1 });
    peer.create('s', SPEC);
    await open({ mode: 'resume' });
    peer.forget();
    await peer.reconnect();
    for (let i = 0; i < 8; i++) {
      peer.advance(2000);
      await peer.settle();
    }
    const before = opens().length;
    peer.break();
    peer.advance(9000);
    expect(peer.sockets).toHaveLength(4);
    expect(peer.socket.sent).toEqual([]);
    await peer.open();
    expect(opens()).toHaveLength(before + 1);
  });

  it('[SDK12] again refused for good ends the handle and is reported', async () => {
    const handle = await open();
    peer.script = (message) =>
      message.type === 'open' ? [failure('spec-conflict', { re: message.id })] : undefined;
    await peer.reconnect();
    expect(reports).toEqual([{ error: code('spec-conflict'), sequence: 's', seq: null }]);
    expect(() => handle.push([1])).toThrow(code('spec-conflict'));
  });

  it('[SDK13] asks anew where the connection breaks before the answer', async () => {
    const handle = client.open('s', { spec: SPEC });
    handle.push([0]);
    peer.accept();
    await turn();
    peer.process();
    peer.deliver();
    await turn();
    peer.break();
    peer.advance(100);
    await peer.open();
    expect(await handle.opened).toMatchObject({ seq: -1 });
    expect(accepted()).toEqual([0]);
  });

  it.each([
    ['is taken for its own', [], false],
    ['is refused where it has steps', [[5]], true],
  ])('[SDK13] a sequence found after an unanswered create %s', async (_, steps, isRefused) => {
    const handle = client.open('s', { spec: SPEC, mode: 'create' });
    peer.accept();
    await turn();
    peer.process();
    peer.deliver();
    await turn();
    peer.break();
    peer.create('s', SPEC, steps);
    peer.advance(100);
    await peer.open();
    expect(opens()).toEqual([['either', true]]);
    if (isRefused) await expect(handle.opened).rejects.toEqual(code('sequence-exists'));
    else expect(await handle.opened).toMatchObject({ created: false });
  });
});

describe('closing', () => {
  it('[SDK30] a handle waits for the acks, gives the channel back and completes its results', async () => {
    peer.holdsAcks = true;
    const handle = await open();
    const events: string[] = [];
    handle.states$.subscribe({ complete: () => events.push('complete') });
    handle.acked$.subscribe({ complete: () => events.push('no more acks') });
    handle.push([0]);
    const closed = handle.close().then(() => events.push('closed'));
    expect(() => handle.push([1])).toThrow(code('client-closed'));
    await peer.settle();
    expect(peer.heardOf('close')).toEqual([]);
    peer.say({ type: 'ack', channel: 1, seq: 0 });
    await peer.settle();
    await closed;
    expect(peer.heardOf('close')).toMatchObject([{ channel: 1 }]);
    expect(events.sort()).toEqual(['closed', 'complete', 'no more acks']);
    await expect(handle.reset('state')).rejects.toEqual(code('client-closed'));
    await handle.close();
  });

  it('[SDK30] a handle lets requests go first', async () => {
    const handle = await open();
    const done: string[] = [];
    void handle.reset('state').then(() => done.push('reset'));
    void handle.close().then(() => done.push('close'));
    await peer.settle();
    expect(done.sort()).toEqual(['close', 'reset']);
    expect(peer.heard.slice(2).map(({ type }) => type)).toEqual(['reset', 'close']);
  });

  it('[SDK30] a handle gives the channel back once, and after the answer where it is still being opened', async () => {
    const handle = client.open('s', { spec: SPEC });
    await peer.open();
    const opening = client.open('t', { spec: SPEC });
    const closed = Promise.all([handle.close(), handle.close(), opening.close()]);
    await peer.settle();
    await closed;
    expect(peer.heardOf('close').map(({ channel }) => channel)).toEqual([1, 2]);
    expect(await opening.opened).toMatchObject({ sequence: 't' });
  });

  it('[SDK30] a handle outlasts a broken connection while steps are un-acked, and no longer', async () => {
    const handle = await open();
    handle.push([0]);
    await turn();
    let isClosed = false;
    const closed = handle.close().then(() => {
      isClosed = true;
    });
    peer.break();
    await turn();
    expect(isClosed).toBe(false);
    peer.advance(100);
    await peer.open();
    await closed;
    expect(accepted()).toEqual([0]);
    const again = client.open('s', { spec: SPEC });
    await peer.settle();
    const closing = again.close();
    await turn();
    expect(peer.arrived).toMatchObject([{ type: 'close' }]);
    peer.break();
    await closing;
    peer.advance(10_000);
    await peer.open();
    const idle = client.open('t', { spec: SPEC });
    await peer.settle();
    peer.break();
    await idle.close();
  });

  it('[SDK31] the client completes results, and rejects what waits', async () => {
    const handle = await open();
    const ends: string[] = [];
    handle.states$.subscribe({ complete: () => ends.push('states') });
    client.watch('other').metrics$.subscribe({ complete: () => ends.push('metrics') });
    client.errors$.subscribe({ complete: () => ends.push('errors') });
    client.state$.subscribe({ complete: () => ends.push('state') });
    handle.push([0]);
    const outcomes = Promise.allSettled([handle.reset('state'), handle.drained(), client.open('t').opened]);
    client.close();
    expect((await outcomes).map((outcome) => outcome.status === 'rejected' && outcome.reason.code)).toEqual(
      Array(3).fill('client-closed'),
    );
    expect(ends.sort()).toEqual(['errors', 'metrics', 'state', 'states']);
    expect(() => client.open('u')).toThrow(code('client-closed'));
    const failed: unknown[] = [];
    client.watch('u').states$.subscribe({ error: (error) => failed.push(error) });
    expect(failed).toEqual([code('client-closed')]);
    client.close();
  });
});
