import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Rate } from '../../../src/server/socket/rate.js';
import { StepPace } from '../../../src/server/socket/step-pace.js';
import { createClock } from '../../support/clock.js';

describe('a rate', () => {
  it('[OPS6] lets a second of it pass at once, and then as much as time brings', () => {
    const rate = new Rate(10);
    const passed = (now: number) => {
      let count = 0;
      while (rate.tryTake(now)) count++;
      return count;
    };
    expect([passed(0), passed(0), passed(99), passed(100), passed(350), passed(60_000)]).toEqual([
      10, 0, 0, 1, 2, 10,
    ]);
  });

  it('[OPS6] is never exceeded over any span, by more than a second of it', () => {
    const moments = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), moments, (perSecond, gaps) => {
        const rate = new Rate(perSecond);
        const taken: number[] = [];
        let now = 0;
        for (const gap of gaps) {
          now += gap;
          if (rate.tryTake(now)) taken.push(now);
        }
        for (const [first, from] of taken.entries())
          for (const [last, to] of taken.entries())
            if (last >= first)
              expect(last - first + 1).toBeLessThanOrEqual(
                perSecond + ((to - from) * perSecond) / 1000 + 1e-6,
              );
      }),
    );
  });
});

describe('a pace', () => {
  function pacing(perSecond: number) {
    const clock = createClock();
    const said: string[] = [];
    const socket = {
      pause: () => said.push(`pause ${clock.now()}`),
      resume: () => said.push(`resume ${clock.now()}`),
    };
    return { ...clock, said, pace: new StepPace({ socket, perSecond, ...clock }) };
  }

  it('[OPS7] holds the socket until the rate is kept again', () => {
    const { pace, run, said } = pacing(1000);
    for (let i = 0; i < 4; i++) pace.take(256);
    expect([said, pace.isHolding]).toEqual([['pause 0'], true]);
    run(100);
    expect([said, pace.isHolding]).toEqual([['pause 0', 'resume 24'], false]);
  });

  it('[OPS7] holds it longer for what had been read before the pause', () => {
    const { pace, run, said } = pacing(1000);
    pace.take(1100);
    pace.take(400);
    run(1000);
    expect(said).toEqual(['pause 0', 'pause 100', 'resume 500']);
  });

  it('[OPS7] lets the socket be read again when it ends', () => {
    const { pace, run, said } = pacing(1000);
    pace.take(2000);
    pace.end();
    run(5000);
    expect(said).toEqual(['pause 0', 'resume 0']);
  });

  it('[OPS7] leaves a socket alone that keeps the rate', () => {
    const { pace, said, run } = pacing(1000);
    for (let i = 0; i < 100; i++) {
      pace.take(100);
      run(100);
    }
    pace.end();
    expect(said).toEqual([]);
  });
});
