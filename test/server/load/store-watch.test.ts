import { VirtualTimeScheduler } from 'rxjs';
import { expect, it } from 'vitest';
import { EddyError } from '../../../src/errors.js';
import { watchStore } from '../../../src/server/load/store-watch.js';
import { virtualClock } from '../../support/virtual-clock.js';

it('[OPS29] tells once that the store fails, and once that it writes again, with how long that took', () => {
  const time = new VirtualTimeScheduler();
  const store: { failure: EddyError | null } = { failure: null };
  const told: unknown[] = [];
  const watch = watchStore({
    store,
    clock: virtualClock(time),
    onFailure: ({ message }) => told.push(message),
    onMended: (ms) => told.push(ms),
  });
  const advance = (ms: number) => {
    time.maxFrames = time.now() + ms;
    time.flush();
    time.frame = time.maxFrames;
  };
  const full = new EddyError('store-unavailable', 'full');
  advance(1000);
  expect(told).toEqual([]);
  store.failure = full;
  advance(200);
  expect(told).toEqual(['full']);
  // each retry fails anew, and for another reason
  for (let i = 0; i < 20; i++) {
    store.failure = new EddyError('store-unavailable', `full ${i}`);
    advance(1000);
  }
  expect(told).toEqual(['full']);
  store.failure = null;
  advance(200);
  expect(told).toEqual(['full', 20_200]);
  store.failure = full;
  advance(200);
  expect(told).toEqual(['full', 20_200, 'full']);
  store.failure = null;
  watch.end();
  expect(told).toEqual(['full', 20_200, 'full', 0]);
  store.failure = full;
  advance(1000);
  expect(told).toHaveLength(4);
});
