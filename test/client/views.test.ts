import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Client, Report, ViewOptions } from '../../client/sdk/index.js';
import type { ServerMessage } from '../../src/protocol/messages.js';
import { Prequential } from '../../src/rnn/scoring/prequential.js';
import { failure, ScriptedPeer, turn } from './scripted-peer.js';

const SPEC = { features: 1, units: 2 };

let peer: ScriptedPeer;
let client: Client;
beforeEach(async () => {
  peer = new ScriptedPeer();
  peer.create('s', SPEC);
  client = peer.connect();
  await peer.open();
});
afterEach(() => client.close());

const code = (expected: string) => expect.objectContaining({ code: expected });

/** What was said about views, in short: `+states/0/every`, `-states`. */
const asked = () =>
  peer.heard.flatMap((message) =>
    message.type === 'subscribe'
      ? [`+${message.view}/${message.every}/${message.delivery}`]
      : message.type === 'unsubscribe'
        ? [`-${message.view}`]
        : [],
  );

/** States of `count` steps from `seq` on; h of step t is [t, -t]. */
function states(seq: number, count: number, skipped = 0): ServerMessage {
  const h = Float32Array.from(
    { length: 2 * count },
    (_, i) => (seq + Math.floor(i / 2)) * (i % 2 === 0 ? 1 : -1),
  );
  const t = Float64Array.from({ length: count }, (_, i) => 1000 * (seq + i));
  return { type: 'states', channel: 1, seq, count, skipped, t, h };
}

/** Subscribes to the states of a watch; gives `seq` of each, with `+n` where n were skipped. */
function record(options?: ViewOptions) {
  const seen: string[] = [];
  const subscription = client
    .watch('s')
    .view('states', options)
    .subscribe({
      next: ({ seq, skipped }) => seen.push(skipped > 0 ? `${seq}+${skipped}` : `${seq}`),
      complete: () => seen.push('|'),
    });
  return { seen, stop: () => subscription.unsubscribe() };
}

