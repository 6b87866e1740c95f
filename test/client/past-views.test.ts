import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Client, Joined, Results, ViewOptions } from '../../client/sdk/index.js';
import type { ServerMessage } from '../../src/protocol/messages.js';
import { ScriptedPeer } from './scripted-peer.js';

const steps = (count: number) => Array.from({ length: count }, () => [0]);

let peer: ScriptedPeer;
let client: Client;
beforeEach(async () => {
  peer = new ScriptedPeer();
  peer.create('s', { features: 1, units: 1 }, steps(10));
  client = peer.connect();
  await peer.open();
});
afterEach(() => client.close());

/** What was asked of the past, in short. */
const asked = () =>
  peer
    .heardOf('subscribe')
    .map(({ last, from, after }) => [last ?? null, from ?? null, after?.seq ?? null].join(' '));

/** States of the steps from `first` to `last`. */
function states(first: number, last: number, skipped = 0): ServerMessage {
  const seqs = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  const t = Float64Array.from(seqs, (seq) => 1000 * seq);
  return {
    type: 'states',
    channel: 1,
    seq: first,
    count: seqs.length,
    skipped,
    t,
    h: Float32Array.from(seqs),
  };
}

function record(options?: ViewOptions) {
  const seen: string[] = [];
  const subscription = client
    .watch('s')
    .view('states', options)
    .subscribe(({ seq, skipped }) => seen.push(skipped > 0 ? `${seq}+${skipped}` : `${seq}`));
  return { seen, stop: () => subscription.unsubscribe() };
}

const to = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, i) => `${first + i}`);

describe('a view of the client whose position is lost', () => {
  it('[SDK35] asks for the latest result again where the connection breaks before that is there', async () => {
    const { seen } = record();
    await peer.settle();
    peer.say(states(10, 10));
    const lose = async () => {
      peer.break();
      peer.advance(1000);
      await peer.open();
    };
    peer.sequences.get('s')!.epoch = 'another';
    await lose();
    await lose();
    expect(peer.heardOf('subscribe').map(({ after }) => after && `${after.epoch} ${after.seq}`)).toEqual([
      undefined,
      expect.stringMatching(/^epoch-\d+ 10$/),
      'another 8',
    ]);
    peer.say(states(9, 9));
    expect(seen).toEqual(['10', '9']);
  });
});

