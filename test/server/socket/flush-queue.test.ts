import { expect, it } from 'vitest';
import { createFlushQueue } from '../../../src/server/socket/flush-queue.js';

it('[WIR13] schedules once for all that is to be done at the end of a turn', () => {
  const scheduled: (() => void)[] = [];
  const done: number[] = [];
  const atTurnEnd = createFlushQueue(
    (run) => scheduled.push(run),
    (fault) => expect.fail(String(fault)),
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

it('[WIR13] does the rest where one of them fails, and tells of it', () => {
  const scheduled: (() => void)[] = [];
  const done: number[] = [];
  const faults: unknown[] = [];
  const atTurnEnd = createFlushQueue(
    (run) => scheduled.push(run),
    (fault) => faults.push(fault),
  );
  atTurnEnd(() => {
    throw new Error('broken');
  });
  atTurnEnd(() => done.push(1));
  scheduled.shift()?.();
  expect([done, faults]).toEqual([[1], [new Error('broken')]]);
});
