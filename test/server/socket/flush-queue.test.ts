import { expect, it } from 'vitest';
import { createFlushQueue } from '../../../src/server/socket/flush-queue.js';

it('[WIR13] schedules once for all that is to be done at the end of a turn', () => {
  const scheduled: (() => void)[] = [];
  const done: number[] = [];
  const faults: unknown[] = [];
  const atTurnEnd = createFlushQueue(
    (run) => scheduled.push(run),
    (fault) => faults.push(fault),
  );
  for (const i of [1, 2, 3]) atTurnEnd(() => done.push(i));
  expect([scheduled.length, done]).toEqual([1, []]);
  scheduled.shift()?.();
  expect(done).toEqual([1, 2, 3]);
  atTurnEnd(() => atTurnEnd(() => done.push(4)));
  expect(scheduled.length).toBe(1);
  scheduled.shift()?.();
  expect([scheduled.length, done.length]).toEqual([1, 3]);
  scheduled.shift()?.();
  expect(done).toEqual([1, 2, 3, 4]);
});
