import fc from 'fast-check';
import { VirtualTimeScheduler } from 'rxjs';
import { expect, it } from 'vitest';
import { createDurableStore } from '../../src/store/log/durable.js';
import { ask } from '../support/ask.js';
import { MemoryDisk } from '../support/memory-disk.js';
import { bitsOf, replayedBits, timeAt, timesFrom } from '../support/replay.js';
import { codeOf, createRegistry } from '../support/sequences.js';
import { virtualClock } from '../support/virtual-clock.js';

const SPEC = { features: 1, units: 3, inputs: { missing: 'hold' }, seed: 5 } as const;
const signal = (first: number, count: number) =>
  Float64Array.from({ length: count }, (_, i) => Math.sin(first + i));
const turn = () => new Promise((resolve) => setImmediate(resolve));

const carriedBy = (disk: MemoryDisk) =>
  createRegistry({
    store: createDurableStore(disk, {
      clock: virtualClock(new VirtualTimeScheduler()),
      atTurnEnd: queueMicrotask,
      groupMs: 0,
    }),
  }).registry;

/** Pushes, loses the power at the end, and looks whether all that was acked is there, with the right bits. */
const losesNothing = (isHasty: boolean) =>
  fc.asyncProperty(
    fc.array(
      fc.record({ count: fc.integer({ min: 1, max: 6 }), flushes: fc.boolean(), keeps: fc.boolean() }),
      {
        minLength: 1,
      },
    ),
    fc.boolean(),
    async (turns, withLast) => {
      const disk = new MemoryDisk();
      disk.isManual = true;
      disk.isHasty = isHasty;
      const { sequence } = carriedBy(disk).open('a', 'create', { spec: SPEC });
      let acked = -1;
      for (const { count, flushes, keeps } of turns) {
        const first = sequence.seq + 1;
        const onAck = (seq: number) => {
          acked = seq;
        };
        ask(sequence).push(first, signal(first, count), undefined, onAck, count, timesFrom(first, count));
        if (keeps) sequence.keep();
        if (flushes) disk.flush();
        await turn();
      }
      const registry = carriedBy(disk.afterPowerLoss(withLast));
      if (acked < 0 && codeOf(() => registry.get('a')) === 'sequence-unknown') return;
      const { seq, model } = registry.get('a');
      expect(seq).toBeGreaterThanOrEqual(acked);
      const plain = replayedBits(SPEC, seq + 1, (step) => ({ x: signal(step, 1), t: timeAt(step) }));
      expect(bitsOf(model)).toBe(plain);
    },
  );

it('[PRF2] power that is lost takes no step that was acked', async () => {
  await fc.assert(losesNothing(false), { numRuns: 200 });
});

it('[PRF2] an ack that goes out before the flush is found out by the same test', async () => {
  const { failed } = await fc.check(losesNothing(true), { numRuns: 200 });
  expect(failed).toBe(true);
});
