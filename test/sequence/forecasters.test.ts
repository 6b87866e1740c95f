import { describe, expect, it } from 'vitest';
import type { ViewMessageOf } from '../../src/protocol/views/index.js';
import { EXPERTS } from '../../src/rnn/forecast/experts.js';
import type { Sequence } from '../../src/sequence/sequence.js';
import { noisySine } from '../../src/signals/noisy-sine.js';
import { ask } from '../support/ask.js';
import { listed, openHandle, watched } from '../support/handles.js';
import { createRegistry } from '../support/sequences.js';

const EVERY = { every: 0, delivery: 'every' } as const;
const HOUR = 3_600_000;
const FIELDS = [{ name: 'temp' }, { name: 'flow' }];
const SPEC = { features: 2, units: 4, task: { kind: 'forecast', targets: [1], horizon: [1, 3] } };
const ignore = () => undefined;
const day = noisySine({ seed: 3, period: 24, noise: 0.1 });
const VALUES = Float64Array.from({ length: 800 }, (_, i) => (i % 2 === 0 ? 7 : day.next().value));

/** Pushes steps an hour apart, `block` at a time. */
function push(sequence: Sequence, to: number, block: number): void {
  for (let t = sequence.seq + 1; t < to; t += block) {
    const count = Math.min(block, to - t);
    const times = Float64Array.from({ length: count }, (_, i) => (t + i) * HOUR);
    ask(sequence).push(t, VALUES.slice(2 * t, 2 * (t + count)), undefined, ignore, count, times);
  }
}

function opened(spec: object = {}) {
  const { registry, scheduler } = createRegistry({ keeping: { idleMs: 60_000 } });
  openHandle(registry, { fields: FIELDS, spec: { ...SPEC, ...spec } } as never);
  const sequence = registry.get('a');
  return { registry, scheduler, sequence, events: watched(sequence, 'events') };
}

const seasonsOf = (messages: readonly ViewMessageOf<'events'>[]) =>
  messages
    .flatMap(({ events }) => events)
    .filter(({ event }) => event === 'season')
    .map(({ seq, detail }) => ({ seq, ...detail }));

describe('the metrics of a sequence', () => {
  it('[VIW16] tell how well ranges hold and who forecasts, in all and of each output', () => {
    const { sequence } = opened();
    const all = watched(sequence, 'metrics');
    push(sequence, 400, 50);
    const last = all.at(-1)!;
    expect(last.outputs.map(({ name, horizon }) => [name, horizon])).toEqual([
      ['flow', 1],
      ['flow', 3],
    ]);
    for (const scores of [last, ...last.outputs]) {
      expect(scores.coverage).toBeGreaterThan(0.8);
      expect(scores.recentCoverage).toBeLessThan(1);
      expect(scores.intervalWidth).toBeGreaterThan(0);
      expect(scores.intervalScore).toBeGreaterThan(scores.intervalWidth!);
      const shares = scores.forecasters!;
      expect(EXPERTS).toEqual(expect.arrayContaining(shares.map(({ name }) => name)));
      const weights = shares.map(({ weight }) => weight);
      expect(weights).toEqual([...weights].sort((a, b) => b - a));
      expect(weights.at(-1)).toBeGreaterThan(0.005);
      expect(weights.reduce((sum, weight) => sum + weight)).toBeCloseTo(1, 1);
    }
  });

  it('[VIW16] tell nobody where the network forecasts alone', () => {
    const { sequence } = opened({ task: { ...SPEC.task, forecaster: 'network' } });
    const all = watched(sequence, 'metrics');
    push(sequence, 60, 10);
    expect(all.at(-1)).not.toHaveProperty('forecasters');
    expect(all.at(-1)?.outputs[0]).not.toHaveProperty('forecasters');
  });
});

describe('the seasons of a sequence', () => {
  it('[VIW17] are events as they are found, in steps and in words, in the past and in blocks the same', () => {
    const { scheduler, sequence, events } = opened();
    push(sequence, 400, 1);
    const live = seasonsOf(events);
    expect(live).toContainEqual({
      seq: expect.any(Number),
      field: 'flow',
      change: 'tried',
      steps: 24,
      text: '24 steps, 1 d',
    });
    const blocks = opened();
    push(blocks.sequence, 400, 64);
    expect(seasonsOf(blocks.events)).toEqual(live);
    const past: ViewMessageOf<'events'>[] = [];
    const { results$ } = sequence.since('events', EVERY, { last: 400 });
    results$.subscribe((message) => past.push(message as ViewMessageOf<'events'>));
    scheduler.maxFrames = scheduler.frame + 100;
    scheduler.flush();
    expect(seasonsOf(past)).toEqual(live);
  });

  it('[LST3] are in the list of sequences, of one that sleeps as it fell asleep', async () => {
    const { registry, sequence } = opened();
    push(sequence, 400, 50);
    const awake = await listed(registry);
    expect(awake?.seasons).toContainEqual({ field: 'flow', steps: 24, text: '24 steps, 1 d' });
    sequence.keep();
    sequence.sleep('idle');
    expect(await listed(registry)).toMatchObject({ awake: false, seasons: awake?.seasons });
  });
});
