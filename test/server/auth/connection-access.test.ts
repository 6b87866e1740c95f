/** What a token means for one socket's conversation, in virtual time. */
import { VirtualTimeScheduler } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { EddyError } from '../../../src/errors.js';
import { DEFAULT_LIMITS } from '../../../src/limits.js';
import { Codec } from '../../../src/protocol/codec.js';
import type { ClientMessage, ServerMessage } from '../../../src/protocol/messages.js';
import { LocalDirectory } from '../../../src/sequence/local-directory.js';
import { Access, type AccessParts } from '../../../src/server/auth/access.js';
import { Connection } from '../../../src/server/socket/connection.js';
import { createTelemetry } from '../../../src/server/telemetry/telemetry.js';
import { createRegistry } from '../../support/sequences.js';
import { virtualClock } from '../../support/virtual-clock.js';

const SPEC = { features: 1, units: 2 };
const DAY = 86_400_000;
const HOUR = 3_600_000;

const accessOf = (parts: Partial<AccessParts> = {}): Access => {
  const access: Access = new Access({
    name: 'test',
    roles: ['admin'],
    sequences: ['*'],
    expires: Number.POSITIVE_INFINITY,
    renew: async () => access,
    ...parts,
  });
  return access;
};

/** A connection whose token is judged when the test says so. */
function connect(access: Access | null = null, { registry } = createRegistry()) {
  const scheduler = new VirtualTimeScheduler();
  /** How far the wall clock was set forward. */
  const set = { ms: 0 };
  const clock = { ...virtualClock(scheduler), wall: () => scheduler.now() + set.ms };
  const codec = new Codec('json');
  const sent: ServerMessage[] = [];
  const ends: unknown[] = [];
  const faults: unknown[] = [];
  const tokens: (string | undefined)[] = [];
  let judge: { admit: (access: Access) => void; refuse: (error: unknown) => void } | null = null;
  const connection = new Connection({
    socket: {
      bufferedAmount: 0,
      write: (frames) => sent.push(...frames.map((frame) => codec.decodeServer(String(frame)))),
      close: (code, reason) => ends.push([code, reason]),
      terminate: () => ends.push('terminated'),
      ping: () => connection.alive(),
      pause: () => undefined,
      resume: () => undefined,
    },
    codec,
    encode: (message) => codec.encode(message) as unknown as Uint8Array,
    atTurnEnd: (work) => work(),
    directory: new LocalDirectory(registry, virtualClock(scheduler)),
    limits: DEFAULT_LIMITS,
    clock,
    counters: createTelemetry().wire,
    guard: { check: () => undefined },
    server: 'eddy/test',
    access,
    admit: (token) => {
      tokens.push(token);
      return new Promise((admit, refuse) => {
        judge = { admit, refuse };
      });
    },
    onFault: (fault) => faults.push(fault),
  });
  const say = (message: ClientMessage) => connection.receive(codec.encode(message));
  const run = (ms: number) => {
    scheduler.maxFrames = scheduler.now() + ms;
    scheduler.flush();
    scheduler.frame = scheduler.maxFrames;
  };
  const judged = async (act: (by: NonNullable<typeof judge>) => void) => {
    act(judge!);
    await new Promise((resolve) => setImmediate(resolve));
  };
  const types = () => sent.map((message) => (message.type === 'error' ? message.code : message.type));
  return { connection, say, run, judged, sent, types, ends, faults, tokens, scheduler, set };
}

const open: ClientMessage = { type: 'open', id: 1, sequence: 's', mode: 'either', spec: SPEC };
const step = (seq: number): ClientMessage => ({ type: 'steps', channel: 1, seq, x: Float64Array.of(seq) });

