import { Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { BrowserRunner, type WorkerLike } from '../../client/dashboard/try/browser-runner.js';
import { LocalRunner } from '../../client/dashboard/try/local-runner.js';
import { Pace } from '../../client/dashboard/try/run-pace.js';
import { compareHashes } from '../../client/dashboard/try/run-record.js';
import type { Batch, Block, FromWorker, Runner, ToWorker } from '../../client/dashboard/try/runner.js';
import { parseSetting } from '../../client/dashboard/try/setting.js';
import { createSignal, type Signal } from '../../client/dashboard/try/signal.js';
import { Run } from '../../client/dashboard/try/training-run.js';
import { EddyError } from '../../src/errors.js';

/** A runner that answers when it is told to, with the library itself. */
class FakeRunner implements Runner {
  readonly batches$ = new Subject<Batch>();
  readonly blocks: Block[] = [];
  room = 1000;
  isClosed = false;
  constructor(private readonly local: LocalRunner) {}
  push(block: Block) {
    this.blocks.push(block);
  }
  answer() {
    for (const block of this.blocks.splice(0)) this.batches$.next(this.local.run(block));
  }
  close() {
    this.isClosed = true;
  }
}

function start(query: string, signal?: Signal) {
  const setting = parseSetting(query);
  const runners: FakeRunner[] = [];
  const clock = { now: 0 };
  const run = new Run({
    setting,
    signal: signal ?? createSignal(setting),
    now: () => clock.now,
    openRunner: (_name, _runner, spec, steps) => {
      const runner = new FakeRunner(new LocalRunner(spec, steps));
      runners.push(runner);
      return runner;
    },
  });
  /** Lets time pass, a look every 20 ms. */
  const pass = (ms: number) => {
    for (const end = clock.now + ms; clock.now < end; clock.now += 20) run.tick();
  };
  const status = () => run.state$.value.status;
  return { run, runners, pass, status };
}

describe('a run', () => {
  it('[DSH22] feeds all its runners the same steps, at its speed', () => {
    const { runners, pass } = start('v=1&speed=100&compare=1&b.units=8');
    pass(1020);
    const [a, b] = runners.map(({ blocks }) => blocks);
    expect(a!.reduce((sum, { count }) => sum + count, 0)).toBe(100);
    expect(b).toEqual(a);
  });

  it('[DSH22] waits for the slowest of them', () => {
    const { runners, pass } = start('v=1&speed=0&compare=1');
    runners[1]!.room = 7;
    pass(20);
    expect(runners.map(({ blocks }) => blocks.map(({ count }) => count))).toEqual([[7], [7]]);
  });

  it('[DSH22] stops while it is paused, goes on by single steps, and does not catch up', () => {
    const { run, runners, pass } = start('v=1&speed=100');
    pass(200);
    run.pause();
    const before = runners[0]!.blocks.length;
    pass(5000);
    expect(runners[0]!.blocks.length).toBe(before);
    run.step(3);
    expect(runners[0]!.blocks.at(-1)!.count).toBe(3);
    run.resume();
    run.step(9);
    pass(40);
    const counts = runners[0]!.blocks.slice(before + 1).map(({ count }) => count);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBeLessThan(6);
  });

  it('[DSH22] ends when all its steps have come back, or the signal has ended', () => {
    const whole = start('v=1&speed=0&steps=300');
    whole.pass(60);
    expect(whole.status()).toBe('running');
    whole.runners[0]!.answer();
    expect(whole.run.state$.value).toEqual({ status: 'ended', steps: 300 });

    let left = 5;
    const short = start('v=1&speed=0', {
      fields: [{ name: 'x' }],
      next: () => (left-- > 0 ? { x: [left] } : 'end'),
    });
    short.pass(40);
    short.runners[0]!.answer();
    expect(short.run.state$.value).toEqual({ status: 'ended', steps: 5 });
  });

  it('[DSH22] waits for a sensor that has nothing to say yet', () => {
    const { runners, pass, status } = start('v=1&speed=0', { fields: [{ name: 'x' }], next: () => null });
    pass(100);
    expect([runners[0]!.blocks, status()]).toEqual([[], 'running']);
  });

  it('[DSH22] says which runner failed and why, and feeds it no more', () => {
    const { run, runners, pass } = start('v=1&speed=100&compare=1');
    const error = new EddyError('sequence-limit', 'full');
    runners[1]!.batches$.error(error);
    expect(run.state$.value).toEqual({ status: 'failed', runner: 'B', error });
    pass(100);
    expect(runners[0]!.blocks).toEqual([]);
  });

  it('[DSH22] lets go of signal and runners when it is closed', () => {
    let isStopped = false;
    const signal: Signal = {
      fields: [{ name: 'x' }],
      next: () => null,
      stop: () => {
        isStopped = true;
      },
    };
    const { run, runners } = start('v=1', signal);
    run.close();
    expect([isStopped, runners[0]!.isClosed, runners[0]!.batches$.observed]).toEqual([true, true, false]);
  });

  it('keeps each forecast at the step that it is for, and the truth as it was', () => {
    const { run, runners, pass } = start('v=1&signal=sine&speed=0&steps=40&horizon=3');
    pass(20);
    runners[0]!.answer();
    const { forecasts, states, done } = run.runners[0]!.record;
    expect([...forecasts.view('step')].slice(0, 3)).toEqual([3, 4, 5]);
    expect([forecasts.total, states.total, done, run.truth.ring.total]).toEqual([40, 40, 40, 40]);
    const signal = createSignal(parseSetting('v=1&signal=sine'));
    const truth = Array.from({ length: 40 }, () => (signal.next() as { x: number[] }).x[0]);
    expect([...run.truth.ring.view('x0')]).toEqual(truth);
    // before anything was learned, the forecast is the last value
    expect(forecasts.get('y0', 0)).toBe(Math.fround(truth[0]!));
  });
});

describe('hashes', () => {
  it('[DSH24] are noted every hundred states and after the last, and compared at the newest that both have', () => {
    const point = (count: number, hash: string) => ({ count, hash });
    expect(compareHashes([], [point(100, 'a')])).toBe(null);
    expect(compareHashes([point(100, 'a'), point(200, 'b')], [point(100, 'a')])).toEqual({
      count: 100,
      isSame: true,
    });
    expect(
      compareHashes([point(100, 'a'), point(200, 'b')], [point(100, 'a'), point(200, 'c'), point(300, 'd')]),
    ).toEqual({ count: 200, isSame: false });
    const { run, runners, pass } = start('v=1&speed=0&steps=250');
    pass(20);
    runners[0]!.answer();
    expect(run.runners[0]!.record.checkpoints.map(({ count }) => count)).toEqual([100, 200, 250]);
  });
});

describe('the pace', () => {
  it('gives as many steps as time has passed for, and does not race after a sleep', () => {
    const pace = new Pace(50);
    expect(pace.due(0, 256)).toBe(0);
    let given = 0;
    for (let now = 10; now <= 1000; now += 10) given += pace.due(now, 256);
    expect(given).toBe(50);
    expect(pace.due(1_000_000, 256)).toBeLessThanOrEqual(256);
    expect(pace.due(1_000_020, 256)).toBeLessThanOrEqual(1);
  });

  it('is only bounded by the room at full speed', () => {
    const pace = new Pace(0);
    expect([pace.due(0, 9), pace.due(0, 256), pace.due(1, 0)]).toEqual([9, 256, 0]);
  });
});

describe('a runner in a worker', () => {
  const start = () => {
    const said: ToWorker[] = [];
    const worker: WorkerLike & { isTerminated?: boolean } = {
      onmessage: null,
      onerror: null,
      postMessage: (message) => void said.push(message),
      terminate: () => {
        worker.isTerminated = true;
      },
    };
    const runner = new BrowserRunner(worker, { features: 1, units: 4 }, 1000);
    const tell = (data: FromWorker) => worker.onmessage?.({ data } as MessageEvent<FromWorker>);
    return { said, worker, runner, tell };
  };
  const block = (first: number, count: number): Block => ({
    first,
    count,
    x: new Float64Array(count),
    t: null,
    targets: null,
  });

  it('has room for what is not under way', () => {
    const { said, runner, tell } = start();
    const seen: number[] = [];
    runner.batches$.subscribe(({ count }) => seen.push(count));
    runner.push(block(0, 200));
    expect(runner.room).toBe(56);
    tell({ type: 'batch', batch: new LocalRunner({ features: 1, units: 4 }, 1000).run(block(0, 200)) });
    expect([runner.room, seen]).toEqual([256, [200]]);
    expect(said.map(({ type }) => type)).toEqual(['start', 'run']);
  });

  it('fails with the code of what went wrong, and ends its worker when it is closed', () => {
    const { runner, tell, worker } = start();
    const errors: unknown[] = [];
    runner.batches$.subscribe({ error: (error) => errors.push(error) });
    tell({ type: 'failed', code: 'step-non-finite', message: 'x holds NaN' });
    expect(errors).toMatchObject([{ code: 'step-non-finite', message: 'x holds NaN' }]);
    runner.close();
    expect(worker.isTerminated).toBe(true);
  });
});
