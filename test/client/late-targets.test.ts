/** Targets that come after their steps, over connections that break. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Client, OpenOptions, Report, SequenceHandle } from '../../client/sdk/index.js';
import { failure, ScriptedPeer, turn } from './scripted-peer.js';

const SPEC = { features: 1, units: 1, task: { kind: 'supervised', outputs: 1 } } as const;

let peer: ScriptedPeer;
let client: Client;
beforeEach(() => {
  peer = new ScriptedPeer();
});
afterEach(() => client.close());

const code = (expected: string) => expect.objectContaining({ code: expected });

async function open(options: Partial<OpenOptions> = {}): Promise<SequenceHandle> {
  client = peer.connect();
  const handle = client.open('s', { spec: SPEC, ...options });
  await peer.open();
  return handle;
}

async function reconnect(): Promise<void> {
  peer.break();
  peer.advance(100);
  await peer.open();
}

/** Notes when a target is settled, and how. */
function noted(kept: Promise<void>): string[] {
  const outcome: string[] = [];
  kept.then(
    () => outcome.push('kept'),
    (error: { code: string }) => outcome.push(error.code),
  );
  return outcome;
}

const idOfTargets = () => peer.heardOf('targets')[0]!.id!;

const heard = () =>
  peer.heard.flatMap((message) =>
    message.type === 'steps' || message.type === 'targets'
      ? [`${message.type} ${message.seq}`]
      : message.type === 'reset'
        ? ['reset']
        : [],
  );