describe('a token in hello', () => {
  it('[ACC9] is asked for once; what comes meanwhile waits, and is answered in its order', async () => {
    const { say, judged, types, tokens } = connect();
    say({ type: 'hello', version: 1, token: 'abc' });
    say(open);
    say(step(0));
    say({ type: 'hello', version: 1, token: 'other' });
    expect([types(), tokens]).toEqual([[], ['abc']]);
    await judged(({ admit }) => admit(accessOf()));
    expect(types()).toEqual(['welcome', 'opened', 'ack', 'hello-repeated']);
    expect(tokens).toEqual(['abc']);
  });

  it('[ACC9] that is refused closes the socket, and nothing that waited is read', async () => {
    const { say, judged, types, ends } = connect();
    say({ type: 'hello', version: 1 });
    say(open);
    await judged(({ refuse }) => refuse(new EddyError('unauthorized', 'no')));
    expect([types(), ends]).toEqual([['unauthorized'], [[3502, 'unauthorized']]]);
  });

  it('[ACC9] lets at most 64 KiB wait; what is more is refused with hello-expected', async () => {
    const { say, judged, types, connection } = connect();
    say({ type: 'hello', version: 1, token: 'abc' });
    say(open);
    for (let i = 0; i < 3; i++) connection.receive(' '.repeat(30_000));
    expect(types()).toEqual(['hello-expected']);
    await judged(({ admit }) => admit(accessOf()));
    expect(types()).toEqual(['hello-expected', 'welcome', 'opened', 'frame-malformed', 'frame-malformed']);
  });

  it('[ACC9] that is not judged in time closes the socket like a missing hello, and is too late then', async () => {
    const { say, run, judged, types, ends } = connect();
    say({ type: 'hello', version: 1, token: 'abc' });
    run(DEFAULT_LIMITS.helloMs + 1000);
    await judged(({ admit }) => admit(accessOf()));
    expect([types(), ends]).toEqual([['hello-timeout'], [[3500, 'hello-timeout']]]);
  });

  it('[ACC9] whose check fails inside Eddy lets nobody in', async () => {
    const { say, judged, types, faults } = connect();
    say({ type: 'hello', version: 1, token: 'abc' });
    say(open);
    await judged(({ refuse }) => refuse(new Error('a fault')));
    expect(types()).toEqual(['sequence-failed', 'hello-expected']);
    expect(faults).toHaveLength(1);
  });
});

describe('a token of some sequences', () => {
  const append = (id: number, sequence: string): ClientMessage => ({
    type: 'append',
    id,
    sequence,
    values: { x0: 1 },
  });
  const created = () => {
    const server = createRegistry();
    for (const name of ['room-1', 'cellar']) server.registry.open(name, 'create', { spec: SPEC });
    return server;
  };

  it('[ACC1] [APP1] appends to those by name, which it need not open, and learns nothing of others', () => {
    const server = created();
    const access = accessOf({ roles: ['produce'], sequences: ['room-*'] });
    const { say, types, sent } = connect(access, server);
    say({ type: 'hello', version: 1 });
    for (const [id, name] of ['room-1', 'room-1', 'cellar', 'garden', 'room-2'].entries())
      say(append(id, name));
    expect(types()).toEqual([
      'welcome',
      'appended',
      'appended',
      'permission-denied',
      'permission-denied',
      'sequence-unknown',
    ]);
    expect(sent[2]).toMatchObject({ re: 1, channel: 1, seq: 1 });
    expect(server.registry.get('cellar').seq).toBe(-1);
  });

  it('[ACC1] [APP1] appends and flushes only with the role produce', () => {
    const { say, types } = connect(accessOf({ roles: ['subscribe'] }), created());
    say({ type: 'hello', version: 1 });
    say(append(1, 'room-1'));
    say({ type: 'append', id: 2, channel: 1, values: { x0: 1 } });
    say({ type: 'flush', id: 3, channel: 1 });
    expect(types()).toEqual(['welcome', 'permission-denied', 'permission-denied', 'permission-denied']);
  });

  it('[APP1] [CON7] appends to one sequence at a time, by its name or by a channel that is open', () => {
    const { say, types } = connect(accessOf(), created());
    say({ type: 'hello', version: 1 });
    say({ type: 'append', id: 1, channel: 1, values: { x0: 1 } });
    say({ type: 'append', id: 2, values: { x0: 1 } });
    say({ type: 'append', id: 3, channel: 1, sequence: 'room-1', values: { x0: 1 } });
    expect(types()).toEqual(['welcome', 'channel-unknown', 'message-invalid', 'message-invalid']);
  });

  it('[LST2] lists its own, one by name among them', () => {
    const { say, sent } = connect(accessOf({ sequences: ['room-*'] }), created());
    say({ type: 'hello', version: 1 });
    for (const [id, sequence] of ['room-1', 'room-2', 'cellar'].entries())
      say({ type: 'list', id, sequence });
    say({ type: 'list', id: 3 });
    const [, one, none, denied, all] = sent as [unknown, ...Extract<ServerMessage, { type: 'listing' }>[]];
    expect(one).toMatchObject({ sequences: [{ sequence: 'room-1', fields: [{ name: 'x0' }] }], more: false });
    expect(none).toMatchObject({ type: 'listing', sequences: [] });
    expect(denied).toMatchObject({ type: 'error', code: 'permission-denied' });
    expect(all).toMatchObject({ total: 1, sequences: [{ sequence: 'room-1' }] });
  });
});

