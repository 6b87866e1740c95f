import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LogRecord, SequenceStore } from '../../../src/store/store.js';
import { StoreBench } from '../../support/store-bench.js';
import { checkpointAt, Ear, step } from '../../support/store-data.js';

const NAMES = ['a', 'b', 'c'];

/** What the test knows of a sequence: all it appended, and what was reported. */
interface Known {
  readonly ear: Ear;
  readonly records: LogRecord[];
  sequence: SequenceStore;
}

type Act =
  | { readonly kind: 'append'; readonly of: number; readonly count: number }
  | { readonly kind: 'checkpoint' | 'reopen'; readonly of: number }
  | { readonly kind: 'turn' | 'flush' | 'wait' | 'break' | 'mend' };

const act = <Kind extends string>(kind: Kind) =>
  fc.record({
    kind: fc.constant(kind),
    of: fc.nat(NAMES.length - 1),
    count: fc.integer({ min: 1, max: 4 }),
  });

const anyAct: fc.Arbitrary<Act> = fc.oneof(
  { weight: 6, arbitrary: act('append') },
  { weight: 2, arbitrary: act('checkpoint') },
  { weight: 1, arbitrary: act('reopen') },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constantFrom('turn', 'turn', 'flush', 'flush', 'wait', 'break', 'mend'),
    }) as fc.Arbitrary<Act>,
  },
);

async function run(
  acts: readonly Act[],
  bench = new StoreBench(),
): Promise<{ bench: StoreBench; known: Map<string, Known> }> {
  const known = new Map<string, Known>();
  const find = (of: number): Known => {
    const name = NAMES[of]!;
    const found = known.get(name);
    if (found) return found;
    const ear = new Ear();
    const made = { ear, records: [], sequence: bench.store.open(name, ear) };
    known.set(name, made);
    return made;
  };
  for (const act of acts) {
    switch (act.kind) {
      case 'turn':
        await bench.endTurn();
        break;
      case 'flush':
        await bench.flush();
        break;
      case 'wait':
        await bench.advance(1000);
        break;
      case 'break':
        bench.disk.failure = new Error('broken');
        break;
      case 'mend':
        bench.disk.failure = null;
        break;
      case 'checkpoint': {
        const { sequence } = find(act.of);
        sequence.checkpoint(checkpointAt(sequence.end));
        break;
      }
      case 'reopen': {
        const one = find(act.of);
        one.sequence.close();
        one.sequence = bench.store.open(NAMES[act.of]!, one.ear);
        break;
      }
      case 'append': {
        const { sequence, records } = find(act.of);
        for (let i = 0; i < act.count; i++) {
          records.push(step(records.length));
          expect(sequence.append(records.at(-1)!)).toBe(records.length - 1);
        }
      }
    }
  }
  return { bench, known };
}

/** Expects a sequence to hold its first `end` records, as far back as its older checkpoint needs. */
function expectPrefix(sequence: SequenceStore, { records }: Known): void {
  const checkpoints = [...sequence.checkpoints()].map((checkpoint) => checkpoint.read());
  for (const checkpoint of checkpoints) expect(checkpoint).toEqual(checkpointAt(checkpoint.position));
  const needed = checkpoints.length < 2 ? 0 : checkpoints.at(-1)!.position;
  const from = Math.max(sequence.oldest, 0);
  expect(from).toBeLessThanOrEqual(needed);
  expect([...sequence.records(from)].map(({ record }) => record)).toEqual(records.slice(from, sequence.end));
}

/** Runs, takes the power away, and expects that what was reported is there, and nothing but a prefix. */
async function expectSurvival(acts: readonly Act[], withLast: boolean, created?: StoreBench): Promise<void> {
  const { bench, known } = await run(acts, created);
  const { store } = new StoreBench(bench.disk.afterPowerLoss(withLast));
  for (const [name, one] of known) {
    const sequence = store.open(name, new Ear());
    expect(sequence.end).toBeGreaterThanOrEqual(one.ear.ends.at(-1) ?? 0);
    expect(sequence.end).toBeLessThanOrEqual(one.records.length);
    const newest = [...sequence.checkpoints()][0]?.position ?? -1;
    expect(newest).toBeGreaterThanOrEqual(one.ear.checkpoints.at(-1) ?? -1);
    expectPrefix(sequence, one);
  }
}

const manyActs = fc.array(anyAct, { maxLength: 60 });

describe('a loss of power', () => {
  it('[STO19] takes nothing that was reported durable, and leaves a prefix of what was taken', async () => {
    const survives = fc.asyncProperty(manyActs, fc.boolean(), (acts, last) => expectSurvival(acts, last));
    await fc.assert(survives, { numRuns: 300 });
  });

  it('[STO19] is seen to take it where a disk reports before it has flushed', async () => {
    const survives = fc.asyncProperty(manyActs, (acts) => {
      const bench = new StoreBench();
      bench.disk.isHasty = true;
      return expectSurvival(acts, false, bench);
    });
    expect((await fc.check(survives, { numRuns: 300, seed: 1 })).failed).toBe(true);
  });

  it('[STO19] or none: all that was taken is there in the end, whatever failed in between', async () => {
    await fc.assert(
      fc.asyncProperty(manyActs, async (acts) => {
        const { bench, known } = await run(acts);
        bench.disk.failure = null;
        await bench.advance(1000);
        await bench.drain();
        for (const one of known.values()) {
          expect(one.ear.ends.at(-1) ?? 0).toBe(one.records.length);
          expect(one.sequence.durableEnd).toBe(one.records.length);
        }
        const { store } = new StoreBench(bench.disk.afterPowerLoss(false));
        for (const [name, one] of known) {
          const sequence = store.open(name, new Ear());
          expect(sequence.end).toBe(one.records.length);
          expectPrefix(sequence, one);
        }
      }),
      { numRuns: 300 },
    );
  });
});
