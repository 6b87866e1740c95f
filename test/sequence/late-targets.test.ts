/** Targets that come after their steps, and come again because nobody heard that they are kept. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ServerMessage } from '../../src/protocol/messages.js';
import { Model } from '../../src/rnn/model.js';
import { LocalHandle } from '../../src/sequence/local-handle.js';
import type { Sequence } from '../../src/sequence/sequence.js';
import { learn } from '../../src/server/socket/answer-targets.js';
import { ask } from '../support/ask.js';
import { Restartable } from '../support/durable.js';
import { bitsOf } from '../support/replay.js';
import { SEED } from '../support/seed.js';
import { createRegistry } from '../support/sequences.js';

const DELAY = 6;
const SPEC = {
  features: 1,
  units: 3,
  seed: 7,
  inputs: { missing: 'hold' },
  learner: { kind: 'tbptt', k1: 2, k2: 8 },
  task: { kind: 'supervised', outputs: 1, delay: DELAY },
} as const;
const ignore = () => undefined;
const xOf = (seq: number) => Float64Array.of(Math.sin(seq * 0.7));
const targetOf = (seq: number) => Float64Array.of(Math.cos(seq));
const push = (sequence: Sequence, seq: number, target?: Float64Array) =>
  ask(sequence).push(seq, xOf(seq), target, ignore, 1, Float64Array.of(1000 * seq));

/** Gives the codes of the targets that are refused, by step. */
function learned(sequence: Sequence, first: number, targets: Float64Array): Record<number, string> {
  const refused: Record<number, string> = {};
  ask(sequence).learn(first, targets, (error, seq) => {
    refused[seq] = error.code;
  });
  return refused;
}

describe('a late target that comes again', () => {
  it.each(['nothing', 'sleep', 'restart', 'kill'] as const)(
    '[TGT4] has its effect once, and another one is refused, after %s too',
    async (what) => {
      const server = new Restartable();
      const { sequence } = server.registry.open('a', 'create', { spec: SPEC });
      for (let seq = 0; seq < 40; seq++) {
        push(sequence, seq);
        if (seq === 20) sequence.keep();
        if (seq >= 3) learned(sequence, seq - 3, targetOf(seq - 3));
      }
      push(sequence, 40, targetOf(40));
      await server.settle();
      const before = bitsOf(sequence.model);
      if (what === 'sleep') sequence.sleep('idle');
      if (what === 'restart') await server.restart();
      if (what === 'kill') server.kill();
      const after = server.sequence;
      for (const seq of [0, 12, 30, 36, 40]) expect(learned(after, seq, targetOf(seq))).toEqual({});
      for (const seq of [0, 12, 30, 36, 40])
        expect(learned(after, seq, Float64Array.of(9))).toEqual({ [seq]: 'target-duplicate' });
      expect(bitsOf(after.model)).toBe(before);
      // one message with a repeat, a new one and one that is too early
      expect(
        learned(after, 36, Float64Array.of(...[36, 37, 38, 39, 40, 41].flatMap((t) => [...targetOf(t)]))),
      ).toEqual({ 41: 'target-early' });
      expect(after.model.metrics.scored).toBe(41);
    },
  );

  it('[TGT6] can be compared as far back as a producer may have to send it again, and is settled beyond', () => {
    const { sequence } = createRegistry().registry.open('a', 'create', { spec: SPEC });
    for (let seq = 0; seq < 400; seq++) {
      push(sequence, seq);
      if (seq % 2 === 0) learned(sequence, seq, targetOf(seq));
    }
    // 256 steps, and those before them whose target could still come
    const oldest = 400 - 256 - DELAY - 2;
    expect(learned(sequence, oldest, targetOf(oldest))).toEqual({});
    expect(learned(sequence, oldest - 2, targetOf(oldest - 2))).toEqual({ [oldest - 2]: 'target-expired' });
    // one that never came is too late, however near it is
    expect(learned(sequence, 391, targetOf(391))).toEqual({ 391: 'target-expired' });
    expect(sequence.model.metrics.scored).toBe(200);
  });

  it('[TGT4] is known after a reset, which does not await it any more', () => {
    const { sequence } = createRegistry().registry.open('a', 'create', { spec: SPEC });
    push(sequence, 0);
    push(sequence, 1);
    learned(sequence, 0, targetOf(0));
    ask(sequence).reset('state');
    expect(learned(sequence, 0, Float64Array.of(...targetOf(0), ...targetOf(1)))).toEqual({
      1: 'target-expired',
    });
  });

  it('[TGT4] leaves the bits of its first coming, however steps, targets, repeats, sleeps and kills interleave', async () => {
    const act = fc.oneof(
      { weight: 6, arbitrary: fc.record({ kind: fc.constant('push' as const), with: fc.boolean() }) },
      {
        weight: 8,
        arbitrary: fc.record({
          kind: fc.constant('learn' as const),
          back: fc.nat(14),
          count: fc.integer({ min: 1, max: 4 }),
          isOther: fc.boolean(),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constantFrom('sleep', 'keep', 'restart', 'kill', 'reset') }),
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 80 }), async (acts) => {
        const server = new Restartable();
        server.registry.open('a', 'create', { spec: SPEC });
        const plain = new Model(SPEC);
        const met = new Map<number, number>();
        for (const one of acts) {
          const { sequence } = server;
          if (one.kind === 'push') {
            const seq = sequence.seq + 1;
            push(sequence, seq, one.with ? targetOf(seq) : undefined);
            plain.step(xOf(seq), 1000 * seq);
            if (one.with) plain.learn(targetOf(seq));
            if (one.with) met.set(seq, targetOf(seq)[0]!);
          } else if (one.kind === 'learn') {
            const first = Math.max(0, sequence.seq - one.back);
            const targets = Float64Array.from(
              { length: one.count },
              (_, i) => targetOf(first + i)[0]! + (one.isOther ? 1 : 0),
            );
            const refused = learned(sequence, first, targets);
            for (let seq = first; seq < first + one.count; seq++) {
              const target = targets[seq - first]!;
              const wanted = met.get(seq);
              if (wanted !== undefined)
                expect(refused[seq]).toBe(wanted === target ? undefined : 'target-duplicate');
              else if (refused[seq] === undefined) {
                met.set(seq, target);
                plain.learn([target], seq);
              }
            }
          } else if (one.kind === 'reset') {
            ask(sequence).reset('state');
            plain.reset('state');
          } else {
            await server.settle();
            if (one.kind === 'sleep') sequence.sleep('idle');
            if (one.kind === 'keep') sequence.keep();
            if (one.kind === 'restart') await server.restart();
            if (one.kind === 'kill') server.kill();
          }
        }
        expect(bitsOf(server.sequence.model)).toBe(bitsOf(plain));
        plain.free();
      }),
      { seed: SEED, numRuns: 60 },
    );
  });
});

