import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sharedKernels } from '../../src/kernels/shared.js';
import type { View, ViewMessage } from '../../src/protocol/views/index.js';
import type { Update } from '../../src/rnn/learning/learner.js';
import { Model } from '../../src/rnn/model.js';
import { inputsOf, modelSize, parseSpec } from '../../src/rnn/spec/spec.js';
import { RecentSteps } from '../../src/sequence/recent-steps.js';
import { noisySine } from '../../src/signals/noisy-sine.js';
import { ask } from '../support/ask.js';
import { bitsOf as bits, replayedBits } from '../support/replay.js';
import { codeOf, createRegistry } from '../support/sequences.js';
import { SlowStore } from '../support/slow-store.js';

const learner = { kind: 'tbptt', k1: 2, k2: 4 } as const;
const FORECAST = { features: 2, units: 5, learner, inputs: { missing: 'hold' }, seed: 7 } as const;
const SUPERVISED = { ...FORECAST, task: { kind: 'supervised', outputs: 1, delay: 4 } } as const;

/** Steps first .. first + count - 1 of a fixed signal, [T,F]. */
const signal = (first: number, count: number) =>
  Float64Array.from({ length: count * 2 }, (_, i) => Math.sin((2 * first + i) * 0.7) * (1 + (i % 2)));

const targetsOf = (first: number, count: number) =>
  Float64Array.from({ length: count }, (_, t) => Math.cos((first + t) * 0.3));

const open = (spec: unknown = FORECAST, options: Parameters<typeof createRegistry>[0] = {}) => {
  const { registry, scheduler } = createRegistry(options);
  const { sequence } = registry.open('pump', 'create', { spec });
  const acks: number[] = [];
  const push = (first: number, x: Float64Array, targets?: Float64Array) =>
    ask(sequence).push(first, x, targets, (seq) => acks.push(seq));
  return { registry, scheduler, sequence, acks, push };
};

