import { describe, expect, it } from 'vitest';
import { UnackedStep, UnackedSteps } from '../../client/sdk/unacked-steps.js';

const LIMITS = { steps: 100, reals: 1000, inFlight: 100 };

const stepOf = (value: number) => new UnackedStep(Float64Array.of(value), null, Number.NaN);

function filled(count: number, capacity = 100): { outbox: UnackedSteps; steps: UnackedStep[] } {
  const outbox = new UnackedSteps(() => capacity, 'fail');
  const steps = Array.from({ length: count }, (_, i) => stepOf(i));
  outbox.resume(-1);
  for (const step of steps) outbox.push(step);
  return { outbox, steps };
}

/** The numbers of all blocks that can be taken now. */
function takeAll(outbox: UnackedSteps, limits = LIMITS): (number | null)[][] {
  const blocks: (number | null)[][] = [];
  for (let block = outbox.take(limits); block; block = outbox.take(limits))
    blocks.push(block.steps.map(({ seq }) => seq));
  return blocks;
}

describe('the outbox', () => {
  it('[SDK14] has nothing to send before the position is known', () => {
    const outbox = new UnackedSteps(() => 2, 'fail');
    expect(outbox.take(LIMITS)).toBe(null);
  });

  it('[SDK16] counts an ack for steps that are in flight on this socket only', () => {
    const { outbox, steps } = filled(4);
    takeAll(outbox);
    outbox.interrupt();
    outbox.resume(3);
    expect(takeAll(outbox, { ...LIMITS, inFlight: 2 })).toEqual([[0, 1]]);
    expect(outbox.ack(3)).toBe(2);
    expect(steps.map(({ status }) => status)).toEqual(['acked', 'acked', 'sent', 'sent']);
    expect(outbox.ack(3)).toBe(0);
    expect(takeAll(outbox)).toEqual([[2, 3]]);
    expect(outbox.ack(3)).toBe(2);
    expect(outbox.size).toBe(0);
  });

  it('[SDK20] ignores an ack that is older than what it holds', () => {
    const { outbox } = filled(3);
    takeAll(outbox);
    outbox.ack(1);
    expect(outbox.ack(0)).toBe(0);
    expect(outbox.size).toBe(1);
  });

  it('[SDK17] takes no step beyond its capacity, even where that has become smaller', () => {
    let capacity = 3;
    const outbox = new UnackedSteps(() => capacity, 'fail');
    for (let i = 0; i < 3; i++) expect(outbox.push(stepOf(0))).toBe(true);
    capacity = 1;
    expect(outbox.room).toBe(0);
    expect(outbox.push(stepOf(0))).toBe(false);
    expect(outbox.size).toBe(3);
  });

  it('[SDK28] numbers steps anew from where the server is, those that were never sent included', () => {
    const { outbox, steps } = filled(4);
    takeAll(outbox, { ...LIMITS, inFlight: 3 });
    outbox.ack(1);
    outbox.interrupt();
    expect(outbox.resume(0)).toEqual({ lost: true, renumbered: 1 });
    expect(takeAll(outbox)).toEqual([[1, 2]]);
    expect(steps.map(({ seq }) => seq)).toEqual([0, 1, 1, 2]);
  });
});
