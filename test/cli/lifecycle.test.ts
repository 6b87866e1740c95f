import { Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { type Signal, untilStopped } from '../../src/cli/shared/lifecycle.js';
import { createClock, settled } from '../support/clock.js';

function live(stop: () => Promise<void>) {
  const clock = createClock();
  const signals = new Subject<Signal>();
  const said: string[] = [];
  let reloads = 0;
  const say = (_fields: unknown, message: string) => said.push(message);
  const ended = untilStopped({
    signals$: signals,
    scheduler: clock.scheduler,
    limitMs: 30_000,
    stop,
    reload: async () => {
      reloads++;
    },
    logger: { info: say, warn: say, error: say },
  });
  let code: number | undefined;
  void ended.then((value) => {
    code = value;
  });
  const codeNow = async () => {
    await settled();
    return code;
  };
  return { ...clock, signals, said, codeNow, reloads: () => reloads };
}

const never = () => new Promise<void>(() => undefined);

describe('a process that is told to stop', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('[OPS19] ends with 0 after an orderly end (%s)', async (signal) => {
    let stopped = 0;
    const { signals, said, codeNow } = live(async () => {
      stopped++;
    });
    expect([await codeNow(), stopped]).toEqual([undefined, 0]);
    signals.next(signal);
    expect([await codeNow(), stopped]).toEqual([0, 1]);
    expect(said).toEqual(['shutting down', 'stopped']);
  });

  it('[OPS19] ends with 1 where the shutdown failed', async () => {
    const { signals, said, codeNow } = live(() => Promise.reject(new Error('disk full')));
    signals.next('SIGTERM');
    expect(await codeNow()).toBe(1);
    expect(said).toEqual(['shutting down', 'the shutdown failed']);
  });

  it('[OPS19] ends with 1 where the end takes longer than 30 s', async () => {
    const { signals, said, codeNow, run } = live(never);
    signals.next('SIGTERM');
    run(29_999);
    expect(await codeNow()).toBe(undefined);
    run(2);
    expect(await codeNow()).toBe(1);
    expect(said).toEqual(['shutting down', 'the shutdown took too long']);
  });

  it('[OPS19] ends at once with 1 when it is told again', async () => {
    const { signals, said, codeNow } = live(never);
    signals.next('SIGTERM');
    expect(await codeNow()).toBe(undefined);
    signals.next('SIGINT');
    expect(await codeNow()).toBe(1);
    expect(said).toEqual(['shutting down', 'second signal: exiting at once']);
  });

  it('[OPS20] reloads at SIGHUP as often as it is told, but not on its way out', async () => {
    const { signals, codeNow, reloads } = live(never);
    signals.next('SIGHUP');
    signals.next('SIGHUP');
    expect([await codeNow(), reloads()]).toEqual([undefined, 2]);
    signals.next('SIGTERM');
    signals.next('SIGHUP');
    expect([await codeNow(), reloads()]).toEqual([undefined, 2]);
  });
});