describe('pushing steps', () => {
  it('[STP1] acks a block with the number of its last step', () => {
    const { push, acks, sequence } = open();
    push(0, signal(0, 3));
    push(3, signal(3, 1));
    expect(acks).toEqual([2, 3]);
    expect(sequence.model.seq).toBe(3);
  });

  it('[STP2] acks steps that were accepted before once more, without effect', () => {
    const { push, acks, sequence } = open();
    push(0, signal(0, 5));
    const before = bits(sequence.model);
    push(1, signal(1, 3));
    expect(acks).toEqual([4, 4]);
    expect(bits(sequence.model)).toBe(before);
  });

  it('[STP2] takes the new steps of a block that begins with accepted ones', () => {
    const { push, acks, sequence } = open();
    push(0, signal(0, 4));
    push(2, signal(2, 4));
    const { sequence: plain, push: pushPlain } = open();
    pushPlain(0, signal(0, 6));
    expect(acks).toEqual([3, 5]);
    expect(bits(sequence.model)).toBe(bits(plain.model));
  });

  it.each([
    ['[STP3]', 'step-gap', 3, signal(3, 1), undefined],
    ['[STP4]', 'step-conflict', 1, signal(9, 1), undefined],
    ['[STP5]', 'step-shape', 2, new Float64Array(3), undefined],
    ['[STP5]', 'step-shape', 2, new Float64Array(0), undefined],
    ['[STP6]', 'step-non-finite', 2, new Float64Array([1, 1, 1, 1e39]), undefined],
    ['[STP6]', 'step-non-finite', 2, new Float64Array([Number.POSITIVE_INFINITY, 1]), undefined],
    ['[STP8]', 'block-too-long', 2, signal(2, 257), undefined],
    ['[TGT1]', 'target-unexpected', 2, signal(2, 1), new Float64Array(1)],
  ])('%s refuses with %s, and nothing of the block is taken', (_id, code, first, x, targets) => {
    const { push, acks, sequence } = open();
    push(0, signal(0, 2));
    const before = bits(sequence.model);
    expect(codeOf(() => push(first, x, targets))).toBe(code);
    expect(bits(sequence.model)).toBe(before);
    expect(acks).toEqual([1]);
    push(2, signal(2, 1));
    expect(acks).toEqual([1, 2]);
  });

  it('[STP6] [STP12] refuses a number that is missing only where the spec says refuse', () => {
    const gap = new Float64Array([1, 1, 1, Number.NaN]);
    const { push, sequence } = open({ ...FORECAST, inputs: { missing: 'refuse' } });
    expect(() => push(0, gap)).toThrow(/x\[3\]|step 1/);
    expect(sequence.model.seq).toBe(-1);
  });

  it('[STP12] takes a number that is missing where the spec does not say otherwise, and the same step again', () => {
    const { push, acks, sequence } = open({ features: 2, units: 5 });
    expect(sequence.spec.inputs.missing).toBe('hold');
    const gap = new Float64Array([1, Number.NaN]);
    push(0, signal(0, 2));
    push(2, gap);
    push(2, gap.slice());
    expect(acks).toEqual([1, 2, 2]);
    expect(sequence.model.seq).toBe(2);
    expect(codeOf(() => push(2, new Float64Array([1, 5])))).toBe('step-conflict');
    expect(codeOf(() => push(3, new Float64Array([1, Number.POSITIVE_INFINITY])))).toBe('step-non-finite');
  });

  it('[VIW10] tells of a step that is odd, and of a series that has changed, as events', () => {
    const { push, sequence } = open({ features: 1, units: 4, seed: 1 });
    const events: { event: string; seq: number; detail: Record<string, unknown> }[] = [];
    sequence.watch('events', { every: 0, delivery: 'every' }).subscribe((message) => {
      if (message.type === 'events') events.push(...message.events);
    });
    const wave = noisySine({ seed: 5, noise: 0.05, changeAt: 2000, after: { period: 17, noise: 0.4 } });
    for (let t = 0; t < 3000; t++) push(t, Float64Array.of(wave.next().value));
    const after = events.filter(({ seq }) => seq >= 2000);
    expect(after.filter(({ event }) => event === 'drift')).toHaveLength(1);
    expect(after.find(({ event }) => event === 'anomaly')?.detail.score).toBeGreaterThanOrEqual(0.5);
    expect(events.filter(({ event, seq }) => event === 'drift' && seq < 2000)).toEqual([]);
  });

  it('[STP3] names the step that is expected', () => {
    const { push } = open();
    push(0, signal(0, 2));
    expect(() => push(7, signal(7, 1))).toThrow('step 7 came; step 2 is expected');
  });

  it('[STP9] gives the same bits for a block as for its steps one by one', () => {
    const { sequence, push } = open();
    push(0, signal(0, 40));
    const single = open();
    for (let t = 0; t < 40; t++) single.push(t, signal(t, 1));
    expect(bits(sequence.model)).toBe(bits(single.sequence.model));
  });

  it('[STP5] refuses a block that says it has another number of steps', () => {
    const { sequence, acks } = open();
    const push = (said: number) =>
      ask(sequence).push(0, signal(0, 2), undefined, (seq) => acks.push(seq), said);
    for (const said of [0, 1, 3]) expect(codeOf(() => push(said))).toBe('step-shape');
    expect([sequence.model.seq, acks]).toEqual([-1, []]);
    push(2);
    expect(acks).toEqual([1]);
  });

  it('[STP10] leaves h equal to a plain replay of the accepted steps, however pushes, repeats and gaps interleave', () => {
    const deed = fc.record({ back: fc.integer({ min: -2, max: 6 }), count: fc.integer({ min: 1, max: 5 }) });
    fc.assert(
      fc.property(fc.array(deed, { maxLength: 40 }), (deeds) => {
        const { sequence, push, acks, scheduler } = open();
        const times: number[] = [];
        for (const { back, count } of deeds) {
          const first = Math.max(0, sequence.model.seq + 1 - back);
          const expected = first > sequence.model.seq + 1 ? 'step-gap' : 'none';
          scheduler.frame += 1000;
          expect(codeOf(() => push(first, signal(first, count)))).toBe(expected);
          expect(acks.at(-1) ?? -1).toBe(sequence.model.seq);
          // what is accepted for the first time is stamped
          while (times.length <= sequence.model.seq) times.push(scheduler.frame);
        }
        const plain = replayedBits(FORECAST, times.length, (seq) => ({ x: signal(seq, 1), t: times[seq]! }));
        expect(bits(sequence.model)).toBe(plain);
      }),
    );
  });

  it('[STP7] acks a step only when its log says that it is durable', () => {
    const store = new SlowStore();
    const { push, acks, sequence } = open(FORECAST, { store });
    push(0, signal(0, 2));
    push(2, signal(2, 2));
    push(4, signal(4, 1));
    expect(sequence.model.seq).toBe(4);
    expect(acks).toEqual([]);
    store.makeDurable(3);
    expect(acks).toEqual([1, 3]);
    expect(sequence.durable).toBe(3);
    store.makeDurable(4);
    expect(acks).toEqual([1, 3, 4]);
  });

  it('[STP11] lets a producer have 256 steps un-acked and refuses more until the log has caught up', () => {
    const store = new SlowStore();
    const { push, sequence } = open(FORECAST, { store });
    push(0, signal(0, 200));
    push(200, signal(200, 56));
    expect(codeOf(() => push(256, signal(256, 1)))).toBe('credit-exceeded');
    expect(sequence.model.seq).toBe(255);
    store.makeDurable(2);
    push(256, signal(256, 1));
    expect(sequence.model.seq).toBe(256);
  });

  it('[STP8] takes shorter blocks of a model whose steps cost much, and tells how long they may be', () => {
    const { sequence, push } = open({ features: 2, units: 256, learner: { kind: 'tbptt', k1: 1, k2: 160 } });
    expect(sequence.blockSteps).toBeLessThan(60);
    const x = signal(0, sequence.blockSteps + 1);
    expect(codeOf(() => push(0, x))).toBe('block-too-long');
    expect(open().sequence.blockSteps).toBe(256);
  });

  it('[STP4] tells steps apart by each of their bits, but not 0 from -0, nor one NaN from another', () => {
    const sumOf = (...values: number[]) =>
      new RecentSteps(values.length).sumOf(Float64Array.from(values), 1, 0);
    expect(sumOf(0, Number.NaN)).toBe(sumOf(-0, -Number.NaN));
    const any = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(0, 1, Number.NaN));
    fc.assert(
      fc.property(fc.array(any, { minLength: 1, maxLength: 8 }), fc.nat(), any, (values, at, other) => {
        const i = at % values.length;
        const isSame = Object.is(values[i]! + 0, other + 0);
        expect(sumOf(...values) === sumOf(...values.with(i, other))).toBe(isSame);
      }),
      { numRuns: 2000 },
    );
  });

  it('[STP4] keeps the last steps, in whatever blocks they come, and over checkpoints', () => {
    const block = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.nat(9), fc.array(block), (keep, first, blocks) => {
        let recent = new RecentSteps(2, keep);
        let next = first;
        for (const count of blocks) {
          recent.add(
            next,
            Float64Array.from({ length: 2 * count }, (_, i) => 2 * next + i),
            null,
            Float64Array.from({ length: count }, (_, i) => 10 * (next + i)),
          );
          next += count;
          const state = recent.state();
          recent = new RecentSteps(2);
          recent.restore(state);
          recent.limit(keep);
          for (let seq = 0; seq < next + 3; seq++) {
            const isKept = seq >= first && seq >= next - keep && seq < next;
            const x = recent.sumOf(Float64Array.of(2 * seq, 2 * seq + 1), 1, 0);
            expect(recent.read(seq)).toEqual(isKept ? { x, target: Number.NaN, t: 10 * seq } : null);
          }
        }
      }),
    );
  });
});

