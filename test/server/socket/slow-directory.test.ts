/** A connection to sequences whose owner takes its time: order per sequence, and nobody waits for another's. */
import { defer, type Observable, Subject, switchMap, take, VirtualTimeScheduler } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../../src/limits.js';
import { Codec } from '../../../src/protocol/codec.js';
import type { ClientMessage, ServerMessage } from '../../../src/protocol/messages.js';
import { LocalDirectory } from '../../../src/sequence/local-directory.js';
import { EVERYTHING } from '../../../src/server/auth/access.js';
import { Connection } from '../../../src/server/socket/connection.js';
import type { SlowRequest } from '../../../src/server/socket/slow-requests.js';
import { createTelemetry } from '../../../src/server/telemetry/telemetry.js';
import { createRegistry } from '../../support/sequences.js';
import { virtualClock } from '../../support/virtual-clock.js';

const SPEC = { features: 1, units: 2 };

/** A directory whose answers about sequences named `far-*` come when the test says so, one at a time. */
class SlowDirectory extends LocalDirectory {
  readonly arrive = new Subject<void>();
  asked: string[] = [];

  override open(...args: Parameters<LocalDirectory['open']>) {
    return this.late(args[0], 'open', super.open(...args));
  }

  override get(name: string) {
    return this.late(name, 'get', super.get(name));
  }

  private late<T>(name: string, what: string, answer: Observable<T>): Observable<T> {
    if (!name.startsWith('far-')) return answer;
    return defer(() => {
      this.asked.push(`${what} ${name}`);
      return this.arrive.pipe(
        take(1),
        switchMap(() => answer),
      );
    });
  }
}

function connect() {
  const scheduler = new VirtualTimeScheduler();
  const clock = virtualClock(scheduler);
  const slow: SlowRequest[] = [];
  const { registry } = createRegistry();
  const directory = new SlowDirectory(registry, clock);
  const codec = new Codec('json');
  const sent: ServerMessage[] = [];
  const connection = new Connection({
    socket: {
      bufferedAmount: 0,
      write: (frames) => sent.push(...frames.map((frame) => codec.decodeServer(String(frame)))),
      close: () => undefined,
      terminate: () => undefined,
      ping: () => undefined,
      pause: () => undefined,
      resume: () => undefined,
    },
    codec,
    encode: (message) => codec.encode(message) as unknown as Uint8Array,
    atTurnEnd: (work) => work(),
    directory,
    limits: DEFAULT_LIMITS,
    clock,
    counters: createTelemetry().wire,
    guard: { check: () => undefined },
    server: 'eddy/test',
    access: EVERYTHING,
    admit: async () => EVERYTHING,
    slow: { slowMs: 1000, onSlow: (request) => slow.push(request) },
    onFault: (fault) => {
      throw fault;
    },
  });
  const say = (message: ClientMessage) => connection.receive(codec.encode(message));
  say({ type: 'hello', version: 1 });
  sent.length = 0;
  const told = () =>
    sent.splice(0).map((message) => {
      const re = 're' in message ? ` ${message.re}` : '';
      return `${message.type}${message.type === 'error' ? ` ${message.code}` : ''}${re}`;
    });
  return { connection, directory, registry, say, told, slow, scheduler };
}

const open = (id: number, sequence: string): ClientMessage => ({
  type: 'open',
  id,
  sequence,
  mode: 'either',
  spec: SPEC,
});
const subscribe = (id: number, sequence: string): ClientMessage => ({
  type: 'subscribe',
  id,
  sequence,
  view: 'states',
});

describe('a sequence whose owner is slow', () => {
  it('[CON12] keeps what is asked about it waiting, in its order, and nothing else', () => {
    const { say, told, directory } = connect();
    say(open(1, 'far-1'));
    say(subscribe(2, 'far-1'));
    say(open(3, 'near'));
    say({ type: 'steps', channel: 1, seq: 0, x: Float64Array.of(1) });
    say(open(4, 'far-2'));
    expect(told()).toEqual(['opened 3', 'ack']);
    expect(directory.asked).toEqual(['open far-1', 'open far-2']);
    directory.arrive.next();
    expect(told()).toEqual(['opened 1', 'opened 4']);
    expect(directory.asked).toEqual(['open far-1', 'open far-2', 'get far-1']);
    directory.arrive.next();
    expect(told()).toEqual(['subscribed 2']);
  });

  it('[OPS32] is told of with what was asked and how long that took', () => {
    const { connection, say, told, directory, slow, scheduler } = connect();
    say(open(1, 'far-1'));
    say(open(2, 'near'));
    scheduler.schedule(() => directory.arrive.next(), 1500);
    scheduler.maxFrames = 1500;
    scheduler.flush();
    expect(told()).toContain('opened 1');
    expect(slow).toEqual([{ type: 'open', sequence: 'far-1', ms: 1500 }]);
    connection.end();
  });

  it('[CON12] takes its steps as soon as it is open, and gives their results', () => {
    const { say, told, directory } = connect();
    say(open(1, 'far-1'));
    say(subscribe(2, 'far-1'));
    directory.arrive.next();
    directory.arrive.next();
    told();
    say({ type: 'steps', channel: 1, seq: 0, x: Float64Array.of(1) });
    expect(told()).toEqual(['states', 'ack']);
  });

  it('[CON12] answers each request that waits with its error where the owner refuses', () => {
    const { say, told, directory } = connect();
    say(subscribe(1, 'far-none'));
    say(subscribe(2, 'far-none'));
    directory.arrive.next();
    directory.arrive.next();
    expect(told()).toEqual(['error sequence-unknown 1', 'error sequence-unknown 2']);
  });

  it('[CON12] refuses what comes beyond the requests that may wait, and loses none of those', () => {
    const { say, told, directory } = connect();
    for (let id = 1; id <= 258; id++) say(subscribe(id, 'far-none'));
    expect(told()).toEqual(['error buffer-overflow 258']);
    for (let i = 0; i < 257; i++) directory.arrive.next();
    expect(told()).toHaveLength(257);
  });

  it('[CON12] leaves nothing open behind a socket that ends while it waits', () => {
    const { say, told, directory, connection, registry } = connect();
    say(open(1, 'far-1'));
    connection.end();
    directory.arrive.next();
    expect([told(), registry.size]).toEqual([[], 0]);
    expect(directory.arrive.observed).toBe(false);
  });
});
