import { VirtualTimeScheduler } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { EddyError } from '../../../src/errors.js';
import { DEFAULT_LIMITS, type Limits } from '../../../src/limits.js';
import { Codec } from '../../../src/protocol/codec.js';
import type { ClientMessage, ServerMessage } from '../../../src/protocol/messages.js';
import { LocalDirectory } from '../../../src/sequence/local-directory.js';
import { EVERYTHING } from '../../../src/server/auth/access.js';
import { Connection } from '../../../src/server/socket/connection.js';
import type { AtTurnEnd } from '../../../src/server/socket/flush-queue.js';
import { GRACE_MS } from '../../../src/server/socket/heartbeat.js';
import type { SocketLike } from '../../../src/server/socket/socket-like.js';
import { createTelemetry } from '../../../src/server/telemetry/telemetry.js';
import { createRegistry } from '../../support/sequences.js';
import { SlowStore } from '../../support/slow-store.js';
import { virtualClock } from '../../support/virtual-clock.js';

/** The packed form of version 0.1. */
const PACKED = { packed: true, float64: false };
const SPEC = { features: 1, units: 4, readout: { kind: 'none' } };

/** A socket whose peer reads only what it is told to. */
class FakeSocket implements SocketLike {
  bufferedAmount = 0;
  readonly sent: ServerMessage[] = [];
  closed: { code: number; reason: string } | null = null;
  terminated = false;
  pings = 0;
  paused = false;
  writes = 0;
  /** First bytes of what was sent. */
  readonly marks: unknown[] = [];
  reads = true;
  private readonly codec = new Codec('msgpack');

  write(frames: readonly Uint8Array[]): void {
    this.writes++;
    for (const frame of frames) {
      this.sent.push(this.codec.decodeServer(frame));
      this.marks.push(frame[0]);
      if (!this.reads) this.bufferedAmount += frame.length;
    }
  }
  close(code: number, reason: string): void {
    this.closed = { code, reason };
  }
  terminate(): void {
    this.terminated = true;
  }
  ping(): void {
    this.pings++;
  }
  pause(): void {
    this.paused = true;
  }
  resume(): void {
    this.paused = false;
  }
}

/** Each message has a turn to itself. */
const atOnce: AtTurnEnd = (work) => work();

function connect(limits: Partial<Limits> = {}, { registry } = createRegistry(), atTurnEnd = atOnce) {
  const socket = new FakeSocket();
  const scheduler = new VirtualTimeScheduler();
  const clock = virtualClock(scheduler);
  const codec = new Codec('msgpack');
  const faults: unknown[] = [];
  const { wire: counters } = createTelemetry();
  const load = { reason: null as string | null };
  const connection = new Connection({
    socket,
    codec,
    encode: (message, packed) => codec.encode(message, packed) as Uint8Array,
    atTurnEnd,
    directory: new LocalDirectory(registry, clock),
    limits: { ...DEFAULT_LIMITS, ...limits },
    clock,
    counters,
    guard: {
      check(what) {
        if (load.reason) throw new EddyError('overloaded', `no new ${what}: ${load.reason}`);
      },
    },
    server: 'eddy/test',
    access: EVERYTHING,
    admit: async () => EVERYTHING,
    onFault: (fault) => faults.push(fault),
  });
  const say = (message: ClientMessage) => connection.receive(codec.encode(message));
  const run = (ms: number) => {
    scheduler.maxFrames = scheduler.now() + ms;
    scheduler.flush();
    scheduler.frame = scheduler.maxFrames;
  };
  return { socket, connection, codec, registry, say, run, faults, counters, load };
}

