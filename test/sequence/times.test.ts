import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_TIME } from '../../src/features/time-features.js';
import type { View, ViewMessage } from '../../src/protocol/views/index.js';
import type { Sequence } from '../../src/sequence/sequence.js';
import { StepTimes } from '../../src/sequence/step-times.js';
import { ask } from '../support/ask.js';
import { Restartable } from '../support/durable.js';
import { listed, openHandle, watched } from '../support/handles.js';
import { codeOf, createRegistry } from '../support/sequences.js';

const SPEC = { features: 1, units: 3, learner: { kind: 'tbptt', k1: 2, k2: 4 }, seed: 4 } as const;
const ignore = () => undefined;
const EVERY = { every: 0, delivery: 'every' } as const;

/** Pushes steps of x = their number at the given times; NaN is a step to be stamped. */
const push = (sequence: Sequence, first: number, ...t: number[]) =>
  ask(sequence).push(
    first,
    Float64Array.from(t, (_, i) => first + i),
    undefined,
    ignore,
    t.length,
    Float64Array.from(t),
  );
const pushUntimed = (sequence: Sequence, first: number) =>
  ask(sequence).push(first, Float64Array.of(first), undefined, ignore);

const open = (spec: object = SPEC) => {
  const { registry, scheduler } = createRegistry();
  const { sequence } = registry.open('a', 'create', { spec });
  return { sequence, registry, scheduler, inputs: watched(sequence, 'inputs') };
};
const timesOf = (messages: readonly { readonly t: Float64Array }[]) => messages.flatMap(({ t }) => [...t]);