describe('a subscriber that acts on what it is given', () => {
  const EVERY = { every: 0, delivery: 'every' } as const;
  const seqsOf = (message: ViewMessage) =>
    message.type === 'states' ? Array.from({ length: message.count }, (_, i) => message.seq + i) : [];

  it('[STP14] finds its reset done after the block, and every state told once', () => {
    const { sequence, push, acks } = open({ ...FORECAST, units: 256 });
    const seen: number[] = [];
    let isReset = false;
    sequence.watch('states', EVERY).subscribe((message) => {
      seen.push(...seqsOf(message));
      if (!isReset) ask(sequence).reset('state');
      isReset = true;
    });
    push(0, signal(0, 100));
    push(100, signal(100, 20));
    expect(seen).toEqual(Array.from({ length: 120 }, (_, seq) => seq));
    expect(acks).toEqual([99, 119]);
    const plain = open({ ...FORECAST, units: 256 });
    plain.push(0, signal(0, 100));
    ask(plain.sequence).reset('state');
    plain.push(100, signal(100, 20));
    expect(bits(sequence.model) === bits(plain.sequence.model)).toBe(true);
  });

  it('[STP14] pushes more steps in their order', () => {
    const { sequence, push } = open();
    const seen: number[] = [];
    sequence.watch('states', EVERY).subscribe((message) => {
      seen.push(...seqsOf(message));
      const next = seen.at(-1)! + 1;
      if (next < 50) push(next, signal(next, 1));
    });
    push(0, signal(0, 4));
    expect(seen).toEqual(Array.from({ length: 50 }, (_, seq) => seq));
    expect(sequence.model.seq).toBe(49);
  });

  it('[STP14] cannot have the sequence that is at work put to sleep to make room', () => {
    const { registry, sequence, push } = open(FORECAST, { limits: { awakeSequences: 1 } });
    const codes: string[] = [];
    sequence.watch('states', EVERY).subscribe(() => {
      codes.push(codeOf(() => registry.open('other', 'create', { spec: FORECAST })));
    });
    push(0, signal(0, 4));
    expect([codes[0], sequence.model.seq]).toEqual(['sequence-limit', 3]);
  });

  it('[STP14] gets a checkpoint after the block, from which every step counts once', () => {
    const { sequence, push, scheduler } = open({ ...FORECAST, units: 256 });
    const taken = (message: ViewMessage, into: number[]) => {
      if (message.type === 'states') into.push(...message.h);
    };
    const live: number[] = [];
    let isAsked = false;
    sequence.watch('states', EVERY).subscribe((message) => {
      taken(message, live);
      if (!isAsked) ask(sequence).checkpoint(() => undefined);
      isAsked = true;
    });
    push(0, signal(0, 100));
    push(100, signal(100, 10));
    const again: number[] = [];
    const after = { epoch: sequence.epoch, seq: 99 };
    sequence.rejoin('states', EVERY, after).results$.subscribe((message) => taken(message, again));
    scheduler.maxFrames = 0;
    scheduler.flush();
    expect(again.length).toBe(10 * 256);
    expect(again).toEqual(live.slice(100 * 256));
  });

  it('[STP14] may remove the sequence: nothing more is taken of it', () => {
    const { registry, sequence, push, acks } = open();
    const ends: string[] = [];
    sequence.watch('states', EVERY).subscribe({
      next: () => void registry.remove('pump'),
      complete: () => ends.push('complete'),
    });
    expect(codeOf(() => push(0, signal(0, 4)))).toBe('sequence-unknown');
    expect([ends, acks, registry.has('pump')]).toEqual([['complete'], [], false]);
  });
});

