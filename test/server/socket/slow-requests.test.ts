import { describe, expect, it } from 'vitest';
import type { ClientMessage, ServerMessage } from '../../../src/protocol/messages.js';
import { type SlowRequest, SlowRequests } from '../../../src/server/socket/slow-requests.js';

function timed(slowMs = 1000) {
  const told: SlowRequest[] = [];
  const clock = { ms: 0 };
  const slow = new SlowRequests({ now: () => clock.ms, slowMs, onSlow: (request) => told.push(request) });
  return { told, clock, slow };
}
const remove = (id: number): ClientMessage => ({ type: 'remove', id, sequence: 'a' });
const done = (re: number) => ({ type: 'done', re }) satisfies ServerMessage;

describe('the watch over slow requests', () => {
  it('[OPS32] tells of a request that took long: its type, its sequence and how long', () => {
    const { told, clock, slow } = timed();
    slow.ask(remove(1));
    slow.ask({ type: 'checkpoint', id: 2, channel: 7 });
    clock.ms = 999;
    slow.answer(done(1));
    expect(told).toEqual([]);
    clock.ms = 1500;
    slow.answer({ type: 'error', re: 2, code: 'store-unavailable', message: '', temporary: true });
    expect(told).toEqual([{ type: 'checkpoint', sequence: 7, ms: 1500, code: 'store-unavailable' }]);
  });

  it('takes the first answer of a request, and none of what nobody asked', () => {
    const { told, clock, slow } = timed();
    slow.ask(remove(1));
    clock.ms = 2000;
    slow.answer({ type: 'ack', channel: 1, seq: 3 });
    slow.answer(done(9));
    for (let i = 0; i < 2; i++) slow.answer(done(1));
    expect(told).toEqual([{ type: 'remove', sequence: 'a', ms: 2000 }]);
  });

  it('times a bounded number of requests at once', () => {
    const { told, clock, slow } = timed();
    for (let id = 0; id < 2000; id++) slow.ask(remove(id));
    clock.ms = 5000;
    for (let id = 0; id < 2000; id++) slow.answer(done(id));
    expect(told).toHaveLength(1024);
  });
});