/** A connection that has greeted and watches the states of a sequence it has open as channel 1. */
function watching(limits: Partial<Limits> = {}, carried = createRegistry(), atTurnEnd = atOnce) {
  const connected = connect(limits, carried, atTurnEnd);
  connected.say({ type: 'hello', version: 1 });
  connected.say({ type: 'open', id: 1, sequence: 'a', mode: 'either', spec: SPEC });
  connected.say({ type: 'subscribe', id: 2, sequence: 'a', view: 'states' });
  connected.socket.sent.length = 0;
  const step = (seq: number) => connected.say({ type: 'steps', channel: 1, seq, x: new Float64Array([seq]) });
  return { ...connected, step };
}

describe('the greeting', () => {
  it('[CON1] comes first: anything else is refused, and hello still works', () => {
    const { say, socket } = connect();
    say({ type: 'close', id: 5, channel: 1 });
    say({ type: 'hello', version: 1 });
    expect(socket.sent).toMatchObject([
      { type: 'error', code: 'hello-expected', re: 5 },
      { type: 'welcome' },
    ]);
  });

  it('[CON2] has to come in time, or the socket is closed for good', () => {
    const { socket, run } = connect();
    run(DEFAULT_LIMITS.helloMs - 1);
    expect(socket.closed).toBe(null);
    run(GRACE_MS + 2);
    expect(socket.sent).toMatchObject([{ type: 'error', code: 'hello-timeout' }]);
    expect(socket.closed).toEqual({ code: 3500, reason: 'hello-timeout' });
  });

  it('[CON2] that was read late, because a block held the server up, still keeps the socket', () => {
    const { socket, say, run } = connect();
    run(DEFAULT_LIMITS.helloMs + 1);
    say({ type: 'hello', version: 1 });
    run(GRACE_MS);
    expect(socket.closed).toBe(null);
  });

  it('[CON2] that came in time keeps the socket', () => {
    const { socket, say, run } = connect();
    say({ type: 'hello', version: 1 });
    run(DEFAULT_LIMITS.helloMs + 1);
    expect(socket.closed).toBe(null);
  });

  it('[CON3] is answered with the limits', () => {
    const { say, socket } = connect({ blockSteps: 7 });
    say({ type: 'hello', version: 1 });
    expect(socket.sent).toEqual([
      { type: 'welcome', version: 1, server: 'eddy/test', limits: { ...DEFAULT_LIMITS, blockSteps: 7 } },
    ]);
  });

  it('[CON4] is refused a second time, and in a version that is not spoken', () => {
    const { say, socket } = connect();
    say({ type: 'hello', version: 2 });
    say({ type: 'hello', version: 1 });
    say({ type: 'hello', version: 1 });
    expect(socket.sent).toMatchObject([
      { code: 'version-unsupported' },
      { type: 'welcome' },
      { code: 'hello-repeated' },
    ]);
  });
});

describe('the heartbeat', () => {
  it('[CON5] breaks a socket that does not answer a ping', () => {
    const { socket, run, say } = connect();
    say({ type: 'hello', version: 1 });
    run(DEFAULT_LIMITS.pingMs + 1);
    expect(socket.pings).toBe(1);
    expect(socket.terminated).toBe(false);
    run(DEFAULT_LIMITS.pongMs + GRACE_MS);
    expect(socket.terminated).toBe(true);
  });

  it('[CON5] takes any frame for a sign of life', () => {
    const { socket, run, say } = connect();
    say({ type: 'hello', version: 1 });
    run(DEFAULT_LIMITS.pingMs + 1);
    say({ type: 'close', id: 1, channel: 1 });
    run(DEFAULT_LIMITS.pongMs + GRACE_MS);
    expect(socket.terminated).toBe(false);
  });

  it('[CON5] goes on as long as pongs come', () => {
    const { socket, run, say, connection } = connect();
    say({ type: 'hello', version: 1 });
    for (let beat = 1; beat <= 3; beat++) {
      run(DEFAULT_LIMITS.pingMs + 1);
      connection.alive();
      run(DEFAULT_LIMITS.pongMs + GRACE_MS);
      expect(socket.pings).toBe(beat);
    }
    expect(socket.terminated).toBe(false);
  });
});