describe('a token that expires', () => {
  it('[ACC10] closes its socket at that time with 3503, also one that only listens', () => {
    const { say, run, types, ends } = connect(accessOf({ expires: 100 * DAY }));
    say({ type: 'hello', version: 1 });
    say(open);
    run(100 * DAY - 1);
    expect(ends).toEqual([]);
    run(1);
    expect(types()).toEqual(['welcome', 'opened', 'token-expired']);
    expect(ends).toEqual([[3503, 'token-expired']]);
  });

  it('[ACC10] ends its rights on time where the timer is late, because the clock was set or the server was busy', () => {
    const { say, scheduler, types, ends } = connect(accessOf({ expires: 5000 }));
    say({ type: 'hello', version: 1 });
    say(open);
    say(step(0));
    scheduler.frame = 5000;
    say(step(1));
    say(step(2));
    expect(types()).toEqual(['welcome', 'opened', 'ack', 'token-expired']);
    expect(ends).toEqual([[3503, 'token-expired']]);
  });

  it('[CLK2] ends within a minute of a clock that is set forward beyond its time', () => {
    const { say, run, types, ends, set } = connect(accessOf({ expires: 2 * HOUR }));
    say({ type: 'hello', version: 1 });
    say(open);
    run(1000);
    set.ms = HOUR;
    run(HOUR - 2000);
    expect(ends).toEqual([]);
    set.ms = 2 * HOUR;
    run(60_000);
    expect(types()).toEqual(['welcome', 'opened', 'token-expired']);
    expect(ends).toEqual([[3503, 'token-expired']]);
  });

  it('[CLK2] is judged anew within minutes of its time though the clock was set back: nobody stays for hours', () => {
    const { say, run, types, ends, set } = connect(accessOf({ expires: HOUR }));
    say({ type: 'hello', version: 1 });
    say(open);
    run(HOUR / 2);
    set.ms = -10 * HOUR;
    run(HOUR / 2 + 59_000);
    expect(ends).toEqual([]);
    run(61_000);
    expect(types()).toEqual(['welcome', 'opened', 'access-changed']);
    expect(ends).toEqual([[3010, 'access-changed']]);
  });

  it('[CLK2] goes on where the clock is set by less than it has left, however often', () => {
    const { say, run, ends, set } = connect(accessOf({ expires: 100 * HOUR }));
    say({ type: 'hello', version: 1 });
    for (let i = 0; i < 40; i++) {
      set.ms = i % 2 ? HOUR : -HOUR;
      run(HOUR);
    }
    expect(ends).toEqual([]);
  });

  it('[ACC10] between upgrade and hello lets nobody in', () => {
    const { say, scheduler, types } = connect(accessOf({ expires: 5000 }));
    scheduler.frame = 5000;
    say({ type: 'hello', version: 1 });
    expect(types()).toEqual(['token-expired']);
  });
});
