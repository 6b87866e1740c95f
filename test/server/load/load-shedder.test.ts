import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { ConnectionPlaces } from '../../../src/server/load/connection-places.js';
import { SAMPLE_MS, watchLag } from '../../../src/server/load/lag.js';
import { LOOK_MS, LoadShedder } from '../../../src/server/load/load-shedder.js';
import { createProbes } from '../../../src/server/load/probes.js';
import { SocketAdmission } from '../../../src/server/load/socket-admission.js';
import { createClock } from '../../support/clock.js';
import { codeOf } from '../../support/sequences.js';

function guarding() {
  const clock = createClock();
  const reads = { lag: 0, memory: 0 };
  const changes: (string | null)[] = [];
  const guard = new LoadShedder({
    scheduler: clock.scheduler,
    probes: [
      { name: 'lag', unit: 'ms', limit: 500, read: () => reads.lag },
      { name: 'memory', unit: 'bytes', limit: 1000, read: () => reads.memory },
    ],
    onChange: (reason) => changes.push(reason),
  });
  /** Looks, with what is read in each. */
  const look = (...lags: number[]) => {
    for (const lag of lags) {
      reads.lag = lag;
      clock.run(LOOK_MS);
    }
    return guard.reason;
  };
  return { ...clock, guard, reads, changes, look };
}

describe('the guard', () => {
  it('[OPS10] takes new work until two looks in a row are over the limit, and tells why', () => {
    const { guard, look } = guarding();
    expect([look(500), look(501), look(500), look(501)]).toEqual([null, null, null, null]);
    expect(codeOf(() => guard.check('views'))).toBe('none');
    expect(look(812)).toBe('lag is 812 ms, over 500');
    expect(codeOf(() => guard.check('views'))).toBe('overloaded');
    expect(() => guard.check('views')).toThrow('no new views at present: lag is 812 ms, over 500');
  });

  it('[OPS10] takes it again only after two looks in a row at 90 % or less', () => {
    const { guard, look, changes } = guarding();
    look(600, 600);
    expect(look(451, 500, 451, 450, 451)).not.toBe(null);
    expect(look(450, 450)).toBe(null);
    expect(codeOf(() => guard.check('sequences'))).toBe('none');
    expect(changes).toEqual(['lag is 600 ms, over 500', null]);
  });

  it('[OPS10] is not calm while any probe is not', () => {
    const { reads, look } = guarding();
    reads.memory = 2000;
    expect(look(600, 600)).toContain('lag');
    expect(look(0, 0, 0)).not.toBe(null);
    reads.memory = 900;
    expect(look(0, 0)).toBe(null);
  });

  it('[OPS10] looks no more when it has ended', () => {
    const { guard, look } = guarding();
    guard.end();
    expect(look(900, 900, 900)).toBe(null);
    expect([...guard.readings]).toEqual([]);
  });

  it('[OPS10] watches loop, memory and heap of a real process, which are within their limits here', () => {
    const clock = createClock();
    const lag = watchLag(clock);
    const probes = createProbes(lag, { lagMs: 500 });
    expect(probes.map(({ name }) => name)).toEqual(['event loop lag', 'memory', 'JavaScript heap']);
    for (const { read, limit } of probes) expect(read()).toBeLessThan(limit);
    expect(probes[1]?.read()).toBeGreaterThan(2 ** 20);
    expect(createProbes(lag, { lagMs: 500, memoryBytes: 7 })[1]?.limit).toBe(7);
    lag.end();
  });
});

describe('the lag', () => {
  /** A clock that tells another time than the timers think: the loop was blocked meanwhile. */
  function blocking() {
    const clock = createClock();
    let blocked = 0;
    const lag = watchLag({ scheduler: clock.scheduler, now: () => clock.now() + blocked });
    return {
      ...clock,
      lag,
      block: (ms: number) => {
        blocked += ms;
      },
    };
  }

  it('[OPS11] is 0 where every timer fires in time', () => {
    const { lag, run } = blocking();
    run(10 * SAMPLE_MS);
    expect(lag.read()).toBe(0);
  });

  it('[OPS11] is the longest delay since it was last read', () => {
    const { lag, run, block } = blocking();
    for (const ms of [30, 700, 5]) {
      run(SAMPLE_MS);
      block(ms);
    }
    run(SAMPLE_MS);
    expect([lag.read(), lag.read()]).toEqual([700, 0]);
  });

  it('[OPS11] has a delay that goes on, and one that begins right after a reading', () => {
    const { lag, run, block } = blocking();
    run(SAMPLE_MS);
    block(600);
    expect(lag.read()).toBe(600 - SAMPLE_MS);
    run(SAMPLE_MS);
    expect(lag.read()).toBe(600);
    lag.end();
  });
});

describe('the admission of sockets', () => {
  const admit = (limits: object = {}) => {
    const clock = createClock();
    const guard = { reason: null as string | null };
    const numbers = { sockets: 100, socketsPerAddress: 50, newSocketsPerSecond: 10, ...limits };
    const sockets = new ConnectionPlaces({
      most: numbers.sockets,
      mostPerAddress: numbers.socketsPerAddress,
    });
    const admission = new SocketAdmission({ limits: numbers, guard, sockets, now: clock.now });
    const streams: PassThrough[] = [];
    /** Comes from an address: in, or why not and when again. */
    const come = (address = 'a') => {
      const refusal = admission.refusal(address);
      const stream = new PassThrough();
      if (refusal === null) sockets.settle(sockets.enter(address, stream), 'busy');
      streams.push(stream);
      return refusal && `${refusal.status} ${refusal.reason}, ${refusal.headers?.['Retry-After']} s`;
    };
    return { ...clock, guard, streams, come };
  };

  it('[OPS8] keeps to the rate of new sockets', () => {
    const { come, run } = admit();
    for (let i = 0; i < 10; i++) expect(come()).toBe(null);
    expect(come()).toBe('503 too many new sockets, 1 s');
    run(100);
    expect([come(), come()]).toEqual([null, '503 too many new sockets, 1 s']);
  });

  it('[SRV2] keeps to the counts, in all and of one address, and gives places back', () => {
    const { come, streams } = admit({ sockets: 3, socketsPerAddress: 2 });
    expect([come('a'), come('a'), come('a')]).toEqual([
      null,
      null,
      '503 too many sockets from this address, 10 s',
    ]);
    expect([come('b'), come('c')]).toEqual([null, '503 too many sockets, 10 s']);
    streams[0]?.emit('close');
    expect([come('a'), come('b')]).toEqual([null, '503 too many sockets, 10 s']);
  });

  it('[OPS10] refuses all while the server is overloaded', () => {
    const { come, guard } = admit();
    guard.reason = 'lag';
    expect(come()).toBe('503 overloaded, 5 s');
    guard.reason = null;
    expect(come()).toBe(null);
  });
});