describe('the counts of a socket', () => {
  it('[CON6] are limited: channels, views, and messages that were refused', () => {
    const { say, socket } = connect({ channels: 1, views: 1, errors: 3 });
    say({ type: 'hello', version: 1 });
    say({ type: 'open', id: 1, sequence: 'a', mode: 'either', spec: SPEC });
    say({ type: 'open', id: 2, sequence: 'b', mode: 'either', spec: SPEC });
    say({ type: 'subscribe', id: 3, sequence: 'a', view: 'states' });
    say({ type: 'subscribe', id: 4, sequence: 'a', view: 'states', every: 10 });
    say({ type: 'subscribe', id: 5, sequence: 'a', view: 'events' });
    expect(socket.sent.slice(1)).toMatchObject([
      { type: 'opened', re: 1 },
      { type: 'error', re: 2, code: 'channel-limit' },
      { type: 'subscribed', re: 3 },
      { type: 'subscribed', re: 4 },
      { type: 'error', re: 5, code: 'view-limit' },
    ]);
    expect(socket.closed).toBe(null);
    for (let i = 0; i < 2; i++) say({ type: 'close', id: 9, channel: 99 });
    expect(socket.sent.at(-1)).toMatchObject({ code: 'error-limit' });
    expect(socket.closed).toEqual({ code: 3501, reason: 'error-limit' });
  });

  it('[CON6] forgive refused messages after a minute', () => {
    const { say, socket, run } = connect({ errors: 2, pingMs: 1e9 });
    say({ type: 'hello', version: 1 });
    for (let minute = 0; minute < 5; minute++) {
      for (let i = 0; i < 2; i++) say({ type: 'close', id: 9, channel: 99 });
      run(60_001);
    }
    expect(socket.closed).toBe(null);
  });

  it('[CON10] end with the farewell: what comes after it is not even read', () => {
    const { say, socket, registry } = connect({ errors: 1 });
    say({ type: 'hello', version: 1 });
    for (let i = 0; i < 2; i++) say({ type: 'close', id: 9, channel: 99 });
    expect(socket.closed?.code).toBe(3501);
    const sent = socket.sent.length;
    say({ type: 'open', id: 1, sequence: 'late', mode: 'either', spec: SPEC });
    expect(socket.sent.length).toBe(sent);
    expect(registry.size).toBe(0);
  });

  it('[TGT3] count a message of late targets once, and answer it by runs', () => {
    const { say, socket } = connect({ errors: 1 });
    const spec = {
      features: 1,
      units: 2,
      task: { kind: 'supervised', outputs: 1, delay: 2 },
      learner: { kind: 'tbptt', k1: 1, k2: 1 },
    };
    say({ type: 'hello', version: 1 });
    say({ type: 'open', id: 1, sequence: 'a', mode: 'either', spec });
    say({ type: 'steps', channel: 1, seq: 0, x: new Float64Array(6) });
    socket.sent.length = 0;
    say({ type: 'targets', channel: 1, seq: 0, targets: new Float64Array(8) });
    expect(socket.sent).toMatchObject([
      { code: 'target-expired', channel: 1, seq: 0, count: 3 },
      { code: 'target-early', channel: 1, seq: 6, count: 2 },
    ]);
    expect(socket.closed).toBe(null);
  });

  it('[CON6] let a channel that is open be opened again', () => {
    const { say, socket } = connect({ channels: 1 });
    say({ type: 'hello', version: 1 });
    for (const id of [1, 2]) say({ type: 'open', id, sequence: 'a', mode: 'either', spec: SPEC });
    expect(socket.sent.at(-1)).toMatchObject({ type: 'opened', re: 2, created: false });
  });
});