describe('targets', () => {
  it('[TGT2] that come with their steps teach the same as those that come after them', () => {
    const together = open(SUPERVISED);
    together.push(0, signal(0, 6), targetsOf(0, 6));
    const after = open(SUPERVISED);
    for (let t = 0; t < 6; t++) {
      after.push(t, signal(t, 1));
      ask(after.sequence).learn(t, targetsOf(t, 1), (error) => {
        throw error;
      });
    }
    expect(bits(together.sequence.model)).toBe(bits(after.sequence.model));
    expect(together.sequence.model.updates).toBe(3);
  });

  it('[TGT3] are each refused or taken for themselves', () => {
    const { sequence, push } = open(SUPERVISED);
    push(0, signal(0, 9));
    const refused: [number, string][] = [];
    ask(sequence).learn(1, targetsOf(1, 10), (error, seq) => refused.push([seq, error.code]));
    expect(refused).toEqual([
      [1, 'target-expired'],
      [2, 'target-expired'],
      [3, 'target-expired'],
      [9, 'target-early'],
      [10, 'target-early'],
    ]);
    expect(sequence.model.metrics.scored).toBe(5);
  });

  it('[TGT1] are refused whole where one of them is not finite', () => {
    const { sequence, push } = open(SUPERVISED);
    push(0, signal(0, 3));
    const targets = new Float64Array([1, Number.POSITIVE_INFINITY, 3]);
    expect(codeOf(() => ask(sequence).learn(0, targets, () => undefined))).toBe('target-non-finite');
    expect(sequence.model.metrics.scored).toBe(0);
  });

  it('[TGT1] are refused whole where the message is wrong', () => {
    const { sequence, push } = open(SUPERVISED);
    push(0, signal(0, 3));
    const ignore = () => undefined;
    expect(codeOf(() => ask(sequence).learn(0, new Float64Array(0), ignore))).toBe('target-shape');
    expect(codeOf(() => ask(open().sequence).learn(0, new Float64Array(1), ignore))).toBe(
      'target-unexpected',
    );
    expect(codeOf(() => ask(sequence).learn(0, new Float64Array(2000), ignore))).toBe('block-too-long');
    expect(codeOf(() => push(3, signal(3, 2), new Float64Array(3)))).toBe('target-shape');
    expect(codeOf(() => push(3, signal(3, 1), new Float64Array([Number.NaN])))).toBe('target-non-finite');
    expect(sequence.model.seq).toBe(2);
  });
});