describe('targets that ask for an answer', () => {
  /** What a socket is told of targets from step `first` on, until the disk has written. */
  async function told(id: number | undefined, first: number, targets: Float64Array<ArrayBuffer>) {
    const server = new Restartable();
    const { sequence } = server.registry.open('a', 'create', { spec: SPEC });
    for (let seq = 0; seq < 20; seq++) push(sequence, seq);
    learned(sequence, 19, targetOf(19));
    await server.settle();
    const sent: (
      | ServerMessage
      | { refused: (readonly [string, number, number | null])[]; re: number | undefined }
    )[] = [];
    const refusePush: Parameters<typeof learn>[2]['refusePush'] = (_channel, refused, re) =>
      sent.push({ refused: refused.map(({ error, seq, count }) => [error.code, seq, count]), re });
    const handle = new LocalHandle(sequence, null, {}, ignore);
    learn(
      handle,
      { type: 'targets', ...(id !== undefined && { id }), channel: 1, seq: first, targets },
      { refusePush },
    ).subscribe((message) => sent.push(message));
    const before = sent.length;
    await server.settle();
    return { sent, before };
  }
  const of = (...values: number[]) => new Float64Array(values);

  it('[TGT5] get it when they are durable, repeats included', async () => {
    expect(await told(5, 18, of(0.5))).toEqual({ sent: [{ type: 'done', re: 5 }], before: 0 });
    expect(await told(0, 19, targetOf(19))).toEqual({ sent: [{ type: 'done', re: 0 }], before: 1 });
    expect(await told(undefined, 18, of(0.5))).toEqual({ sent: [], before: 0 });
  });

  it('[TGT5] get it after the refusals of some, which it counts', async () => {
    const refused = [
      ['target-duplicate', 19, 1],
      ['target-early', 20, 2],
    ];
    expect(await told(5, 18, of(0.5, 3, 1, 1))).toEqual({
      sent: [
        { refused, re: undefined },
        { type: 'done', re: 5, refused: 3 },
      ],
      before: 1,
    });
    expect((await told(undefined, 18, of(0.5, 3, 1, 1))).sent).toEqual([{ refused, re: undefined }]);
  });

  it('[TGT5] get the last refusal as their answer where none is taken', async () => {
    const refused = [
      ['target-duplicate', 19, 1],
      ['target-early', 20, 1],
    ];
    expect(await told(5, 19, of(3, 1))).toEqual({ sent: [{ refused, re: 5 }], before: 1 });
    expect((await told(undefined, 19, of(3, 1))).sent).toEqual([{ refused, re: undefined }]);
  });
});
