import { describe, expect, it } from 'vitest';
import type { EddyError } from '../../src/errors.js';
import { GOODBYE_MS, sayGoodbye } from '../../src/server/goodbye.js';
import { reloadAll } from '../../src/server/reload.js';
import { LogThrottle, THROTTLE_MS } from '../../src/server/telemetry/log-throttle.js';
import { createClock, settled } from '../support/clock.js';

function deferred() {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve: () => resolve() };
}

/** A socket that closes when it is told to, unless it is stuck; then only when it is broken off. */
function leaver(isStuck = false) {
  const { promise: closed, resolve: close } = deferred();
  const told: { code: string; retryMs: number }[] = [];
  const state = { terminated: false };
  return {
    closed,
    told,
    state,
    farewell(error: EddyError, retryMs: number) {
      told.push({ code: error.code, retryMs });
      if (!isStuck) close();
    },
    terminate() {
      state.terminated = true;
      close();
    },
  };
}

function leave(leavers: ReturnType<typeof leaver>[], draws: number[] = [], parts = {}) {
  const clock = createClock();
  let drawn = 0;
  const random = () => draws[drawn++ % draws.length] ?? 0;
  let done = false;
  const all = sayGoodbye(leavers, {
    scheduler: clock.scheduler,
    random,
    spreadMs: 5000,
    newSocketsPerSecond: 1000,
    ...parts,
  });
  void all.then(() => {
    done = true;
  });
  const isDone = async () => {
    await settled();
    return done;
  };
  return { ...clock, isDone };
}

describe('the goodbye', () => {
  it('[OPS18] tells each socket when to come back, drawn over 5 s', async () => {
    const leavers = [leaver(), leaver(), leaver()];
    const { isDone } = leave(leavers, [0, 0.5, 0.9999]);
    expect(leavers.flatMap(({ told }) => told)).toEqual([
      { code: 'server-shutdown', retryMs: 0 },
      { code: 'server-shutdown', retryMs: 2500 },
      { code: 'server-shutdown', retryMs: 4999 },
    ]);
    expect(await isDone()).toBe(true);
  });

  it('[OPS18] spreads them over as long as the server takes for all of them', () => {
    const leavers = Array.from({ length: 20 }, () => leaver());
    leave(leavers, [0.5], { newSocketsPerSecond: 1 });
    expect(leavers[0]?.told[0]?.retryMs).toBe(10_000);
  });

  it('[OPS18] never asks for more than the protocol allows', () => {
    const leavers = Array.from({ length: 2000 }, () => leaver());
    leave(leavers, [0.99], { newSocketsPerSecond: 1 });
    expect(leavers[0]?.told[0]?.retryMs).toBe(600_000);
  });

  it('[OPS18] breaks off those that do not answer for 5 s, and waits for no other', async () => {
    const [quick, stuck] = [leaver(), leaver(true)];
    const { isDone, run } = leave([quick, stuck]);
    run(GOODBYE_MS - 1);
    expect([await isDone(), stuck.state.terminated]).toEqual([false, false]);
    run(2);
    expect([await isDone(), stuck.state.terminated]).toEqual([true, true]);
  });

  it('[OPS18] lets a socket that cannot be told or broken off hold up nothing', async () => {
    const broken = () => {
      throw new Error('broken');
    };
    const [lost, quick] = [{ ...leaver(true), farewell: broken, terminate: broken }, leaver()];
    const { isDone, run } = leave([lost, quick]);
    expect([await isDone(), quick.told.length]).toEqual([false, 1]);
    run(GOODBYE_MS + 1);
    expect(await isDone()).toBe(true);
  });

  it('[OPS18] is over at once where there are no sockets', async () => {
    expect(await leave([]).isDone()).toBe(true);
  });
});

describe('the log', () => {
  it('[OPS17] says a warning once in 10 s, and how often it was left out', () => {
    const { now, run } = createClock();
    const quiet = new LogThrottle(now);
    const lines: unknown[] = [];
    const say = (key: string) => quiet.say((...line) => lines.push(line), key, { key }, 'refused');
    for (const key of ['a', 'a', 'b', 'a']) say(key);
    run(THROTTLE_MS);
    say('a');
    run(THROTTLE_MS);
    say('a');
    expect(lines).toEqual([
      [{ key: 'a' }, 'refused'],
      [{ key: 'b' }, 'refused'],
      [{ key: 'a', suppressed: 2 }, 'refused'],
      [{ key: 'a' }, 'refused'],
    ]);
  });

  it('[OPS17] remembers a bounded number of warnings', () => {
    const quiet = new LogThrottle(() => 0);
    let lines = 0;
    const say = (key: number) => quiet.say(() => lines++, String(key), {}, 'refused');
    for (let key = 0; key < 200; key++) say(key);
    say(0);
    expect(lines).toBe(200);
    say(200);
    say(0);
    expect(lines).toBe(202);
  });
});

describe('a reload', () => {
  it('[OPS20] runs each for itself, and logs what became of it', async () => {
    const lines: unknown[] = [];
    const log = (...[fields, message]: unknown[]) => lines.push([fields, message]);
    const fault = new Error('no such file');
    await reloadAll({ tokens: () => Promise.reject(fault), certificate: async () => 'valid to 2030' }, {
      info: log,
      error: log,
    } as never);
    expect(lines).toEqual([
      [{ what: 'tokens', err: fault }, 'not reloaded: the old state stays in force'],
      [{ what: 'certificate', now: 'valid to 2030' }, 'reloaded'],
    ]);
  });
});