describe('settings', () => {
  it('[SET1] change learning and the learning rate, and are announced', () => {
    const { sequence, push } = open();
    const events: ViewMessage[] = [];
    sequence.watch('events', { every: 0, delivery: 'every' }).subscribe((event) => events.push(event));
    ask(sequence).configure({ learning: false, learningRate: 0.5 });
    push(0, signal(0, 20));
    expect(sequence.model.updates).toBe(0);
    expect(events).toMatchObject([
      { events: [{ event: 'configured', seq: -1, detail: { learning: false, learningRate: 0.5 } }] },
      { events: [{ event: 'learning-paused', seq: -1 }] },
      { events: [{ event: 'health', seq: -1, detail: { from: 'warming-up', to: 'paused' } }] },
    ]);
    expect(codeOf(() => ask(sequence).configure({ learning: true, learningRate: -1 }))).toBe(
      'setting-invalid',
    );
    expect(sequence.model.learning).toBe(false);
  });

  it('[SET1] are changed together or not at all', () => {
    const { sequence } = open({ features: 2, units: 3, readout: { kind: 'none' } });
    const { learningRate } = sequence.model;
    expect(codeOf(() => ask(sequence).configure({ learning: true, learningRate: 0.5 }))).toBe(
      'setting-invalid',
    );
    expect(sequence.model.learningRate).toBe(learningRate);
  });

  it('[SET2] reset begins a new epoch with h = 0, and step numbers go on', () => {
    const { sequence, push, acks } = open();
    push(0, signal(0, 5));
    const { epoch } = sequence;
    const weights = JSON.stringify(sequence.model.weights);
    ask(sequence).reset('state');
    expect(sequence.epoch).not.toBe(epoch);
    expect(JSON.stringify(sequence.model.weights)).toBe(weights);
    push(5, signal(5, 1));
    expect(acks.at(-1)).toBe(5);
    ask(sequence).reset('weights');
    expect(JSON.stringify(sequence.model.weights)).not.toBe(weights);
  });
});