describe('the times of steps', () => {
  it('[TIM1] come back with every result of the step', () => {
    const { sequence, inputs } = open();
    const [states, predictions] = [watched(sequence, 'states'), watched(sequence, 'predictions')];
    const [updates, metrics] = [watched(sequence, 'updates'), watched(sequence, 'metrics')];
    const events = watched(sequence, 'events');
    const t = [1000, 2000.5, 3000, 3000];
    push(sequence, 0, ...t);
    for (const messages of [inputs, states, predictions]) expect(timesOf(messages)).toEqual(t);
    // the prediction of step 0 is scored at step 1, so the block of the first two is learned at step 2
    expect(updates.flatMap((message) => message.updates.map((update) => update.t))).toEqual([3000]);
    expect(metrics.map((message) => message.t)).toEqual([3000]);
    ask(sequence).reset('state');
    expect(events.at(-1)?.events[0]).toMatchObject({ event: 'reset', t: 3000 });
    const weights = watched(sequence, 'weights');
    expect(weights[0]?.t).toBe(3000);
  });

  it('[TIM1] [TIM2] are those of their arrival where a step has none, and never go back when the clock does', () => {
    const { sequence, inputs, scheduler } = open();
    scheduler.frame = 5000;
    pushUntimed(sequence, 0);
    scheduler.frame = 4000;
    pushUntimed(sequence, 1);
    push(sequence, 2, 4999.5 + 1, Number.NaN);
    scheduler.frame = 6000;
    push(sequence, 4, Number.NaN, 7000);
    pushUntimed(sequence, 6);
    expect(timesOf(inputs)).toEqual([5000, 5000, 5000.5, 5000.5, 6000, 7000, 7000]);
  });

  it('[TIM4] of a step that is older than the one before it are refused, unless the spec takes them', () => {
    const { sequence, inputs } = open();
    push(sequence, 0, 1000, 2000);
    expect(() => push(sequence, 2, 3000, 2999)).toThrow(/step 3 .*1 ms older/);
    expect(codeOf(() => push(sequence, 2, 1999))).toBe('step-late');
    expect(sequence.seq).toBe(1);
    push(sequence, 2, 2000);
    expect(timesOf(inputs)).toEqual([1000, 2000, 2000]);

    const taking = open({ ...SPEC, inputs: { late: 'take' } });
    push(taking.sequence, 0, 2000, 1000, 1500);
    expect(timesOf(taking.inputs)).toEqual([2000, 1000, 1500]);
  });

  it.each([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, MAX_TIME + 2, -MAX_TIME - 2])(
    '[TIM4] that no date has are refused: %s',
    (time) => {
      const { sequence } = open();
      expect(codeOf(() => push(sequence, 0, time))).toBe('step-time');
      expect(sequence.seq).toBe(-1);
      push(sequence, 0, Math.sign(time) * MAX_TIME);
    },
  );

  it('[TIM4] [STP5] are as many as there are steps', () => {
    const { sequence } = open();
    const act = () =>
      ask(sequence).push(0, Float64Array.of(1, 2), undefined, ignore, 2, Float64Array.of(1000));
    expect(codeOf(act)).toBe('step-shape');
  });

  it.each<View>(['inputs', 'states', 'predictions', 'updates'])(
    '[TIM3] come back from the log as they were, in %s, after restart and sleep',
    async (view) => {
      const server = new Restartable();
      const { sequence } = server.registry.open('a', 'create', {
        spec: { ...SPEC, inputs: { time: ['hour', 'elapsed'] } },
      });
      const live: ViewMessage[] = [];
      sequence.watch(view, EVERY).subscribe((message) => live.push(message));
      for (let t = 0; t < 40; t++) push(sequence, t, 1.7e12 + 37_123.25 * t + (t > 30 ? t : 0));
      const { epoch, model } = sequence;
      const bits = JSON.stringify(model.snapshot());
      const again = () => {
        const messages: ViewMessage[] = [];
        server.sequence
          .rejoin(view, EVERY, { epoch, seq: -1 })
          .results$.subscribe((message) => messages.push(message));
        server.goOn();
        return messages.map(({ channel: _channel, ...rest }) => rest);
      };
      const expected = live.map(({ channel: _channel, ...rest }) => rest);
      const plain = (messages: object[]) =>
        JSON.parse(JSON.stringify(messages, (key, value) => (key === 'duration' ? 0 : value)));
      await server.restart();
      expect(JSON.stringify(server.sequence.model.snapshot())).toBe(bits);
      expect(itemsOf(plain(again()))).toEqual(itemsOf(plain(expected)));
      server.sequence.sleep('idle');
      expect(JSON.stringify(server.sequence.model.snapshot())).toBe(bits);
    },
  );

  it('[TIM2] [TIM3] of stamps go on after a restart where they were, though the clock stands at 0', async () => {
    const server = new Restartable();
    const { sequence } = server.registry.open('a', 'create', { spec: SPEC });
    push(sequence, 0, 5000);
    await server.restart();
    const inputs = watched(server.sequence, 'inputs');
    pushUntimed(server.sequence, 1);
    expect(timesOf(inputs)).toEqual([5000]);
    expect(codeOf(() => push(server.sequence, 2, 4999))).toBe('step-late');
    server.sequence.sleep('idle');
    expect(codeOf(() => push(server.sequence, 2, 4999))).toBe('step-late');
    expect((await listed(server.registry))?.t).toBe(5000);
  });

  it('[TIM5] tell the interval once they come regularly, and no more when they do not', () => {
    const { sequence } = open();
    const predictions = watched(sequence, 'predictions');
    for (let t = 0; t < 12; t++) push(sequence, t, 10_000 * t);
    push(sequence, 12, 150_000);
    const intervals = predictions.map(({ interval }) => interval);
    expect(intervals).toEqual([...new Array(8).fill(null), ...new Array(4).fill(10_000), null]);
  });

  it('[TIM5] count as regular with a jitter of a few percent, and their interval is the mean', () => {
    const times = new StepTimes();
    const jitter = [0, 0.3, -0.2, 0.1, -0.4, 0.2, 0, -0.1, 0.4, -0.3];
    for (let t = 0; t < 60; t++) times.take([1000 * t + 20 * jitter[t % 10]!]);
    expect(times.interval).toBeCloseTo(1000, 0);
    const again = new StepTimes();
    again.restore(JSON.parse(JSON.stringify(times.state())));
    expect(again.state()).toEqual(times.state());
  });

  it('[TIM2] [TIM4] stamp any times so that they never go back, or refuse them', () => {
    const time = fc.oneof(fc.constant(Number.NaN), fc.integer({ min: -50, max: 50 }), fc.double());
    fc.assert(
      fc.property(fc.array(fc.tuple(time, fc.integer({ min: -9, max: 99 }))), (steps) => {
        const times = new StepTimes();
        let last = Number.NEGATIVE_INFINITY;
        for (const [given, arrival] of steps) {
          let stamp: Float64Array | null = null;
          const code = codeOf(() => {
            stamp = times.stamp(Float64Array.of(given), 1, arrival, 0, false);
          });
          if (!stamp) {
            const isLate = Math.abs(given) <= MAX_TIME && given < last;
            expect(code).toBe(isLate ? 'step-late' : 'step-time');
            continue;
          }
          const [only] = stamp as Float64Array;
          expect(only).toBe(Number.isNaN(given) ? Math.max(arrival, last) : given);
          expect(only).toBeGreaterThanOrEqual(last);
          times.take(stamp);
          last = only!;
        }
      }),
    );
  });

  it('[TIM1] of an append are given or stamped like those of a step', () => {
    const { registry, scheduler, inputs } = open();
    scheduler.frame = 3000;
    const handle = openHandle(registry);
    handle.append({ x: Float64Array.of(1), t: 2000 }).subscribe();
    handle.append({ x: Float64Array.of(2) }).subscribe();
    expect(timesOf(inputs)).toEqual([2000, 3000]);
  });
});

/** Results one by one, however they were gathered into messages. */
function itemsOf(messages: { seq: number; count?: number; updates?: unknown[] }[]): unknown[] {
  return messages.flatMap((message) => {
    if (message.updates) return message.updates;
    const all = Object.entries(message).filter(([, value]) => typeof value === 'object' && value !== null);
    const count = message.count!;
    return Array.from({ length: count }, (_, i) => [
      message.seq + i,
      ...all.map(([key, value]) => {
        const values = Object.values(value as object);
        const size = values.length / count;
        return [key, values.slice(i * size, (i + 1) * size)];
      }),
    ]);
  });
}
