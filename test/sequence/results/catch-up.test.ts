import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sharedKernels } from '../../../src/kernels/shared.js';
import type { View, ViewMessage } from '../../../src/protocol/views/index.js';
import { ask } from '../../support/ask.js';
import { createRegistry } from '../../support/sequences.js';

const SPEC = { features: 1, units: 3, learner: { kind: 'tbptt', k1: 2, k2: 4 }, seed: 7 } as const;
const EVERY = { every: 0, delivery: 'every' } as const;
const ignore = () => undefined;
const signal = (first: number, count: number) =>
  Float64Array.from(
    { length: count },
    (_, i) => Math.sin((first + i) * 0.7) + ((first + i) % 50 === 49 ? 9 : 0),
  );

const made = (limits = {}, past = {}) => {
  const { registry, scheduler } = createRegistry({ limits, past });
  const { sequence } = registry.open('a', 'create', { spec: SPEC });
  const push = (count: number) =>
    ask(sequence).push(sequence.seq + 1, signal(sequence.seq + 1, count), undefined, ignore);
  const run = () => {
    scheduler.maxFrames = scheduler.frame + 10;
    scheduler.flush();
  };
  return { registry, scheduler, sequence, push, run };
};

/** Takes messages of a view apart: a text for each result, in which durations are left out. */
function itemsOf(message: ViewMessage): string[] {
  switch (message.type) {
    case 'states':
    case 'inputs':
    case 'predictions': {
      const values =
        message.type === 'states' ? message.h : message.type === 'inputs' ? message.x : message.y;
      const size = values.length / message.count;
      return Array.from(
        { length: message.count },
        (_, i) => `${message.seq + i}: ${[...values.subarray(i * size, (i + 1) * size)]}`,
      );
    }
    case 'updates':
      return message.updates.map(({ duration: _duration, ...update }) => JSON.stringify(update));
    case 'events':
      return message.events.map((event) => JSON.stringify(event));
    case 'metrics':
    case 'weights':
      return [JSON.stringify(message)];
  }
}

/** Events of the step at which a subscriber left come once more. */
const once = (items: readonly string[]) => items.filter((item, i) => item !== items[i - 1]);

