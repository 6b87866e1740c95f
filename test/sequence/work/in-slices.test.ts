/** Sequences whose work is cut as finely as can be: each piece is a turn of its own. */
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { View, ViewMessage } from '../../../src/protocol/views/index.js';
import { Model } from '../../../src/rnn/model.js';
import type { Refused } from '../../../src/sequence/change.js';
import type { SequenceHandle } from '../../../src/sequence/handle.js';
import { ask } from '../../support/ask.js';
import { appended, directoryOf } from '../../support/handles.js';
import { bitsOf } from '../../support/replay.js';
import { createRegistry, FINE } from '../../support/sequences.js';

const SPEC = { features: 1, units: 3, learner: { kind: 'tbptt', k1: 2, k2: 4 }, seed: 7 } as const;
const EVERY = { every: 0, delivery: 'every' } as const;
const x = (first: number, count: number) =>
  Float64Array.from({ length: count }, (_, i) => Math.sin((first + i) * 0.7));
const ignore = () => undefined;

function made(options: Parameters<typeof createRegistry>[0] = { grain: FINE }) {
  const { registry, scheduler } = createRegistry(options);
  const flush = (ms = 1) => {
    scheduler.maxFrames = scheduler.frame + ms;
    scheduler.flush();
  };
  return { registry, scheduler, flush };
}

/** The numbers of the steps of which a view told. */
const stepsOf = (messages: readonly ViewMessage[]): number[] =>
  messages.flatMap((message) =>
    message.type === 'states' || message.type === 'inputs' || message.type === 'predictions'
      ? Array.from({ length: message.count }, (_, i) => message.seq + i)
      : [],
  );

describe('a sequence whose work is cut into slices', () => {
  it('[FAR8] is opened again once what was sent to it before is answered', () => {
    const { registry, flush } = made();
    const directory = directoryOf(registry);
    const { sequence } = registry.open('a', 'create', { spec: SPEC });
    const told: string[] = [];
    const push = (first: number) => {
      const refused = ([one]: readonly Refused[]) => told.push(one!.error.code);
      const asker = { durable: (seq: number) => told.push(`ack ${seq}`), refused };
      const body = { first, x: x(first, 8), targets: null, t: null, count: 8 };
      sequence.submit({ kind: 'steps', ...body, asker });
    };
    push(0);
    push(20);
    directory.open('a', 'resume', {}, ignore).subscribe(() => told.push('opened'));
    flush();
    expect(told.filter((what) => what !== 'ack 7')).toEqual(['step-gap', 'opened']);
  });

  it('[FAR6] has the bits, the results and the acks of one that does all at once', () => {
    const acts = fc.array(
      fc.oneof(
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom('keep', 'sleep', 'pause', 'learn', 'reset', 'rate'),
      ),
      { minLength: 1, maxLength: 12 },
    );
    fc.assert(
      fc.property(acts, (all) => {
        const run = (grain: typeof FINE | undefined) => {
          const { registry, flush } = made(grain ? { grain } : {});
          const { sequence } = registry.open('a', 'create', { spec: SPEC });
          const told: Record<string, unknown[]> = { states: [], updates: [], events: [], acks: [] };
          for (const view of ['states', 'updates', 'events'] as const)
            sequence.watch(view, EVERY).subscribe((message) => {
              if (message.type === 'states')
                for (let i = 0; i < message.count; i++)
                  told.states!.push([message.seq + i, ...message.h.slice(3 * i, 3 * i + 3)]);
              if (message.type === 'updates') told.updates!.push(...message.updates);
              if (message.type === 'events') told.events!.push(...message.events);
            });
          let next = 0;
          for (const act of all) {
            if (typeof act === 'number') {
              ask(sequence).push(next, x(next, act), undefined, (seq) => told.acks!.push(seq));
              next += act;
            } else if (act === 'keep') sequence.keep();
            else if (act === 'sleep') sequence.sleep('idle');
            else if (act === 'reset') ask(sequence).reset('state');
            else if (act === 'rate') ask(sequence).configure({ learningRate: 0.001 });
            else ask(sequence).configure({ learning: act === 'learn' });
          }
          flush();
          const steps = (told.states as number[][]).map(([seq]) => seq);
          expect(steps).toEqual(steps.map((_, i) => i));
          return {
            bits: bitsOf(sequence.model),
            seq: sequence.seq,
            last: told.acks!.at(-1),
            ...told,
            acks: 0,
          };
        };
        expect(run(FINE)).toEqual(run(undefined));
      }),
      { numRuns: 60 },
    );
  });

  it('[FAR6] lets others have their turn between two pieces, and its next commands wait', () => {
    const { registry, flush } = made();
    const { sequence: heavy } = registry.open('heavy', 'create', { spec: SPEC });
    const { sequence: light } = registry.open('light', 'create', { spec: SPEC });
    flush();
    const order: string[] = [];
    heavy.watch('states', EVERY).subscribe(() => order.push('h'));
    light.watch('states', EVERY).subscribe(() => order.push('l'));
    ask(heavy).push(0, x(0, 20), undefined, ignore);
    ask(heavy).push(20, x(20, 1), undefined, ignore);
    for (let t = 0; t < 3; t++) ask(light).push(t, x(t, 1), undefined, ignore);
    flush();
    expect(order.indexOf('l')).toBeLessThan(3);
    expect(order.lastIndexOf('l')).toBeLessThan(order.length / 2);
    expect(heavy.seq).toBe(20);
  });

  it('[FAR7] refuses steps beyond what may wait for it, in words of credit, and loses none of the others', () => {
    const { registry, flush } = made({ grain: FINE, limits: { unackedSteps: 8, blockSteps: 8 } });
    const { sequence } = registry.open('b', 'create', { spec: SPEC });
    flush();
    const refused: string[] = [];
    const acked: number[] = [];
    const asker = {
      durable: (seq: number) => acked.push(seq),
      refused: (all: readonly { error: { code: string } }[]) =>
        refused.push(...all.map(({ error }) => error.code)),
    };
    for (let first = 0; first < 40; first += 8)
      sequence.submit({ kind: 'steps', first, x: x(first, 8), targets: null, t: null, count: 8, asker });
    flush();
    expect(refused.length).toBeGreaterThan(0);
    expect(new Set(refused)).toEqual(new Set(['credit-exceeded']));
    expect(acked.at(-1)).toBe(sequence.seq);
  });

  it('[FAR6] serves a newcomer every result once, though it comes in the middle of a block', () => {
    for (const view of ['states', 'predictions', 'inputs'] as const satisfies View[])
      for (const turns of [1, 4, 9, 15]) {
        for (const past of [{}, { stateBytes: 0, bytes: 0, steps: 1 }]) {
          const { registry, scheduler, flush } = made({ grain: FINE, past });
          const { sequence } = registry.open('a', 'create', { spec: SPEC });
          flush();
          ask(sequence).push(0, x(0, 5), undefined, ignore);
          flush();
          ask(sequence).push(5, x(5, 20), undefined, ignore);
          for (let i = 0; i < turns; i++) scheduler.actions.shift()?.execute(undefined, 0);
          const messages: ViewMessage[] = [];
          const { epoch } = sequence;
          const { results$, recovered } = sequence.rejoin(view, EVERY, { epoch, seq: 2 });
          results$.subscribe((message) => messages.push(message));
          flush();
          ask(sequence).push(25, x(25, 2), undefined, ignore);
          flush();
          expect(recovered).toBe(true);
          expect(stepsOf(messages)).toEqual(Array.from({ length: 24 }, (_, i) => 3 + i));
        }
      }
  });
});