describe('the rates of a socket', () => {
  const close = { type: 'close', id: 9, channel: 99 } as const;

  it('[OPS6] refuse requests beyond the rate, without counting them, and take them again in time', () => {
    const { say, socket, run } = connect({ requestsPerSecond: 4 });
    say({ type: 'hello', version: 1 });
    for (let i = 0; i < 6; i++) say(close);
    const codes = () => socket.sent.splice(0).flatMap((one) => (one.type === 'error' ? [one.code] : []));
    expect(codes()).toEqual([...Array(3).fill('channel-unknown'), ...Array(3).fill('rate-limit')]);
    run(250);
    for (let i = 0; i < 2; i++) say(close);
    expect(codes()).toEqual(['channel-unknown', 'rate-limit']);
  });

  it('[OPS6] say that a request may come again, and do not touch steps', () => {
    const { step, socket, say } = watching({ requestsPerSecond: 3 });
    for (let seq = 0; seq < 10; seq++) step(seq);
    say(close);
    expect(socket.sent.filter(({ type }) => type === 'ack')).toHaveLength(10);
    expect(socket.sent.at(-1)).toMatchObject({ code: 'rate-limit', temporary: true, re: 9 });
  });

  it('[OPS7] hold up reading where steps come too fast; all of them are taken', () => {
    const { step, socket, run } = watching({ stepsPerSecond: 1000, pingMs: 1e6 });
    for (let seq = 0; seq < 1008; seq++) step(seq);
    expect(socket.paused).toBe(true);
    for (let seq = 1008; seq < 1010; seq++) step(seq);
    run(9);
    expect(socket.paused).toBe(true);
    run(2);
    expect(socket.paused).toBe(false);
    expect(socket.sent.filter(({ type }) => type === 'ack').at(-1)).toMatchObject({ seq: 1009 });
    expect(socket.sent.filter(({ type }) => type === 'error')).toEqual([]);
  });

  it('[OPS7] hold no silence against a socket that is not read', () => {
    const { step, socket, run } = watching({ stepsPerSecond: 100, pingMs: 1000, pongMs: 500 });
    for (let seq = 0; seq < 400; seq++) step(seq);
    run(1000 + 500 + GRACE_MS + 1);
    expect([socket.paused, socket.pings, socket.terminated]).toEqual([true, 1, false]);
    run(5000);
    expect([socket.paused, socket.terminated]).toEqual([false, true]);
  });

  it('[OPS7] count refused steps for nothing', () => {
    const { step, socket } = watching({ stepsPerSecond: 5 });
    for (let i = 0; i < 100; i++) step(7);
    expect(socket.paused).toBe(false);
  });
});

describe('an overloaded server', () => {
  const isRefused = { type: 'error', code: 'overloaded', temporary: true };

  it('[OPS10] makes no new sequence and no new view, and goes on with what is there', () => {
    const { say, socket, step, load } = watching();
    load.reason = 'lag';
    step(0);
    say({ type: 'open', id: 3, sequence: 'b', mode: 'either', spec: SPEC });
    say({ type: 'open', id: 4, sequence: 'b', mode: 'create', spec: SPEC });
    say({ type: 'subscribe', id: 5, sequence: 'a', view: 'events' });
    say({ type: 'open', id: 6, sequence: 'a', mode: 'either', spec: SPEC });
    say({ type: 'open', id: 7, sequence: 'b', mode: 'resume' });
    say({ type: 'subscribe', id: 8, sequence: 'a', view: 'states', every: 10 });
    expect(socket.sent).toMatchObject([
      { type: 'states' },
      { type: 'ack', seq: 0 },
      { ...isRefused, re: 3 },
      { ...isRefused, re: 4 },
      { ...isRefused, re: 5 },
      { type: 'opened', re: 6 },
      { code: 'sequence-unknown', re: 7 },
      { type: 'subscribed', re: 8 },
    ]);
    load.reason = null;
    say({ type: 'open', id: 9, sequence: 'b', mode: 'either', spec: SPEC });
    say({ type: 'subscribe', id: 10, sequence: 'a', view: 'events' });
    expect(socket.sent.slice(-2)).toMatchObject([{ type: 'opened' }, { type: 'subscribed' }]);
  });
});

