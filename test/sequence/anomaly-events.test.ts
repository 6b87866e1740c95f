import { describe, expect, it } from 'vitest';
import type { ViewMessageOf } from '../../src/protocol/views/index.js';
import type { Sequence } from '../../src/sequence/sequence.js';
import { ask } from '../support/ask.js';
import { openHandle, watched } from '../support/handles.js';
import { Numbers } from '../support/numeric-random.js';
import { createRegistry } from '../support/sequences.js';

const EVERY = { every: 0, delivery: 'every' } as const;
const MINUTE = 60_000;
const FIELDS = [{ name: 'temp', unit: '°C' }, { name: 'flow' }];
const COUNT = 700;
/** Where flow is out of range twice, temp is stuck, and flow is missing. */
const [WILD, STUCK, GAP] = [400, 500, 600];
const ignore = () => undefined;

const numbers = new Numbers(5);
const VALUES = Float64Array.from({ length: 2 * COUNT }, (_, i) => {
  const [t, feature] = [Math.floor(i / 2), i % 2];
  const value = 10 + Math.sin(t / 4) + numbers.one(0.2);
  if (feature === 1 && (t === WILD || t === WILD + 5)) return t === WILD ? 40 : 90;
  if (feature === 0 && t >= STUCK && t < STUCK + 40) return 10;
  return feature === 1 && t >= GAP && t < GAP + 20 ? Number.NaN : value;
});

function push(sequence: Sequence, block: number): void {
  for (let t = 0; t < COUNT; t += block) {
    const count = Math.min(block, COUNT - t);
    const times = Float64Array.from({ length: count }, (_, i) => (t + i) * MINUTE);
    ask(sequence).push(t, VALUES.slice(2 * t, 2 * (t + count)), undefined, ignore, count, times);
  }
}

const KINDS = ['anomaly', 'anomaly-over', 'gap', 'stuck'];

/** The events of anomalies and sensors from step WILD on. */
const toldOf = (messages: readonly ViewMessageOf<'events'>[]) =>
  messages
    .flatMap(({ events }) => events)
    .filter(({ event, seq }) => KINDS.includes(event) && seq >= WILD)
    .map(({ event, seq, t, detail }) => ({ event, seq, t, ...detail }));

function told(block: number, isPast = false) {
  const { registry, scheduler } = createRegistry();
  const spec = { features: 2, units: 4, inputs: { missing: 'hold' } };
  openHandle(registry, { fields: FIELDS, spec } as never);
  const sequence = registry.get('a');
  const live = watched(sequence, 'events');
  push(sequence, block);
  if (!isPast) return toldOf(live);
  const past: ViewMessageOf<'events'>[] = [];
  const { results$ } = sequence.since('events', EVERY, { last: COUNT });
  results$.subscribe((message) => past.push(message as ViewMessageOf<'events'>));
  scheduler.maxFrames = scheduler.frame + 100;
  scheduler.flush();
  return toldOf(past);
}

describe('the events of a sequence', () => {
  const all = told(1);
  const of = (kind: string) => all.filter(({ event }) => event === kind);
  const [temp, flow] = [{ field: 'temp', unit: '°C' }, { field: 'flow' }];

  it('[VIW18] tell an anomaly as it begins, with what was odd, and when it is over', () => {
    const [first] = of('anomaly');
    expect(first).toMatchObject({ seq: WILD, t: WILD * MINUTE, score: 1 });
    expect((first as unknown as { fields: object[] }).fields[0]).toEqual(flow);
    const [over] = of('anomaly-over');
    expect(over).toMatchObject({ score: 1, start: WILD, peak: WILD });
    const { seq, end, times } = over as unknown as { seq: number; end: number; times: object };
    expect(end).toBeGreaterThanOrEqual(WILD + 5);
    expect(seq).toBe(end + 30);
    expect(times).toEqual({ start: WILD * MINUTE, peak: WILD * MINUTE, end: end * MINUTE });
  });

  it('[VIW19] tell a stuck sensor and a gap, once as they are noticed and once when they are over', () => {
    const stuck = { event: 'stuck', ...temp, since: STUCK, value: 10 };
    expect(of('stuck')).toEqual([
      { ...stuck, seq: STUCK + 23, t: (STUCK + 23) * MINUTE, steps: 24, over: false },
      { ...stuck, seq: STUCK + 40, t: (STUCK + 40) * MINUTE, steps: 40, over: true },
    ]);
    const gap = { event: 'gap', ...flow, since: GAP };
    expect(of('gap')).toEqual([
      { ...gap, seq: GAP + 9, t: (GAP + 9) * MINUTE, steps: 10, over: false },
      { ...gap, seq: GAP + 20, t: (GAP + 20) * MINUTE, steps: 20, over: true },
    ]);
  });

  it('[VIW18] [VIW19] are the same in blocks, and in the past', () => {
    expect(told(64)).toEqual(all);
    expect(told(64, true)).toEqual(all);
  });
});
