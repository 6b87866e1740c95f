import { concat, from, of, Subject, throwError } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Client, OpenOptions, Report, SequenceHandle, StepInput } from '../../client/sdk/index.js';
import { ScriptedPeer, turn } from './scripted-peer.js';

const SPEC = { features: 1, units: 2, task: { kind: 'supervised', outputs: 1 } } as const;

let peer: ScriptedPeer;
let client: Client;
beforeEach(() => {
  peer = new ScriptedPeer();
});
afterEach(() => client.close());

/** Opens a sequence, and keeps what its handle reports. */
async function open(options: OpenOptions = {}): Promise<{ handle: SequenceHandle; reports: Report[] }> {
  client = peer.connect();
  const handle = client.open('s', { spec: SPEC, ...options });
  const reports: Report[] = [];
  handle.errors$.subscribe((report) => reports.push(report));
  await peer.open();
  return { handle, reports };
}

const values = () => peer.sequence('s').steps.map(({ x }) => x[0]);
const codes = (reports: Report[]) => reports.map(({ error }) => error.code);

/** A source of the steps 0, 1, 2 ..., which counts how many were asked for. */
function counting(count: number) {
  const source = {
    asked: 0,
    *[Symbol.iterator]() {
      for (let i = 0; i < count; i++) {
        source.asked++;
        yield [i];
      }
    },
  };
  return source;
}

describe('a handle as an Observer', () => {
  it('[SDK41] pushes what the source gives: x alone, or x with its target', async () => {
    const { handle, reports } = await open();
    const sensor$ = new Subject<StepInput>();
    sensor$.subscribe(handle);
    sensor$.next([1]);
    sensor$.next({ x: Float32Array.of(2), target: [20] });
    sensor$.next({ x: [3], target: undefined });
    await peer.settle();
    expect(peer.sequence('s').steps).toEqual([
      { x: [1], target: null },
      { x: [2], target: [20] },
      { x: [3], target: null },
    ]);
    expect(reports).toEqual([]);
  });

  it('[SDK41] sends the steps of one turn of the event loop as one block', async () => {
    const { handle } = await open();
    concat(from([[1], [2], [3]]), new Subject<number[]>()).subscribe(handle);
    await peer.settle();
    expect(peer.heardOf('steps').map(({ count }) => count)).toEqual([3]);
  });

  it('[SDK42] takes no step after one that a full outbox refuses, and reports that one', async () => {
    const { handle, reports } = await open({ outbox: 2 });
    peer.holdsAcks = true;
    const sensor$ = new Subject<number[]>();
    sensor$.subscribe(handle);
    for (const value of [1, 2, 3, 4]) sensor$.next([value]);
    peer.holdsAcks = false;
    await peer.settle();
    sensor$.next([5]);
    await peer.settle();
    expect(values()).toEqual([1, 2]);
    expect(codes(reports)).toEqual(['outbox-full']);
    expect(handle.push([6]).status).toBe('waiting');
  });

  it('[SDK42] does the same for a step of a wrong shape, and throws nothing into the source', async () => {
    const { handle, reports } = await open();
    for (const step of [[1], [1, 2], [3]]) expect(() => handle.next(step)).not.toThrow();
    await peer.settle();
    expect(values()).toEqual([1]);
    expect(codes(reports)).toEqual(['step-shape']);
  });

  it('[SDK42] goes on, and counts the dropped steps, with drop-oldest-unsent', async () => {
    const { handle, reports } = await open({ outbox: 2, overflow: 'drop-oldest-unsent' });
    for (const value of [1, 2, 3, 4]) handle.next([value]);
    await peer.settle();
    handle.next([5]);
    await peer.settle();
    expect(values()).toEqual([3, 4, 5]);
    expect(handle.dropped).toBe(2);
    expect(codes(reports)).toEqual(['outbox-full']);
  });

  it('[SDK42] reports a refusal of the server once, and takes no more steps', async () => {
    const { handle, reports } = await open();
    peer.script = (message) =>
      message.type === 'steps'
        ? [
            {
              type: 'error',
              code: 'step-conflict',
              message: 'no',
              temporary: false,
              channel: message.channel,
              seq: message.seq,
            },
          ]
        : undefined;
    handle.next([1]);
    await peer.settle();
    handle.next([2]);
    handle.next([3]);
    await peer.settle();
    expect(codes(reports)).toEqual(['step-conflict']);
    expect(peer.heardOf('steps')).toHaveLength(1);
  });

  it('[SDK43] closes when the source completes, after all steps are acked', async () => {
    const { handle } = await open();
    let hasEnded = false;
    handle.states$.subscribe({ complete: () => (hasEnded = true) });
    peer.holdsAcks = true;
    of([1], [2]).subscribe(handle);
    await peer.settle();
    expect([hasEnded, peer.heardOf('close').length]).toEqual([false, 0]);
    const { channel } = peer.sequence('s');
    peer.say({ type: 'ack', channel, seq: 1 });
    await peer.settle();
    expect([hasEnded, peer.heardOf('close').length]).toEqual([true, 1]);
  });

  it('[SDK43] reports that the source failed, with its error, and stays open for another source', async () => {
    const { handle, reports } = await open();
    const cause = new Error('the sensor is gone');
    concat(
      of([1]),
      throwError(() => cause),
    ).subscribe(handle);
    from([[2]]).subscribe((step) => handle.next(step));
    await peer.settle();
    expect(values()).toEqual([1, 2]);
    expect(codes(reports)).toEqual(['input-invalid']);
    expect(reports[0]?.error).toMatchObject({
      cause,
      message: expect.stringContaining('the sensor is gone'),
    });
    expect(peer.heardOf('close')).toEqual([]);
  });
});