describe('views', () => {
  const watch = (spec: unknown, view: View, options = {}) => {
    const opened = open(spec);
    const messages: ViewMessage[] = [];
    const subscription = opened.sequence
      .watch(view, { every: 0, delivery: 'every', ...options })
      .subscribe((message) => messages.push(message));
    return { ...opened, messages, subscription };
  };

  it('[VIW1] give every hidden state at once, a block of steps in one message', () => {
    const { push, messages } = watch(FORECAST, 'states');
    push(0, signal(0, 3));
    push(3, signal(3, 1));
    const model = new Model(FORECAST);
    const h = Array.from({ length: 4 }, (_, t) => [...model.step(signal(t, 1)).h]);
    expect(messages).toEqual([
      {
        type: 'states',
        channel: 1,
        seq: 0,
        count: 3,
        skipped: 0,
        t: new Float64Array(3),
        h: Float32Array.from(h.slice(0, 3).flat()),
      },
      {
        type: 'states',
        channel: 1,
        seq: 3,
        count: 1,
        skipped: 0,
        t: new Float64Array(1),
        h: Float32Array.from(h[3] ?? []),
      },
    ]);
  });

  it('[VIW1] send a block whose states are many numbers in several messages', () => {
    const { push, messages } = watch({ features: 2, units: 600, readout: { kind: 'none' } }, 'states');
    push(0, signal(0, 60));
    const states = messages.filter((message) => message.type === 'states');
    expect(states.map(({ count, h }) => h.length / count)).toEqual(states.map(() => 600));
    expect(states.map(({ count }) => count).every((count) => count * 600 <= 16 * 1024)).toBe(true);
    expect(states.flatMap(({ seq, count }) => Array.from({ length: count }, (_, i) => seq + i))).toEqual(
      Array.from({ length: 60 }, (_, i) => i),
    );
  });

  it('[VIW2] give predictions, updates and metrics', () => {
    const predictions = watch(FORECAST, 'predictions');
    const updates = watch(FORECAST, 'updates');
    const metrics = watch(FORECAST, 'metrics');
    for (const { push } of [predictions, updates, metrics]) push(0, signal(0, 7));
    expect(predictions.messages).toMatchObject([{ seq: 0, count: 7 }]);
    expect(updates.messages).toMatchObject([
      {
        updates: [
          { update: 1, from: 0, to: 1, losses: 1, applied: true },
          { update: 2, from: 0, to: 3, losses: 2, applied: true },
          { update: 3, from: 2, to: 5, losses: 2, applied: true },
        ],
      },
    ]);
    expect(metrics.messages).toMatchObject([{ seq: 6, updates: 3, scored: 6 }]);
  });

  it('[VIW3] with every: k give all results, at most one message in k ms', () => {
    const { push, messages, scheduler } = watch(FORECAST, 'states', { every: 50 });
    for (let t = 0; t < 5; t++) push(t, signal(t, 1));
    expect(messages).toEqual([]);
    scheduler.flush();
    expect(messages).toMatchObject([{ seq: 0, count: 5, skipped: 0 }]);
  });

  it('[VIW3] let time pass between two messages, unless one is full', () => {
    const { push, messages, scheduler } = watch(FORECAST, 'updates', { every: 50 });
    const times: number[] = [];
    const at = (ms: number, act: () => void) => scheduler.schedule(act, ms);
    for (let t = 0; t < 20; t++) at(t * 10, () => push(t, signal(t, 1)));
    for (let ms = 0; ms < 300; ms += 10) at(ms, () => times.push(messages.length));
    at(300, () => {
      for (let t = 20; t < 620; t += 200) push(t, signal(t, 200));
    });
    scheduler.flush();
    expect(times.at(-1)).toBe(3);
    const counts = messages.map((message) => message.type === 'updates' && message.updates.length);
    expect(Math.max(...counts.map(Number))).toBeLessThanOrEqual(256);
    expect(counts.reduce((sum: number, count) => sum + Number(count), 0)).toBe(309);
  });

  it('[VIW3] of metrics count the ones that a later one stands for', () => {
    const { push, messages, scheduler } = watch(FORECAST, 'metrics', { every: 50 });
    for (let t = 0; t < 10; t++) push(t, signal(t, 1));
    scheduler.flush();
    expect(messages).toMatchObject([{ seq: 9, skipped: 9 }]);
  });

  it('[VIW4] with delivery latest give the newest result and count what they skipped', () => {
    const { push, messages, scheduler } = watch(FORECAST, 'states', { every: 50, delivery: 'latest' });
    for (let t = 0; t < 5; t++) push(t, signal(t, 1));
    push(5, signal(5, 4));
    scheduler.flush();
    expect(messages).toMatchObject([
      { seq: 0, count: 1, skipped: 0 },
      { seq: 8, count: 1, skipped: 7 },
    ]);
    expect(messages.every((message) => message.type === 'states' && message.h.length === 5)).toBe(true);
  });

  it('[VIW5] are refused where the model has no such results', () => {
    const { sequence } = open({ features: 2, units: 3, readout: { kind: 'none' } });
    const options = { every: 0, delivery: 'every' } as const;
    expect(codeOf(() => sequence.watch('predictions', options))).toBe('view-unavailable');
    for (const view of ['states', 'inputs', 'weights', 'events'] as const)
      expect(codeOf(() => sequence.watch(view, options))).toBe('none');
  });

  it('[VIW11] give the inputs as they were accepted, without those that were sent again', () => {
    const { push, messages } = watch(FORECAST, 'inputs');
    push(0, signal(0, 3));
    const again = signal(1, 4);
    push(1, again);
    again.fill(9);
    expect(messages).toEqual([
      { type: 'inputs', channel: 1, seq: 0, count: 3, skipped: 0, t: new Float64Array(3), x: signal(0, 3) },
      { type: 'inputs', channel: 1, seq: 3, count: 2, skipped: 0, t: new Float64Array(2), x: signal(3, 2) },
    ]);
  });

  it('[VIW11] send a block whose inputs are many numbers in several messages', () => {
    const { push, messages } = watch({ features: 500, units: 2, readout: { kind: 'none' } }, 'inputs');
    push(0, new Float64Array(500 * 40));
    expect(messages.map((message) => message.type === 'inputs' && [message.seq, message.count])).toEqual([
      [0, 32],
      [32, 8],
    ]);
  });

  it('[VIW12] give the weights of now at once, and then after changes, at most once in a second', () => {
    const { push, messages, scheduler, sequence } = watch(FORECAST, 'weights');
    const model = new Model(FORECAST);
    const { W, b, Wy, by } = model.weights;
    const first = {
      seq: -1,
      updates: 0,
      inputs: W.length / 5 - 5,
      w: W,
      b,
      wy: Wy,
      by,
      from: -1,
      to: -1,
      skipped: 0,
    };
    expect(messages).toEqual([
      {
        type: 'weights',
        channel: 1,
        ...first,
        t: null,
        names: expect.arrayContaining(['x0', 'x1 - x1 1 before']),
        saliency: new Float32Array(0),
      },
    ]);
    const runTo = (ms: number) => {
      scheduler.maxFrames = ms;
      scheduler.flush();
    };
    for (let t = 0; t < 9; t++) push(t, signal(t, 1));
    runTo(900);
    expect(messages).toHaveLength(1);
    runTo(1100);
    expect(messages).toHaveLength(2);
    const updates = signal(0, 9);
    let last: Update | undefined;
    for (let t = 0; t < 9; t++) last = model.stepOf(updates, 2 * t).updates.at(-1) ?? last;
    expect(messages[1]).toMatchObject({
      seq: 8,
      updates: model.updates,
      w: model.weights.W,
      by: model.weights.by,
      from: last!.from,
      to: last!.to,
      saliency: model.inputGradient(last!),
    });
    runTo(5000);
    expect(messages).toHaveLength(2);
    ask(sequence).reset('weights');
    runTo(6100);
    expect(messages[2]).toMatchObject({
      updates: 0,
      w: sequence.model.weights.W,
      saliency: new Float32Array(0),
      from: -1,
    });
  });

  it("[VIW12] give a GRU's weights as its layout has them: the columns of three gates, and both biases", () => {
    const { messages } = watch({ ...FORECAST, cell: 'gru' }, 'weights');
    const { weights } = new Model({ ...FORECAST, cell: 'gru' });
    const inputs = weights.W.length / 15 - 5;
    expect(messages).toMatchObject([{ type: 'weights', inputs, w: weights.W, b: new Float32Array(30) }]);
    expect(inputs).toBe(inputsOf(parseSpec(FORECAST)));
  });

  it('[VIW12] of weights wake a sequence that sleeps, once, and hold nothing when they are given up', () => {
    const opened = open(FORECAST);
    opened.push(0, signal(0, 9));
    opened.sequence.sleep('idle');
    const messages: ViewMessage[] = [];
    const options = { every: 2000, delivery: 'every' } as const;
    const watched = opened.sequence.watch('weights', options).subscribe((message) => messages.push(message));
    expect(messages).toMatchObject([{ seq: 8, updates: 4 }]);
    opened.sequence.sleep('idle');
    opened.scheduler.flush();
    expect(messages).toHaveLength(1);
    expect(opened.sequence.isAwake).toBe(false);
    watched.unsubscribe();
    expect(opened.sequence.isHeld).toBe(false);
  });

  it('[VIW13] of weights that are more numbers than a message holds are refused', () => {
    const { sequence } = open({ features: 2, units: 512 });
    expect(codeOf(() => sequence.watch('weights', { every: 0, delivery: 'every' }))).toBe('view-unavailable');
  });
});