describe('requests that take long', () => {
  it('[FAR8] about one name are answered in order, and about others meanwhile', () => {
    const { registry, flush } = made();
    const directory = directoryOf(registry);
    const told: string[] = [];
    const open = (name: string, mode: 'create' | 'either') =>
      directory.open(name, mode, { spec: { ...SPEC, units: 40 } }, ignore).subscribe({
        next: ({ created }) => told.push(`${name} ${created}`),
        error: ({ code }: { code: string }) => told.push(`${name} ${code}`),
      });
    open('a', 'create');
    open('a', 'either');
    open('a', 'create');
    open('b', 'create');
    flush();
    expect(told.filter((line) => line.startsWith('a'))).toEqual(['a true', 'a false', 'a sequence-exists']);
    expect(told).toContain('b true');
  });

  it('[FAR8] leave nothing behind when whoever asked goes', () => {
    const { registry, scheduler, flush } = made();
    const asked = directoryOf(registry)
      .open('a', 'create', { spec: { ...SPEC, units: 40 } }, ignore)
      .subscribe();
    for (let i = 0; i < 2; i++) scheduler.actions.shift()?.execute(undefined, 0);
    asked.unsubscribe();
    flush();
    expect(registry.has('a')).toBe(false);
    expect(registry.awakeSize).toBe(0);
    registry.open('a', 'create', { spec: SPEC });
    expect(registry.has('a')).toBe(true);
  });

  it('[FAR9] of many who missed the same are served by one replay', () => {
    const { registry, flush } = made({ grain: FINE });
    const { sequence } = registry.open('a', 'create', { spec: SPEC });
    flush();
    ask(sequence).push(0, x(0, 40), undefined, ignore);
    flush();
    const { epoch } = sequence;
    const all: number[][] = [];
    const inPieces = vi.spyOn(Model, 'inPieces');
    for (let i = 0; i < 20; i++) {
      const updates: number[] = [];
      all.push(updates);
      sequence.rejoin('updates', EVERY, { epoch, seq: i % 3 }).results$.subscribe((message) => {
        if (message.type === 'updates') updates.push(...message.updates.map(({ update }) => update));
      });
    }
    flush();
    expect(inPieces).toHaveBeenCalledTimes(1);
    inPieces.mockRestore();
    expect(all.every((updates) => updates.at(-1) === all[0]!.at(-1) && updates.length >= 18)).toBe(true);
  });
});

it('[FAR8] answers an append in its turn', () => {
  const { registry, flush } = made();
  const handles: SequenceHandle[] = [];
  directoryOf(registry)
    .open('a', 'create', { spec: SPEC }, ignore)
    .subscribe(({ handle }) => handles.push(handle));
  flush();
  const told = appended(handles[0]!, { x: Float64Array.of(1) });
  flush();
  expect(told.outcome).toBe(0);
});