describe('pump', () => {
  it('[SDK44] reads an iterable no faster than there is room, in blocks', async () => {
    const { handle } = await open({ outbox: 4 });
    peer.holdsAcks = true;
    const source = counting(10);
    const pumped = handle.pump(source);
    await peer.settle();
    expect([source.asked, peer.heardOf('steps').map(({ count }) => count)]).toEqual([5, [4]]);
    peer.holdsAcks = false;
    peer.say({ type: 'ack', channel: peer.sequence('s').channel, seq: 3 });
    await peer.settle();
    await pumped;
    expect(values()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('[SDK44] reads an async iterable, and leaves it when a step cannot be taken', async () => {
    const { handle } = await open();
    let isLeft = false;
    async function* rows(): AsyncGenerator<StepInput> {
      try {
        yield [1];
        yield { x: [2], target: [3] };
        yield [4, 5];
        yield [6];
      } finally {
        isLeft = true;
      }
    }
    await expect(handle.pump(rows())).rejects.toMatchObject({ code: 'step-shape' });
    await peer.settle();
    expect([values(), isLeft]).toEqual([[1, 2], true]);
  });

  it('[SDK44] unsubscribes from an Observable whose steps do not fit into the outbox, and rejects', async () => {
    const { handle, reports } = await open({ outbox: 2 });
    const sensor$ = new Subject<number[]>();
    const pumped = handle.pump(sensor$);
    const failure = expect(pumped).rejects.toMatchObject({ code: 'outbox-full' });
    for (const value of [1, 2, 3, 4]) sensor$.next([value]);
    expect(sensor$.observed).toBe(false);
    await failure;
    await peer.settle();
    expect([values(), reports]).toEqual([[1, 2], []]);
  });

  it('[SDK44] rejects with the error of the source, and resolves when the source ends; the handle stays open', async () => {
    const { handle } = await open();
    const cause = new Error('torn');
    await expect(handle.pump(throwError(() => cause))).rejects.toBe(cause);
    await handle.pump(of([1], [2]));
    await handle.pump([[3]]);
    await peer.settle();
    expect([values(), peer.heardOf('close')]).toEqual([[1, 2, 3], []]);
  });

  it('[SDK44] rejects when the client is closed while it waits for room', async () => {
    const { handle } = await open({ outbox: 1 });
    peer.holdsAcks = true;
    const failure = expect(handle.pump(counting(3))).rejects.toMatchObject({ code: 'client-closed' });
    await turn();
    client.close();
    await failure;
  });
});