describe('views', () => {
  it('[SDK32] subscribes for the first subscriber and unsubscribes after the last', async () => {
    const first = record();
    const second = record();
    await peer.settle();
    first.stop();
    await peer.settle();
    expect(asked()).toEqual(['+states/0/every']);
    second.stop();
    await peer.settle();
    expect(asked()).toEqual(['+states/0/every', '-states']);
    record();
    await peer.settle();
    record();
    await peer.settle();
    expect(asked()).toEqual(['+states/0/every', '-states', '+states/0/every']);
  });

  it('[SDK32] subscribes once where a subscriber comes before the last unsubscribe is answered', async () => {
    const first = record();
    await peer.settle();
    first.stop();
    await turn();
    record();
    await peer.settle();
    record();
    await peer.settle();
    expect(asked()).toEqual(['+states/0/every', '-states', '+states/0/every']);
  });

  it('[SDK32] says nothing about what comes and goes in one turn of the event loop', async () => {
    record().stop();
    const kept = record();
    await peer.settle();
    kept.stop();
    record();
    await peer.settle();
    expect(asked()).toEqual(['+states/0/every']);
  });

  it('[SDK32] unsubscribes after the answer where the subscriber leaves before it', async () => {
    const view = record();
    await turn();
    view.stop();
    await turn();
    expect(peer.arrived.map(({ type }) => type)).toEqual(['subscribe']);
    await peer.settle();
    expect(asked()).toEqual(['+states/0/every', '-states']);
  });

  it('[SDK32] needs no answer to an unsubscribe', async () => {
    const reports: Report[] = [];
    client.errors$.subscribe((report) => reports.push(report));
    const view = record();
    await peer.settle();
    view.stop();
    await turn();
    peer.break();
    peer.advance(100);
    await peer.open();
    expect(asked()).toEqual(['+states/0/every']);
    expect(reports).toEqual([]);
  });

  it('[SDK47] asks for the ranges of predictions, and for those of nothing else', async () => {
    const watch = client.watch('s');
    watch.states$.subscribe();
    watch.predictions$.subscribe();
    await peer.settle();
    const ranges = peer.heard.flatMap((message) =>
      message.type === 'subscribe' ? [[message.view, message.ranges]] : [],
    );
    expect(ranges).toEqual([
      ['states', undefined],
      ['predictions', true],
    ]);
    const narrow = new ScriptedPeer();
    narrow.create('s', SPEC);
    const other = narrow.connect({ float64: false });
    await narrow.open();
    other.watch('s').predictions$.subscribe();
    await narrow.settle();
    expect(narrow.heard.at(-1)).not.toHaveProperty('ranges');
    other.close();
  });

  it('[SDK33] gives one item for each result, copied out of the message', async () => {
    const items: unknown[] = [];
    const watch = client.watch('s');
    watch.states$.subscribe((item) => items.push(item));
    watch.predictions$.subscribe((item) => items.push(item));
    watch.updates$.subscribe((item) => items.push(item));
    watch.metrics$.subscribe((item) => items.push(item));
    watch.events$.subscribe((item) => items.push(item));
    await peer.settle();
    const update = {
      update: 1,
      from: 0,
      to: 7,
      losses: 8,
      loss: 0.5,
      gradientNorm: 2,
      clipped: true,
      applied: true,
      learningRate: 0.01,
      duration: 1,
    };
    const metrics = {
      seq: 5,
      skipped: 1,
      updates: 3,
      anomaly: 0.25,
      ...new Prequential([]).read(),
      outputs: [],
    };
    const event = { event: 'reset', seq: 5, epoch: 'e', detail: { what: 'state' } } as const;
    peer.say(states(4, 2, 4));
    const t = Float64Array.of(5000);
    peer.say({
      type: 'predictions',
      channel: 1,
      seq: 5,
      count: 1,
      skipped: 5,
      t,
      interval: 10_000,
      y: new Float32Array([7]),
      range: new Float32Array([0.5]),
    });
    peer.say({
      type: 'updates',
      channel: 1,
      seq: 5,
      skipped: 2,
      updates: [update, { ...update, update: 2 }],
    });
    peer.say({ type: 'metrics', channel: 1, ...metrics });
    peer.say({ type: 'events', channel: 1, skipped: 0, events: [event] });
    expect(items).toEqual([
      { seq: 4, skipped: 4, t: 4000, h: new Float32Array([4, -4]) },
      { seq: 5, skipped: 0, t: 5000, h: new Float32Array([5, -5]) },
      {
        seq: 5,
        skipped: 5,
        t: 5000,
        interval: 10_000,
        y: new Float32Array([7]),
        range: new Float32Array([0.5]),
      },
      { ...update, skipped: 2 },
      { ...update, update: 2, skipped: 0 },
      metrics,
      { ...event, skipped: 0 },
    ]);
    const [one, other] = items as { h: Float32Array }[];
    expect(one!.h.buffer).not.toBe(other!.h.buffer);
  });

  it('[SDK34] asks for what serves all local subscribers, and anew when that changes', async () => {
    const slow = record({ every: 500, delivery: 'latest' });
    await peer.settle();
    const fast = record({ every: 50, delivery: 'latest' });
    await peer.settle();
    const all = record({ every: 200 });
    await peer.settle();
    all.stop();
    fast.stop();
    await peer.settle();
    slow.stop();
    await peer.settle();
    expect(asked()).toEqual([
      '+states/500/latest',
      '+states/50/latest',
      '+states/50/every',
      '+states/500/latest',
      '-states',
    ]);
  });

  it('[SDK34] thins it out for those who want only the latest, and counts what they miss', async () => {
    const all = record();
    const latest = record({ delivery: 'latest' });
    const slow = record({ every: 100, delivery: 'latest' });
    await peer.settle();
    peer.say(states(0, 3));
    peer.advance(60);
    peer.say(states(3, 2, 1));
    peer.advance(39);
    expect(slow.seen).toEqual(['2+2']);
    peer.advance(1);
    expect(slow.seen).toEqual(['2+2', '4+2']);
    peer.advance(100);
    peer.say(states(5, 1));
    peer.say(states(6, 1));
    client.close();
    expect(all.seen).toEqual(['0', '1', '2', '3+1', '4', '5', '6', '|']);
    expect(latest.seen).toEqual(['2+2', '4+2', '5', '6', '|']);
    expect(slow.seen).toEqual(['2+2', '4+2', '5', '6', '|']);
  });

  it('[SDK34] stops its timer with its last subscriber', async () => {
    const slow = record({ every: 100, delivery: 'latest' });
    await peer.settle();
    peer.say(states(0, 1));
    peer.say(states(1, 1));
    expect(peer.clock.actions).toHaveLength(1);
    slow.stop();
    expect(peer.clock.actions).toEqual([]);
    peer.advance(1000);
    expect(slow.seen).toEqual(['0']);
  });

  it.each([-1, 0.5, 60_001, Number.NaN])('[SDK34] refuses every = %d', (every) => {
    expect(() => client.watch('s').view('states', { every })).toThrow(code('setting-invalid'));
  });

  it('[SDK35] come back after a broken connection, and tell how many steps went by', async () => {
    const view = record({ every: 20 });
    await peer.settle();
    peer.say(states(0, 2));
    peer.break();
    peer.sequence('s').steps.push(...Array.from({ length: 7 }, () => ({ x: [0], target: null })));
    peer.advance(100);
    await peer.open();
    peer.say(states(7, 1));
    peer.say(states(8, 1));
    expect(asked()).toEqual(['+states/20/every', '+states/20/every']);
    expect(view.seen).toEqual(['0', '1', '7+5', '8']);
  });

  it('[SDK35] of an open sequence tell, too, what went by before the first answer', async () => {
    const handle = client.open('new', { spec: SPEC });
    const seen: number[] = [];
    handle.states$.subscribe(({ seq, skipped }) => seen.push(seq, skipped));
    handle.push([0]);
    handle.push([1]);
    peer.process();
    peer.deliver();
    await turn();
    peer.process();
    peer.break();
    peer.advance(100);
    await peer.open();
    const { channel } = peer.sequence('new');
    peer.say({ ...states(2, 1), channel } as ServerMessage);
    expect(seen).toEqual([2, 2]);
  });

  it('[SDK35] tell nothing of steps that went by before they were subscribed', async () => {
    peer.create('s', SPEC, [[1], [2], [3]]);
    client.watch('s').metrics$.subscribe();
    const view = record();
    await peer.settle();
    peer.say({ ...states(3, 1), channel: 2 } as ServerMessage);
    view.stop();
    await peer.settle();
    peer.sequence('s').steps.push({ x: [0], target: null }, { x: [0], target: null });
    const later = record();
    await peer.settle();
    peer.say({ ...states(5, 1), channel: 2 } as ServerMessage);
    expect([...view.seen, ...later.seen]).toEqual(['3', '5']);
    const handle = client.open('t', { spec: SPEC });
    handle.push([0]);
    await peer.settle();
    const seen: number[] = [];
    handle.states$.subscribe(({ seq, skipped }) => seen.push(seq, skipped));
    await peer.settle();
    peer.say({ ...states(1, 1), channel: 3 } as ServerMessage);
    expect(seen).toEqual([1, 0]);
  });

  it('[SDK36] of an open sequence wait for it, and end with it', async () => {
    const handle = client.open('new', { spec: SPEC });
    const seen: unknown[] = [];
    handle.states$.subscribe({ next: ({ seq }) => seen.push(seq), complete: () => seen.push('handle') });
    client
      .watch('new')
      .states$.subscribe({ next: ({ seq }) => seen.push(seq), complete: () => seen.push('watch') });
    await peer.settle();
    expect(peer.heard.map(({ type }) => type)).toEqual(['hello', 'open', 'subscribe']);
    const { channel } = peer.sequence('new');
    peer.say({ ...states(0, 1), channel } as ServerMessage);
    const closed = handle.close();
    await peer.settle();
    await closed;
    peer.say({ ...states(1, 1), channel } as ServerMessage);
    expect(seen).toEqual([0, 0, 'handle', 1]);
    handle.states$.subscribe({ complete: () => seen.push('late') });
    expect(seen.at(-1)).toBe('late');
  });

  it('[SDK36] of an open sequence are asked for before the steps that wait are sent, and after every re-open', async () => {
    const handle = client.open('new', { spec: SPEC });
    handle.push([1]);
    handle.states$.subscribe();
    await peer.settle();
    peer.forget();
    handle.push([2]);
    await turn();
    await peer.reconnect();
    expect(peer.heard.map((message) => (message.type === 'open' ? message.mode : message.type))).toEqual([
      ...['hello', 'either', 'subscribe', 'steps'],
      ...['hello', 'resume', 'either', 'subscribe', 'steps'],
    ]);
  });

  it('[SDK36] are not asked for while the handle cannot be opened again', async () => {
    const handle = client.open('s', { mode: 'resume' });
    await peer.settle();
    peer.forget();
    await peer.reconnect();
    handle.states$.subscribe();
    await peer.settle();
    expect(asked()).toEqual([]);
    peer.create('s', SPEC);
    peer.advance(100);
    await peer.settle();
    expect(asked()).toEqual(['+states/0/every']);
  });

  it('[SDK36] go on for those who only watch when the handle is refused', async () => {
    const handle = client.open('s', { spec: { features: 9, units: 9 } });
    peer.script = (message) =>
      message.type === 'open' ? [failure('spec-conflict', { re: message.id })] : undefined;
    const view = record();
    await peer.settle();
    await expect(handle.opened).rejects.toEqual(code('spec-conflict'));
    peer.say(states(0, 1));
    expect(view.seen).toEqual(['0']);
  });

  it('[SDK37] refused for good, end with the error', async () => {
    peer.script = (message) =>
      message.type === 'subscribe' && message.view === 'predictions'
        ? [failure('view-unavailable', { re: message.id })]
        : undefined;
    const failed: unknown[] = [];
    const view = record();
    client.watch('s').predictions$.subscribe({ error: (error) => failed.push(error) });
    await peer.settle();
    peer.say(states(0, 1));
    expect(failed).toEqual([code('view-unavailable')]);
    expect(view.seen).toEqual(['0']);
    await peer.reconnect();
    expect(asked().filter((one) => one.startsWith('+predictions'))).toHaveLength(1);
  });

  it('[SDK40] tell what the server said at each subscription, and ask for none by it', async () => {
    const watch = client.watch('s');
    const [early, late]: string[][] = [[], []];
    const first = watch.joined$.subscribe(({ view, seq, spec, recovered }) =>
      early?.push(`${view} ${seq} ${spec.units} ${recovered}`),
    );
    await peer.settle();
    expect(peer.heardOf('subscribe')).toEqual([]);
    const view = record();
    await peer.settle();
    expect(early).toEqual(['states -1 2 false']);
    watch.joined$.subscribe((joined) => late?.push(joined.view)).unsubscribe();
    expect(late).toEqual(['states']);
    await peer.reconnect();
    expect(early).toHaveLength(2);
    first.unsubscribe();
    view.stop();
    await peer.settle();
    expect(asked().at(-1)).toBe('-states');
    record();
    await peer.settle();
    expect(early).toHaveLength(2);
  });

  it('[SDK40] end it with the views of a handle', async () => {
    const handle = client.open('s');
    let isEnded = false;
    handle.joined$.subscribe({ complete: () => (isEnded = true) });
    await peer.settle();
    await Promise.all([handle.close(), peer.settle()]);
    expect(isEnded).toBe(true);
  });

  it('[SDK38] of a sequence that does not exist are asked for again with back-off, without an error', async () => {
    const reports: Report[] = [];
    client.errors$.subscribe((report) => reports.push(report));
    const watch = client.watch('later');
    const seen: number[] = [];
    watch.states$.subscribe(({ seq }) => seen.push(seq));
    watch.metrics$.subscribe();
    const tries = () => peer.heardOf('subscribe').filter(({ view }) => view === 'states').length;
    await peer.settle();
    expect(tries()).toBe(1);
    peer.advance(99);
    await peer.settle();
    expect(tries()).toBe(1);
    peer.advance(1);
    await peer.settle();
    expect(tries()).toBe(2);
    peer.create('later', SPEC);
    peer.advance(10_000);
    await peer.settle();
    peer.say({ ...states(0, 1), channel: 2 } as ServerMessage);
    expect(seen).toEqual([0]);
    expect(reports).toEqual([]);
    peer.advance(100_000);
    await peer.settle();
    expect(tries()).toBe(3);
  });

  it('[SDK38] are asked for again all together, at the next try', async () => {
    peer = new ScriptedPeer();
    client = peer.connect({ random: () => 1 });
    await peer.open();
    const watch = client.watch('later');
    watch.states$.subscribe();
    watch.metrics$.subscribe();
    await peer.settle();
    watch.events$.subscribe();
    await peer.settle();
    expect(asked()).toEqual(['+states/0/every', '+metrics/0/every']);
    for (const delay of [200, 400, 800, 0, 200]) {
      if (delay === 0) {
        peer.create('later', SPEC);
        peer.advance(10_000);
        await peer.settle();
        peer.forget();
        await peer.reconnect();
        continue;
      }
      peer.advance(delay - 1);
      await peer.settle();
      const before = asked().length;
      peer.advance(1);
      await peer.settle();
      expect(asked().length).toBe(before + 3);
    }
  });

  it('[SDK38] are no longer asked for when nobody waits for them', async () => {
    const subscription = client.watch('later').states$.subscribe();
    await peer.settle();
    subscription.unsubscribe();
    await turn();
    expect(peer.clock.actions).toEqual([]);
    peer.create('later', SPEC);
    peer.advance(10_000);
    await peer.settle();
    expect(peer.heardOf('subscribe')).toHaveLength(1);
  });

  it('[SDK38] of a sequence that this client opens meanwhile are asked for at once', async () => {
    client.watch('later').states$.subscribe();
    await peer.settle();
    client.open('later', { spec: SPEC });
    await peer.settle();
    expect(peer.sequence('later').views).toEqual(new Set(['states']));
  });
});
