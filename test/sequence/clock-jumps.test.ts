/** What a wall clock that is set means for a sequence: nothing, where durations are concerned. */
import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/store/memory.js';
import { openHandle } from '../support/handles.js';
import { PastBench } from '../support/past.js';
import { createRegistry } from '../support/sequences.js';

const HOUR = 3_600_000;

describe('a wall clock that is set', () => {
  it.each([HOUR, -HOUR, 5000, -5000])('[CLK3] by %i ms puts no sequence to sleep sooner or later', (by) => {
    const set = { ms: 0 };
    const { registry, scheduler } = createRegistry({
      keeping: { idleMs: 60_000 },
      wall: () => scheduler.now() + set.ms,
    });
    const run = (ms: number) => {
      scheduler.maxFrames = scheduler.frame + ms;
      scheduler.flush();
      scheduler.frame = scheduler.maxFrames;
    };
    openHandle(registry, { spec: { features: 1, units: 2 } } as never);
    const sequence = registry.get('a');
    run(30_000);
    set.ms = by;
    run(29_000);
    expect(sequence.isAwake).toBe(true);
    run(12_000);
    expect(sequence.isAwake).toBe(false);
  });

  it.each([HOUR, -HOUR])('[CLK3] by %i ms keeps metrics as often as before', (by) => {
    const bench = new PastBench(createMemoryStore());
    const due: boolean[] = [];
    for (let i = 0; i < 4; i++) {
      due.push(bench.past.isMetricsDue(1000 * i));
      bench.past.metrics({ seq: 1000 * i, t: null, epoch: 'e1', metrics: {} });
      bench.setBy += by;
      bench.now += 60_000;
    }
    expect(due).toEqual([true, true, true, true]);
    bench.now -= 59_500;
    bench.setBy += HOUR;
    expect(bench.past.isMetricsDue(4000)).toBe(false);
  });
});
