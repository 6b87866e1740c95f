import { describe, expect, it } from 'vitest';
import type { SequenceHandle } from '../../client/sdk/index.js';
import { failure, ScriptedPeer, turn } from './scripted-peer.js';

const SPEC = { features: 2, units: 2 };
const FIELDS = ['pressure', 'flow'];

/** The numbers that appends resolved with, or the codes that they were refused with, as they come. */
function outcomesOf(appends: Promise<number>[]): (number | string | null)[] {
  const outcomes: (number | string | null)[] = appends.map(() => null);
  for (const [i, append] of appends.entries())
    append.then(
      (seq) => {
        outcomes[i] = seq;
      },
      ({ code }) => {
        outcomes[i] = code;
      },
    );
  return outcomes;
}

async function open(peer: ScriptedPeer, options: object = {}): Promise<SequenceHandle> {
  const handle = peer.connect().open('s', { spec: SPEC, fields: FIELDS, ...options });
  await peer.open();
  return handle;
}

describe('append', () => {
  it('[SDK45] resolves with the number that the server gave, and keeps the order in which it was called', async () => {
    const peer = new ScriptedPeer();
    const handle = peer.connect().open('s', { spec: SPEC, fields: FIELDS });
    const outcomes = outcomesOf([
      handle.append([1, 2]),
      handle.append({ values: { flow: 3 }, t: 1000 }, { key: 'mine' }),
      handle.append({ x: [4, null] }),
    ]);
    await peer.open();
    await turn();
    expect(outcomes).toEqual([0, 1, 2]);
    expect(peer.sequence('s').steps.map(({ x }) => x)).toEqual([
      [1, 2],
      [NaN, 3],
      [4, NaN],
    ]);
    const [first, second, third] = peer.heardOf('append');
    expect([second?.key, second?.t, first?.t]).toEqual(['mine', 1000, undefined]);
    expect(new Set([first?.key, second?.key, third?.key]).size).toBe(3);
  });

  it('[SDK45] sends again with the same key what was not answered when the connection broke', async () => {
    const peer = new ScriptedPeer();
    const handle = await open(peer);
    peer.holdsAcks = true;
    const outcomes = outcomesOf([handle.append([1, 2]), handle.append([3, 4])]);
    await peer.settle();
    expect(outcomes).toEqual([null, null]);
    peer.holdsAcks = false;
    await peer.reconnect();
    await turn();
    expect(outcomes).toEqual([0, 1]);
    expect(peer.sequence('s').steps).toHaveLength(2);
    const keys = peer.heardOf('append').map(({ key }) => key);
    expect(keys.slice(2)).toEqual(keys.slice(0, 2));
  });

  it('[SDK45] rejects what the server refuses, and goes on', async () => {
    const peer = new ScriptedPeer();
    const handle = await open(peer);
    peer.script = (message) =>
      message.type === 'append' && message.key === 'late'
        ? [failure('step-late', { re: message.id })]
        : undefined;
    const outcomes = outcomesOf([
      handle.append([1, 2], { key: 'late' }),
      handle.append([3, 4]),
      handle.append({ values: { speed: 1 } }),
    ]);
    await peer.settle();
    await turn();
    expect(outcomes).toEqual(['step-late', 0, 'field-unknown']);
  });

  it('[SDK45] refuses more than may wait, and is awaited by close', async () => {
    const peer = new ScriptedPeer({ pendingAppends: 2 });
    const handle = await open(peer);
    const outcomes = outcomesOf([1, 2, 3].map((n) => handle.append([n, n])));
    await turn();
    expect(outcomes).toEqual([null, null, 'outbox-full']);
    let isClosed = false;
    void handle.close().then(() => {
      isClosed = true;
    });
    await turn();
    expect(isClosed).toBe(false);
    await peer.settle();
    await turn();
    expect([outcomes, isClosed]).toEqual([[0, 1, 'outbox-full'], true]);
    await expect(handle.append([1, 2])).rejects.toMatchObject({ code: 'client-closed' });
  });

  it('[SDK45] rejects what waits when the client is closed', async () => {
    const peer = new ScriptedPeer();
    const client = peer.connect();
    const handle = client.open('s', { spec: SPEC });
    handle.opened.catch(() => undefined);
    const outcomes = outcomesOf([handle.append([1, 2])]);
    client.close();
    await turn();
    expect(outcomes).toEqual(['client-closed']);
  });

  it('[SDK46] takes readings by name where the names are known, and steps with their time', async () => {
    const peer = new ScriptedPeer();
    const unknown = peer.connect().open('s', { spec: SPEC });
    expect(() => unknown.push({ values: { pressure: 1 } })).toThrow(
      expect.objectContaining({ code: 'fields-invalid' }),
    );
    const other = new ScriptedPeer();
    const handle = other.connect().open('s', { spec: { units: 2 }, fields: FIELDS });
    handle.push({ values: { flow: true, pressure: 5 }, t: 1000 });
    handle.push(Float32Array.of(6, 7));
    handle.push({ x: [8, null] });
    await other.open();
    expect(other.sequence('s').steps.map(({ x }) => x)).toEqual([
      [5, 1],
      [6, 7],
      [8, NaN],
    ]);
    const [block] = other.heardOf('steps');
    expect([...(block?.t ?? [])]).toEqual([1000, NaN, NaN]);
    expect(() => handle.push({ values: { speed: 1 } })).toThrow(
      expect.objectContaining({ code: 'field-unknown' }),
    );
  });

  it('[SDK46] takes targets before the sequence is open, where the spec leaves their number to their names', async () => {
    const peer = new ScriptedPeer();
    const handle = peer
      .connect()
      .open('s', { spec: { features: 2, units: 2, task: { kind: 'supervised' } }, targets: ['leak'] });
    expect(handle.push([1, 2], [1])).toMatchObject({ status: 'waiting' });
    peer.connect().close();
  });
});