describe('a late target', () => {
  it('[SDK48] is kept when the server says so, with its step or alone', async () => {
    peer.holdsAcks = true;
    const handle = await open();
    const [sent, waiting] = [handle.push([0]), null];
    await peer.settle();
    const late = noted(handle.learn(sent, [1]));
    const next = handle.push([1]);
    const along = noted(handle.learn(next, [2]));
    await peer.settle();
    expect([late, along, waiting]).toEqual([[], [], null]);
    expect(handle.unackedTargets).toBe(1);
    const id = idOfTargets();
    peer.say({ type: 'done', re: id });
    peer.say({ type: 'ack', channel: 1, seq: 1 });
    await peer.settle();
    expect([late, along]).toEqual([['kept'], ['kept']]);
    expect(handle.unackedTargets).toBe(0);
  });

  it('[SDK48] is sent again until it is durable: after its step, in order, before later requests', async () => {
    peer.holdsAcks = true;
    const handle = await open();
    const steps = [0, 1, 2].map((value) => handle.push([value]));
    await peer.settle();
    const kept = [2, 0, 1].map((at) => noted(handle.learn(steps[at]!, [10 + at])));
    handle.reset('state').catch(() => undefined);
    await peer.settle();
    expect(heard()).toEqual(['steps 0', 'targets 2', 'targets 0', 'targets 1', 'reset']);
    peer.heard.length = 0;
    // the server lost all of it, as a step that is not acked may be
    peer.sequence('s').steps.length = 0;
    await reconnect();
    expect(heard()).toEqual(['steps 0', 'targets 2', 'targets 0', 'targets 1']);
    expect(peer.sequence('s').steps.map(({ target }) => target)).toEqual([[10], [11], [12]]);
    peer.holdsAcks = false;
    peer.heard.length = 0;
    await reconnect();
    expect(heard()).toEqual(['steps 0', 'targets 2', 'targets 0', 'targets 1']);
    expect(kept).toEqual([['kept'], ['kept'], ['kept']]);
    expect(peer.sequence('s').steps.map(({ target }) => target)).toEqual([[10], [11], [12]]);
  });

  it('[SDK48] is sent again at its place between the steps, so that it does not come later', async () => {
    peer.holdsAcks = true;
    const handle = await open();
    const step = handle.push([0]);
    await peer.settle();
    void handle.learn(step, [1]);
    for (const value of [1, 2]) {
      handle.push([value]);
      await peer.settle();
    }
    expect(heard()).toEqual(['steps 0', 'targets 0', 'steps 1', 'steps 2']);
    peer.heard.length = 0;
    peer.sequence('s').steps.length = 0;
    await reconnect();
    expect(heard()).toEqual(['steps 0', 'targets 0', 'steps 1']);
    expect(peer.sequence('s').steps).toHaveLength(3);
  });

  it('[SDK48] of a step that was sent without it does not change that step, which is sent again as it was', async () => {
    peer.holdsAcks = true;
    const handle = await open();
    const step = handle.push([0]);
    await peer.settle();
    peer.break();
    void handle.learn(step, [5]);
    peer.advance(100);
    await peer.open();
    expect(peer.heardOf('steps').map(({ targets }) => targets ?? null)).toEqual([null, null]);
    expect(peer.sequence('s').steps).toEqual([{ x: [0], target: [5] }]);
  });

  it('[SDK48] rejects where it is refused, which is reported, and the handle goes on', async () => {
    const handle = await open();
    const reports: Report[] = [];
    handle.errors$.subscribe((report) => reports.push(report));
    handle.push([0]);
    await peer.settle();
    peer.sequence('s').steps[0]!.target = [9];
    const outcome = noted(handle.learn(0, [1]));
    await peer.settle();
    expect(outcome).toEqual(['target-duplicate']);
    expect(reports).toEqual([{ error: code('target-duplicate'), sequence: 's', seq: 0 }]);
    handle.push([1]);
    await peer.settle();
    await handle.drained();
    expect(peer.sequence('s').steps).toHaveLength(2);
  });

  it('[SDK48] is sent again later where the server cannot take it now', async () => {
    peer.holdsAcks = true;
    const handle = await open();
    const reports: Report[] = [];
    handle.errors$.subscribe((report) => reports.push(report));
    const step = handle.push([0]);
    await peer.settle();
    const outcome = noted(handle.learn(step, [1]));
    await peer.settle();
    const re = idOfTargets();
    peer.say(failure('store-unavailable', { re, channel: 1, seq: 0 }, true));
    expect(reports.map(({ error }) => error.code)).toEqual(['store-unavailable']);
    peer.holdsAcks = false;
    for (let i = 0; i < 5; i++) {
      peer.advance(200);
      await peer.settle();
    }
    expect(peer.heardOf('targets')).toHaveLength(2);
    expect(outcome).toEqual(['kept']);
  });

  it.each(['store-unavailable', 'sequence-limit'])(
    '[SDK48] that is refused because its step was not taken (%s) is sent again with that',
    async (code) => {
      const handle = await open();
      const reports: string[] = [];
      handle.errors$.subscribe(({ error }) => reports.push(error.code));
      peer.script = (message) =>
        message.type === 'steps' ? [failure(code, { channel: 1, seq: message.seq }, true)] : undefined;
      const step = handle.push([0]);
      await turn();
      const outcome = noted(handle.learn(step, [1]));
      await turn();
      await peer.settle();
      expect([reports, outcome]).toEqual([[code], []]);
      peer.script = () => undefined;
      for (let i = 0; i < 5; i++) {
        peer.advance(200);
        await peer.settle();
      }
      expect([reports, outcome]).toEqual([[code], ['kept']]);
      expect(peer.sequence('s').steps).toEqual([{ x: [0], target: [1] }]);
    },
  );

  it('[SDK48] holds up room, drained and close until it is durable', async () => {
    const handle = await open({ outbox: 1 });
    const step = handle.push([0]);
    await peer.settle();
    expect(step.status).toBe('acked');
    peer.holdsAcks = true;
    void handle.learn(step, [1]);
    expect(handle.room).toBe(0);
    const order: string[] = [];
    void handle.ready().then(() => order.push('ready'));
    void handle.drained().then(() => order.push('drained'));
    void handle.close().then(() => order.push('closed'));
    await peer.settle();
    expect(order).toEqual([]);
    const re = idOfTargets();
    peer.say({ type: 'done', re });
    await peer.settle();
    expect(order).toEqual(['ready', 'drained', 'closed']);
  });

  it('[SDK48] rejects where its step is given up, its history is lost, or the client is closed', async () => {
    client = peer.connect();
    const dropping = client.open('s', { spec: SPEC, outbox: 1, overflow: 'drop-oldest-unsent' });
    const dropped = noted(dropping.learn(dropping.push([0]), [1]));
    dropping.push([1]);
    await peer.open();
    expect(dropped).toEqual(['target-expired']);
    peer.holdsAcks = true;
    const lost = noted(dropping.learn(0, [1]));
    const closed = noted(dropping.learn(dropping.push([2]), [1]));
    await peer.settle();
    peer.forget();
    await reconnect();
    expect(lost).toEqual(['history-lost']);
    client.close();
    await turn();
    expect(closed).toEqual(['client-closed']);
  });
});