describe('the counters', () => {
  it('[OPS13] count messages by type, refusals by code, acks and bytes', () => {
    const { say, step, counters } = watching();
    for (let seq = 0; seq < 3; seq++) step(seq);
    step(9);
    say({ type: 'close', id: 3, channel: 99 });
    expect(counters.received).toMatchObject({
      hello: 1,
      open: 1,
      subscribe: 1,
      steps: 4,
      close: 1,
      targets: 0,
    });
    expect([...counters.refused]).toEqual([
      ['step-gap', 1],
      ['channel-unknown', 1],
    ]);
    expect(counters.acks).toBe(3);
    expect(counters.sentBytes).toBeGreaterThan(300);
  });

  it('[OPS13] count the results that a slow socket was not sent', () => {
    const { socket, step, counters } = watching({ queueLatestBytes: 200 });
    socket.bufferedAmount = 300;
    for (let seq = 0; seq <= 10; seq++) step(seq);
    socket.bufferedAmount = 0;
    step(11);
    const skipped = socket.sent.flatMap((one) => (one.type === 'states' ? [one.skipped] : []));
    expect(counters.skippedResults).toBe(skipped.reduce((sum, one) => sum + one, 0));
    expect(counters.skippedResults).toBeGreaterThan(5);
  });
});

describe('the farewell', () => {
  it('[OPS18] says when to come back', () => {
    const { connection, socket } = watching();
    connection.farewell(new EddyError('server-shutdown', 'bye'), 1234);
    expect(socket.sent).toEqual([
      { type: 'error', code: 'server-shutdown', message: 'bye', temporary: true, retryMs: 1234 },
    ]);
    expect(socket.closed).toEqual({ code: 3000, reason: 'server-shutdown' });
  });
});

describe('a socket that does not read', () => {
  const limits = { queueLatestBytes: 200, queueCloseBytes: 2000, queueCloseMs: 500 };
  const seqs = (sent: readonly ServerMessage[]) =>
    sent.flatMap((message) => (message.type === 'states' ? [[message.seq, message.skipped]] : []));

  it('[VIW6] gets only the latest result from 256 KiB on, and is told how many were skipped', () => {
    const { socket, step, run } = watching(limits);
    step(0);
    socket.bufferedAmount = 300;
    for (let seq = 1; seq <= 10; seq++) step(seq);
    expect(seqs(socket.sent)).toEqual([
      [0, 0],
      [1, 0],
    ]);
    socket.bufferedAmount = 0;
    run(50);
    step(11);
    expect(seqs(socket.sent)).toEqual([
      [0, 0],
      [1, 0],
      [10, 8],
      [11, 0],
    ]);
    expect(socket.closed).toBe(null);
  });

  it('[VIW6] gets what was held back before anything newer', () => {
    const { socket, step } = watching(limits);
    socket.bufferedAmount = 300;
    for (let seq = 0; seq <= 3; seq++) step(seq);
    socket.bufferedAmount = 0;
    step(4);
    step(5);
    expect(seqs(socket.sent)).toEqual([
      [0, 0],
      [4, 3],
      [5, 0],
    ]);
  });

  it('[VIW7] still gets its acks', () => {
    const { socket, step } = watching(limits);
    socket.bufferedAmount = 300;
    for (let seq = 0; seq <= 3; seq++) step(seq);
    expect(socket.sent.filter(({ type }) => type === 'ack')).toHaveLength(4);
  });

  it('[VIW8] is closed as slow at 1 MiB', () => {
    const { socket, step } = watching(limits);
    socket.reads = false;
    for (let seq = 0; socket.closed === null && seq < 1000; seq++) step(seq);
    expect(socket.closed).toEqual({ code: 3001, reason: 'socket-slow' });
    expect(socket.bufferedAmount).toBeLessThan(2200);
  });

  it('[VIW8] is closed as slow after 5 s of being full', () => {
    const { socket, step, run } = watching(limits);
    socket.bufferedAmount = 300;
    step(0);
    run(499);
    expect(socket.closed).toBe(null);
    run(30);
    expect(socket.closed).toEqual({ code: 3001, reason: 'socket-slow' });
  });
});