describe('a subscriber that comes back', () => {
  it.each(['states', 'predictions', 'inputs', 'updates', 'events'] as const)(
    '[RES1] gets the %s that it missed, the same bits, and then what is new, whatever happened meanwhile',
    (view: View) => {
      const acts = fc.array(
        fc.oneof(fc.integer({ min: 1, max: 60 }), fc.constantFrom('keep', 'sleep', 'pause')),
        {
          minLength: 1,
          maxLength: 8,
        },
      );
      const isKeep = (what: number | string) => what === 'keep' || what === 'sleep';
      // the log is cut behind the checkpoint before the last
      const few = acts.filter((all) => all.filter(isKeep).length < 2);
      fc.assert(
        fc.property(acts, few, acts, (before, meanwhile, later) => {
          const { sequence, push, run } = made();
          const all: string[] = [];
          const mine: string[] = [];
          const act = (what: number | string) => {
            if (typeof what === 'number') push(what);
            else if (what === 'keep') sequence.keep();
            else if (what === 'sleep') sequence.sleep('idle');
            else ask(sequence).configure({ learning: !sequence.model.learning });
          };
          const isModels = (item: string) => !/"event":"(resumed|evicted|checkpoint)"/.test(item);
          sequence.watch(view, EVERY).subscribe((message) => all.push(...itemsOf(message).filter(isModels)));
          const first = sequence.watch(view, EVERY).subscribe((message) => mine.push(...itemsOf(message)));
          for (const what of before) act(what);
          // a change without a step after it would be told twice
          push(1);
          first.unsubscribe();
          const { seq, epoch } = sequence;
          for (const what of meanwhile) act(what);
          const { results$, recovered } = sequence.rejoin(view, EVERY, { epoch, seq });
          expect(recovered).toBe(true);
          results$.subscribe((message) => mine.push(...itemsOf(message)));
          run();
          for (const what of later) act(what);
          run();
          expect(once(mine.filter(isModels))).toEqual(once(all));
        }),
        { numRuns: 40 },
      );
    },
  );

  it('[RES1] gets the same bits out of the pages of the past as from a replay by a second model', () => {
    const missed = (past: object) => {
      const { sequence, push, run } = made({}, past);
      for (let i = 0; i < 12; i++) {
        push(17);
        if (i === 3) sequence.keep();
        if (i === 5) ask(sequence).reset('state');
      }
      const seen: string[] = [];
      const after = { epoch: sequence.epoch, seq: 104 };
      const { results$, recovered } = sequence.rejoin('states', EVERY, after);
      results$.subscribe((message) => seen.push(...itemsOf(message)));
      run();
      push(3);
      return { seen, recovered };
    };
    const kept = missed({});
    expect(kept.recovered).toBe(true);
    expect(kept.seen.length).toBe(12 * 17 + 3 - 105);
    expect(missed({ stateBytes: 0 })).toEqual(kept);
  });

  it('[RES1] begins within a block, where it had seen only a part of it', () => {
    const { sequence, push, run } = made();
    push(20);
    const seen: string[] = [];
    const { epoch } = sequence;
    sequence
      .rejoin('states', EVERY, { epoch, seq: 12 })
      .results$.subscribe((message) => seen.push(...itemsOf(message)));
    run();
    push(2);
    expect(seen.map((item) => Number.parseInt(item, 10))).toEqual([13, 14, 15, 16, 17, 18, 19, 20, 21]);
  });

  it.each([
    ['of another history', { epoch: 'other', seq: 3 }],
    ['that the log does not reach back to', { epoch: 'epoch-1', seq: 1 }],
    ['ahead of the sequence', { epoch: 'epoch-1', seq: 99 }],
  ])('[RES2] from a place %s is told so, and gets the latest result first', (_where, after) => {
    const { sequence, push } = made({}, { stateBytes: 0 });
    for (let i = 0; i < 3; i++) {
      push(5);
      sequence.keep();
    }
    const seen: ViewMessage[] = [];
    const { results$, recovered } = sequence.rejoin('states', EVERY, after);
    results$.subscribe((message) => seen.push(message));
    push(1);
    expect(recovered).toBe(false);
    expect(seen.map((message) => 'seq' in message && message.seq)).toEqual([14, 15]);
    expect((seen[0] as { h: Float32Array }).h.length).toBe(3);
    expect(sequence.rejoin('updates', EVERY, after).recovered).toBe(false);
  });

  it('[RES3] is told when the sequence is removed while it catches up', () => {
    const { registry, scheduler } = createRegistry({ keeping: { steps: 100_000 } });
    const { sequence } = registry.open('a', 'create', { spec: { ...SPEC, units: 100 } });
    for (let t = 0; t < 8192; t += 256) ask(sequence).push(t, signal(t, 256), undefined, ignore);
    const ends: string[] = [];
    sequence.rejoin('states', EVERY, { epoch: sequence.epoch, seq: -1 }).results$.subscribe({
      error: ({ code }: { code: string }) => ends.push(code),
      complete: () => ends.push('complete'),
    });
    expect(ends).toEqual([]);
    void registry.remove('a');
    scheduler.maxFrames = 10;
    scheduler.flush();
    expect(ends).toEqual(['complete']);
  });

  it('[RES3] is served in slices, so that others go on, and leaves no memory behind when it goes in the middle', () => {
    const { registry, scheduler } = createRegistry({ keeping: { steps: 100_000 }, past: { stateBytes: 0 } });
    const { sequence } = registry.open('a', 'create', { spec: { ...SPEC, units: 100 } });
    for (let t = 0; t < 8192; t += 256) ask(sequence).push(t, signal(t, 256), undefined, ignore);
    const before = sharedKernels().allocate(1);
    before.free();
    const seen: number[] = [];
    const { results$ } = sequence.rejoin('states', EVERY, { epoch: sequence.epoch, seq: -1 });
    const subscription = results$.subscribe((message) => seen.push((message as { seq: number }).seq));
    scheduler.maxFrames = scheduler.frame;
    // a turn of the event loop is an action of the scheduler
    for (let turn = 0; turn < 30; turn++) scheduler.actions.shift()?.execute(undefined, 0);
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.at(-1)).toBeLessThan(8000);
    ask(sequence).push(8192, signal(8192, 1), undefined, ignore);
    subscription.unsubscribe();
    const heard = seen.length;
    scheduler.maxFrames = 10;
    scheduler.flush();
    expect(seen.length).toBe(heard);
    const after = sharedKernels().allocate(1);
    after.free();
    expect(after.base).toBe(before.base);
  });
});