describe('a view of the client that begins in the past', () => {
  it('[HIS9] gives what was, and then what is new', async () => {
    const joined: Joined[] = [];
    client.watch('s').joined$.subscribe((one) => joined.push(one));
    const { seen } = record({ last: 3 });
    await peer.settle();
    peer.say(states(7, 9));
    peer.say(states(10, 12));
    expect([asked(), seen]).toEqual([['3  '], to(7, 12)]);
    expect(joined.map(({ begins, seq, recovered }) => [begins, seq, recovered])).toEqual([[7, 9, false]]);
  });

  it('[HIS9] tells how many of the steps from there on are missing', async () => {
    const { seen } = record({ last: 3 });
    await peer.settle();
    peer.say(states(8, 9));
    peer.say(states(11, 11));
    expect(seen).toEqual(['8+1', '9', '11+1']);
  });

  it('[HIS10] gives those who were there before nothing twice, and each its own past', async () => {
    const live = record();
    await peer.settle();
    peer.create('s', { features: 1, units: 1 }, steps(12));
    peer.say(states(10, 11));
    const three = record({ last: 3 });
    const six = record({ last: 6 });
    await peer.settle();
    peer.say(states(6, 8));
    peer.say(states(9, 11));
    peer.say(states(12, 13));
    expect(asked()).toEqual(['  ', '6  11']);
    expect(live.seen).toEqual(to(10, 13));
    expect(three.seen).toEqual(to(9, 13));
    expect(six.seen).toEqual(to(6, 13));
  });

  it('[HIS10] goes on with a past that was under way when another one is asked for', async () => {
    const long = record({ last: 8 });
    await peer.settle();
    peer.say(states(2, 4));
    const short = record({ last: 2 });
    await peer.settle();
    expect(asked()).toEqual(['8  ', '2  4']);
    peer.say(states(5, 7));
    peer.say(states(8, 9));
    expect([long.seen, short.seen]).toEqual([to(2, 9), to(8, 9)]);
  });

  it('[HIS10] gives nothing to who waits for the past before it comes', async () => {
    const live = record();
    await peer.settle();
    const past = record({ from: 7500 });
    peer.say(states(10, 10));
    await peer.settle();
    peer.say(states(8, 10));
    peer.say(states(11, 11));
    expect([asked(), live.seen, past.seen]).toEqual([['  ', ' 7500 10'], to(10, 11), to(8, 11)]);
  });

  it('[HIS10] begins at its time, where another one asks for more', async () => {
    const [more, less] = [record({ last: 5 }), record({ from: 8000 })];
    await peer.settle();
    peer.say(states(5, 9));
    expect([asked(), more.seen, less.seen]).toEqual([['5 8000 '], to(5, 9), to(8, 9)]);
  });

  it('[HIS11] resumes after a broken connection where it was, in the past or after it', async () => {
    const { seen } = record({ last: 6 });
    await peer.settle();
    peer.say(states(4, 5));
    peer.break();
    peer.advance(100);
    await peer.open();
    expect(asked()).toEqual(['6  ', '  5']);
    peer.say(states(6, 10));
    expect(seen).toEqual(to(4, 10));
  });

  it('[HIS11] asks again for a past that had not begun', async () => {
    const { seen } = record({ last: 6 });
    peer.break();
    peer.advance(100);
    await peer.open();
    peer.say(states(4, 9));
    expect([asked().at(-1), seen]).toEqual(['6  ', to(4, 9)]);
  });

  it('[HIS9] is whole for those who want only the latest of what comes then', async () => {
    const { seen } = record({ last: 3, every: 1000, delivery: 'latest' });
    await peer.settle();
    peer.say(states(7, 9));
    peer.say(states(10, 12));
    peer.say(states(13, 14));
    peer.advance(1000);
    expect(seen).toEqual(['7', '8', '9', '12+2', '14+1']);
  });

  it('[VIW20] gives events that it does not know as they are', async () => {
    const seen: unknown[] = [];
    client
      .watch('s')
      .view('events')
      .subscribe(({ event, detail }) => seen.push({ event, detail }));
    await peer.settle();
    const odd = { event: 'not-known-yet', detail: { score: 1 } };
    const events = [{ ...odd, seq: 11, epoch: 'epoch-1' }];
    peer.say({ type: 'events', channel: 1, skipped: 0, events } as unknown as ServerMessage);
    expect(seen).toEqual([odd]);
  });

  it('[SDK49] resumes after the last event it has seen, and gives each once, whatever comes again', async () => {
    const events = (...all: [number: number | undefined, seq: number][]): ServerMessage => ({
      type: 'events',
      channel: 1,
      skipped: 0,
      events: all.map(([number, seq]) => ({
        event: number === undefined ? 'checkpoint' : 'configured',
        seq,
        epoch: 'epoch-1',
        detail: {},
        ...(number !== undefined && { number }),
      })),
    });
    const seen: (number | null)[] = [];
    client
      .watch('s')
      .view('events')
      .subscribe(({ number = null }) => seen.push(number));
    await peer.settle();
    peer.say(events([4, 9], [undefined, 9], [5, 9]));
    peer.say(events([5, 9], [6, 9], [undefined, 9]));
    expect(seen).toEqual([4, null, 5, 6, null]);
    for (let i = 0; i < 2; i++) {
      peer.break();
      peer.advance(100);
      await peer.open();
      expect(peer.heardOf('subscribe').at(-1)?.after).toEqual({ epoch: 'epoch-1', seq: 9, event: 6 + i });
      peer.say(events([6 + i, 9], [7 + i, 9]));
    }
    expect(seen).toEqual([4, null, 5, 6, null, 7, 8]);
  });

  it('[HIS10] gives each event once, also several of one step', async () => {
    const events = (...names: [event: string, seq: number][]): ServerMessage =>
      ({
        type: 'events',
        channel: 1,
        skipped: 0,
        events: names.map(([event, seq]) => ({ event, seq, epoch: 'epoch-1', detail: {} })),
      }) as ServerMessage;
    const seen = (options?: ViewOptions) => {
      const all: string[] = [];
      const note = ({ event, seq }: Results['events']) => all.push(`${event} ${seq}`);
      client.watch('s').view('events', options).subscribe(note);
      return all;
    };
    const live = seen();
    await peer.settle();
    peer.say(events(['anomaly', 11], ['reset', 11]));
    const past = seen({ last: 8 });
    await peer.settle();
    peer.say(events(['drift', 5], ['anomaly', 11]));
    peer.say(events(['reset', 11], ['configured', 11], ['anomaly', 12]));
    expect(live).toEqual(['anomaly 11', 'reset 11', 'configured 11', 'anomaly 12']);
    expect(past).toEqual(['drift 5', 'anomaly 11', 'reset 11', 'configured 11', 'anomaly 12']);
  });

  it.each([
    [{ last: -1 }],
    [{ last: 1.5 }],
    [{ last: 2 ** 32 }],
    [{ from: Number.NaN }],
    [{ from: Number.POSITIVE_INFINITY }],
    [{ last: 1, from: 1 }],
  ])('[HIS9] is refused with setting-invalid for %o', (options) => {
    expect(() => client.watch('s').view('states', options)).toThrow(
      expect.objectContaining({ code: 'setting-invalid' }),
    );
  });
});