describe('a turn of the event loop', () => {
  /** Turns that end when the test says so. */
  const turns = () => {
    const works: (() => void)[] = [];
    return {
      atTurnEnd: (work: () => void) => works.push(work),
      end: () => works.splice(0).map((work) => work()),
    };
  };
  const kinds = (sent: readonly ServerMessage[]) =>
    sent.map((message) => ('seq' in message ? `${message.type} ${message.seq}` : message.type));

  it('[WIR13] ends with one write, and one ack for all steps of a channel', () => {
    const { atTurnEnd, end } = turns();
    const { socket, step } = watching({}, createRegistry(), atTurnEnd);
    end();
    socket.sent.length = 0;
    socket.writes = 0;
    for (let seq = 0; seq < 3; seq++) step(seq);
    expect(socket.writes).toBe(0);
    end();
    expect(kinds(socket.sent)).toEqual(['states 0', 'states 1', 'states 2', 'ack 2']);
    expect(socket.writes).toBe(1);
    step(3);
    end();
    expect(kinds(socket.sent.slice(4))).toEqual(['states 3', 'ack 3']);
    expect(socket.writes).toBe(2);
  });

  it('[WIR13] lets the acks go before the answers to what came after their steps', () => {
    const { atTurnEnd, end } = turns();
    const { socket, step, say } = watching({}, createRegistry(), atTurnEnd);
    end();
    socket.sent.length = 0;
    step(0);
    step(1);
    step(9);
    say({ type: 'close', id: 3, channel: 1 });
    end();
    expect(kinds(socket.sent)).toEqual(['states 0', 'states 1', 'ack 1', 'error 9', 'done']);
  });

  it('[WIR13] acks each channel for itself', () => {
    const { atTurnEnd, end } = turns();
    const { socket, step, say } = watching({}, createRegistry(), atTurnEnd);
    say({ type: 'open', id: 3, sequence: 'b', mode: 'either', spec: SPEC });
    end();
    socket.sent.length = 0;
    for (let seq = 0; seq < 2; seq++) {
      step(seq);
      say({ type: 'steps', channel: 2, seq, x: new Float64Array(1) });
    }
    end();
    expect(socket.sent.filter(({ type }) => type === 'ack')).toEqual([
      { type: 'ack', channel: 1, seq: 1 },
      { type: 'ack', channel: 2, seq: 1 },
    ]);
  });

  it('[WIR13] says nothing more on a socket that was closed in it', () => {
    const { atTurnEnd, end } = turns();
    const { socket, step, connection } = watching({}, createRegistry(), atTurnEnd);
    end();
    step(0);
    connection.end();
    const sent = socket.sent.length;
    end();
    expect(socket.sent.length).toBe(sent);
  });

  it('[VIW6] writes before its end when much has been sent, so that only a peer that does not read counts as slow', () => {
    const { atTurnEnd, end } = turns();
    const { socket, step } = watching({}, createRegistry(), atTurnEnd);
    end();
    socket.writes = 0;
    for (let seq = 0; seq < 20_000; seq++) step(seq);
    expect(socket.writes).toBeGreaterThan(10);
    end();
    expect(socket.sent.filter(({ type }) => type === 'states').at(-1)).toMatchObject({
      seq: 19_999,
      skipped: 0,
    });
    expect(socket.closed).toBe(null);
  });
});