describe('the registry', () => {
  it('[SEQ1] makes, resumes, or does either', () => {
    const { registry } = createRegistry();
    expect(codeOf(() => registry.open('a', 'resume', { spec: FORECAST }))).toBe('sequence-unknown');
    expect(codeOf(() => registry.open('a', 'either', {}))).toBe('spec-required');
    const { sequence, created } = registry.open('a', 'either', { spec: FORECAST });
    expect(created).toBe(true);
    expect(registry.open('a', 'resume', {})).toEqual({ sequence, created: false, order: null });
    expect(registry.open('a', 'either', { spec: FORECAST })).toEqual({
      sequence,
      created: false,
      order: null,
    });
    expect(codeOf(() => registry.open('a', 'create', { spec: FORECAST }))).toBe('sequence-exists');
  });

  it('[SEQ2] refuses names that are none', () => {
    const { registry } = createRegistry();
    for (const name of ['', ' ', '.a', 'a b', 'a\n', 'ä', '../a', 'a'.repeat(129)])
      expect(codeOf(() => registry.open(name, 'either', { spec: FORECAST }))).toBe('sequence-name-invalid');
    for (const name of ['a', 'plant-3/pump:7_x.y', 'a'.repeat(128)])
      expect(codeOf(() => registry.open(name, 'either', { spec: FORECAST }))).toBe('none');
  });

  it('[SEQ3] refuses a wrong spec and makes nothing', () => {
    const { registry } = createRegistry();
    expect(() => registry.open('a', 'either', { spec: { features: 2, units: 'x', seeds: 1 } })).toThrow(
      /units: .*seeds/s,
    );
    expect(registry.size).toBe(0);
  });

  it('[SEQ4] refuses another spec for a sequence that exists; defaults do not make it another', () => {
    const { registry } = createRegistry();
    registry.open('a', 'either', { spec: FORECAST });
    expect(codeOf(() => registry.open('a', 'either', { spec: { ...FORECAST, units: 6 } }))).toBe(
      'spec-conflict',
    );
    expect(codeOf(() => registry.open('a', 'either', { spec: { ...FORECAST, batch: 1 } }))).toBe('none');
    expect(codeOf(() => registry.open('a', 'either', { spec: { ...FORECAST, cell: 'simple-rnn' } }))).toBe(
      'none',
    );
    expect(codeOf(() => registry.open('a', 'either', { spec: { ...FORECAST, cell: 'gru' } }))).toBe(
      'spec-conflict',
    );
  });

  it('[SEQ5] carries as many sequences as the limit says', () => {
    const { registry } = createRegistry({ limits: { sequences: 2 } });
    registry.open('a', 'either', { spec: FORECAST });
    registry.open('b', 'either', { spec: FORECAST });
    expect(codeOf(() => registry.open('c', 'either', { spec: FORECAST }))).toBe('sequence-limit');
    expect(codeOf(() => registry.open('a', 'either', { spec: FORECAST }))).toBe('none');
  });

  it('[SEQ5] carries models of as many bytes together as the limit says', () => {
    const bytes = sharedKernels().bytesPerReal * modelSize(parseSpec(FORECAST));
    const { registry } = createRegistry({ limits: { modelBytes: 2 * bytes } });
    const [a, b] = ['a', 'b'].map((name) => registry.open(name, 'either', { spec: FORECAST }).sequence);
    expect([a!.isAwake, b!.isAwake]).toEqual([true, true]);
    // a third makes room for itself, and one that finds none is refused
    registry.open('c', 'either', { spec: FORECAST });
    expect([a!.isAwake, b!.isAwake]).toEqual([false, true]);
    expect(codeOf(() => registry.open('d', 'either', { spec: { ...FORECAST, features: 8 } }))).toBe(
      'sequence-limit',
    );
    expect(registry.size).toBe(3);
  });

  it('[SEQ6] keeps sequences apart, each with its own channel', () => {
    const { registry } = createRegistry();
    const a = registry.open('a', 'either', { spec: FORECAST }).sequence;
    const b = registry.open('b', 'either', { spec: FORECAST }).sequence;
    const before = bits(b.model);
    ask(a).push(0, signal(0, 30), undefined, () => undefined);
    expect(bits(b.model)).toBe(before);
    expect(a.channel).not.toBe(b.channel);
  });

  it('[SEQ7] stops a sequence that meets a fault of its own, says so, and carries the others on', () => {
    const { registry } = createRegistry();
    const a = registry.open('a', 'either', { spec: FORECAST }).sequence;
    const b = registry.open('b', 'either', { spec: FORECAST }).sequence;
    const events: ViewMessage[] = [];
    a.watch('events', { every: 0, delivery: 'every' }).subscribe((event) => events.push(event));
    a.model.advance = () => {
      throw new TypeError('broken');
    };
    expect(codeOf(() => ask(a).push(0, signal(0, 1), undefined, () => undefined))).toBe('sequence-failed');
    expect(codeOf(() => ask(a).push(0, signal(0, 1), undefined, () => undefined))).toBe('sequence-failed');
    expect(events).toMatchObject([{ events: [{ event: 'failed' }] }]);
    expect(codeOf(() => ask(b).push(0, signal(0, 1), undefined, () => undefined))).toBe('none');
  });
});