describe('packed frames', () => {
  const state = { type: 'states', channel: 1, seq: 0, count: 1, skipped: 0 };

  it('[WIR11] go to a socket whose hello asks for them, and to no other', () => {
    for (const packed of [true, false, undefined]) {
      const { socket, say, codec, connection } = connect();
      say({ type: 'hello', version: 1, ...(packed !== undefined && { packed }) });
      say({ type: 'open', id: 1, sequence: 'a', mode: 'either', spec: SPEC });
      say({ type: 'subscribe', id: 2, sequence: 'a', view: 'states' });
      socket.marks.length = 0;
      connection.receive(
        codec.encode({ type: 'steps', channel: 1, seq: 0, count: 1, x: new Float64Array(1) }, PACKED),
      );
      expect(socket.sent.slice(-2)).toMatchObject([state, { type: 'ack', channel: 1, seq: 0 }]);
      expect(socket.marks.map((mark) => mark === 0xc1)).toEqual([packed === true, packed === true]);
    }
  });

  it('[WIR11] of steps are refused like a map of the same steps', () => {
    const { socket, codec, connection, say } = watching();
    const x = new Float64Array(4);
    for (const packed of [true, false])
      connection.receive(
        codec.encode({ type: 'steps', channel: 1, seq: 0, count: 2, x }, { packed, float64: false }),
      );
    say({ type: 'steps', channel: 1, seq: 3, x: new Float64Array(1) });
    connection.receive(
      codec.encode({ type: 'steps', channel: 1, seq: 3, count: 1, x: new Float64Array(1) }, PACKED),
    );
    connection.receive(
      codec.encode(
        { type: 'steps', channel: 1, seq: 0, count: 1, x: Float64Array.of(Number.POSITIVE_INFINITY) },
        PACKED,
      ),
    );
    connection.receive(
      codec.encode({ type: 'steps', channel: 9, seq: 0, count: 1, x: new Float64Array(1) }, PACKED),
    );
    expect(socket.sent).toMatchObject([
      { code: 'step-shape', channel: 1, seq: 0 },
      { code: 'step-shape', channel: 1, seq: 0 },
      { code: 'step-gap', channel: 1, seq: 3 },
      { code: 'step-gap', channel: 1, seq: 3 },
      { code: 'step-non-finite', channel: 1, seq: 0 },
      { code: 'channel-unknown', channel: 9, seq: 0 },
    ]);
  });

  it('[WIR12] that are damaged are answered with what they are about', () => {
    const { socket, codec, connection } = watching();
    const frame = codec.encode(
      { type: 'steps', channel: 1, seq: 5, count: 1, x: new Float64Array(1) },
      PACKED,
    );
    connection.receive((frame as Uint8Array).slice(0, -1));
    expect(socket.sent).toMatchObject([{ type: 'error', code: 'frame-malformed', channel: 1, seq: 5 }]);
  });
});

describe('a channel that was closed', () => {
  it('[CON13] still gets the acks of what was pushed on it', () => {
    const store = new SlowStore();
    const { say, socket, step } = watching({}, createRegistry({ store }));
    step(0);
    say({ type: 'close', id: 7, channel: 1 });
    socket.sent.length = 0;
    store.makeDurable(5);
    expect(socket.sent).toMatchObject([{ type: 'ack', channel: 1, seq: 0 }]);
  });
});

describe('a fault inside Eddy', () => {
  it('[SEQ7] is answered, told to the operator once, and leaves the socket open', () => {
    const faults: unknown[] = [];
    const { say, socket, registry } = watching(
      {},
      createRegistry({ onFault: (fault) => faults.push(fault) }),
    );
    registry.get('a').model.advance = () => {
      throw new TypeError('broken');
    };
    say({ type: 'steps', channel: 1, seq: 0, x: new Float64Array(1) });
    say({ type: 'subscribe', id: 7, sequence: 'a', view: 'events' });
    expect(socket.sent).toMatchObject([
      { type: 'error', code: 'sequence-failed', channel: 1, seq: 0 },
      { type: 'error', code: 'sequence-failed', re: 7 },
    ]);
    expect(faults).toHaveLength(1);
    expect(socket.closed).toBe(null);
    say({ type: 'list', id: 8 });
    expect(socket.sent.at(-1)).toMatchObject({ type: 'listing', re: 8, sequences: [{ sequence: 'a' }] });
  });
});
