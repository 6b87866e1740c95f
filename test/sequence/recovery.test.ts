import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SequenceEvent, ViewMessage } from '../../src/protocol/views/index.js';
import type { Keeping } from '../../src/sequence/registry.js';
import type { Sequence } from '../../src/sequence/sequence.js';
import { createMemoryStore } from '../../src/store/memory.js';
import { ask } from '../support/ask.js';
import { openDurable, turn } from '../support/durable.js';
import type { MemoryDisk } from '../support/memory-disk.js';
import { bitsOf as bits, replayedBits, timeAt, timesFrom } from '../support/replay.js';
import { codeOf, createRegistry } from '../support/sequences.js';

const learner = { kind: 'tbptt', k1: 2, k2: 4 } as const;
const FORECAST = { features: 2, units: 4, learner, inputs: { missing: 'hold' }, seed: 7 } as const;
const SUPERVISED = { ...FORECAST, task: { kind: 'supervised', outputs: 1, delay: 4 } } as const;

const signal = (first: number, count: number) =>
  Float64Array.from({ length: count * 2 }, (_, i) => Math.sin((2 * first + i) * 0.7) * (1 + (i % 2)));
const ignore = () => undefined;

/** Pushes steps with their times. */
const push = (sequence: Sequence, first: number, count: number, onAck: (seq: number) => void = ignore) =>
  ask(sequence).push(first, signal(first, count), undefined, onAck, count, timesFrom(first, count));

/** What is done to a sequence, and to its like that is never disturbed. */
type Act =
  | { readonly do: 'push'; readonly count: number; readonly back: number }
  | { readonly do: 'target'; readonly back: number }
  | { readonly do: 'configure'; readonly learning: boolean; readonly learningRate: number | undefined }
  | { readonly do: 'reset'; readonly what: 'state' | 'weights' }
  | { readonly do: 'keep' | 'sleep' | 'restart' };

const acts: fc.Arbitrary<Act[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('push' as const),
        count: fc.integer({ min: 1, max: 9 }),
        back: fc.nat(3),
      }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('target' as const), back: fc.nat(5) }) },
    fc.record({
      do: fc.constant('configure' as const),
      learning: fc.boolean(),
      learningRate: fc.constantFrom(undefined, 0.001, 0.1),
    }),
    fc.record({
      do: fc.constant('reset' as const),
      what: fc.constantFrom('state' as const, 'weights' as const),
    }),
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constantFrom('keep' as const, 'sleep' as const, 'restart' as const) }),
    },
  ),
  { maxLength: 40 },
);

/** Does the same to a plain sequence, which is only ever carried on. */
function act(sequence: Sequence, what: Act): void {
  switch (what.do) {
    case 'push': {
      const first = Math.max(0, sequence.seq + 1 - what.back);
      return push(sequence, first, what.count);
    }
    case 'target': {
      if (sequence.spec.task?.kind === 'supervised' && sequence.seq >= 0)
        ask(sequence).learn(Math.max(0, sequence.seq - what.back), new Float64Array([0.5]), ignore);
      return;
    }
    case 'configure':
      return ask(sequence).configure(what);
    case 'reset':
      return ask(sequence).reset(what.what);
    case 'keep':
    case 'sleep':
    case 'restart':
      return;
  }
}

describe.each([
  ['in memory', FORECAST],
  ['on a disk', FORECAST],
  ['on a disk', SUPERVISED],
] as const)('a sequence %s (%o)', (where, spec) => {
  it('[REC1] gives the same bits after any sleeps, checkpoints and restarts', async () => {
    await fc.assert(
      fc.asyncProperty(acts, async (all) => {
        let durable = openDurable();
        const store = where === 'in memory' ? createMemoryStore() : durable.store;
        let { registry } = createRegistry({ store });
        let { sequence } = registry.open('a', 'create', { spec });
        const { sequence: plain } = createRegistry().registry.open('a', 'create', { spec });
        for (const what of all) {
          act(sequence, what);
          act(plain, what);
          if (what.do === 'keep') sequence.keep();
          if (what.do === 'sleep') sequence.sleep('idle');
          if (what.do === 'restart' && where === 'on a disk') {
            await durable.settle();
            durable = openDurable(durable.disk);
            ({ registry } = createRegistry({ store: durable.store }));
            sequence = registry.get('a');
          }
        }
        expect(sequence.seq).toBe(plain.seq);
        expect(bits(sequence.model)).toBe(bits(plain.model));
      }),
      { numRuns: 60 },
    );
  });
});

describe('a sequence that comes back', () => {
  /** 30 steps, with checkpoints after 10 and 20, or after 10 alone. */
  const filled = async (checkpoints = 2) => {
    const { disk, store, settle } = openDurable();
    const { registry } = createRegistry({ store });
    const { sequence } = registry.open('a', 'create', { spec: FORECAST });
    for (const first of [0, 10, 20]) {
      push(sequence, first, 5);
      await settle();
      push(sequence, first + 5, 5);
      if (first < 10 * checkpoints) sequence.keep();
      await settle();
    }
    return {
      disk,
      epoch: sequence.epoch,
      keys: (part: string) => disk.keys({ from: part, to: `${part}~`, limit: 99 }),
    };
  };

  const plainBits = (steps: number) =>
    replayedBits(FORECAST, steps, (seq) => ({ x: signal(seq, 1), t: timeAt(seq) }));

  const comeBack = (disk: MemoryDisk) => {
    const faults: string[] = [];
    const { store, settle } = openDurable(disk);
    const { registry } = createRegistry({
      store,
      epochs: 'later',
      onFault: (error) => faults.push((error as Error).message),
    });
    return { registry, faults, settle };
  };

  const flip = (bytes: Uint8Array) => bytes.map((byte, i) => (i === bytes.length - 3 ? byte ^ 1 : byte));

  it('[REC2] from the checkpoint before, where the last one is broken: named, and with the same bits', async () => {
    const { disk, epoch, keys } = await filled();
    disk.damage(keys('checkpoint/').at(-1)!, flip);
    const { registry, faults } = comeBack(disk);
    const sequence = registry.get('a');
    expect(faults).toEqual([expect.stringMatching(/checkpoint at 5 of the sequence a is damaged/)]);
    expect(bits(sequence.model)).toBe(plainBits(30));
    expect(sequence.epoch).toBe(epoch);
  });

  it('[REC2] from its first record, where no checkpoint is whole and the log goes back so far', async () => {
    const { disk, keys } = await filled(1);
    for (const key of keys('checkpoint/')) disk.damage(key, (bytes) => bytes.subarray(0, 40));
    const { registry, faults } = comeBack(disk);
    expect(bits(registry.get('a').model)).toBe(plainBits(30));
    expect(faults.length).toBe(1);
  });

  it('[REC3] ends before a broken record, in a new epoch that the next restart finds again; nothing is deleted', async () => {
    const { disk, epoch, keys } = await filled();
    const broken = keys('log/').findLast((key) => !key.endsWith('/end'))!;
    disk.damage(broken, flip);
    const { registry, faults, settle } = comeBack(disk);
    const sequence = registry.get('a');
    expect(faults).toEqual([expect.stringMatching(/records 6 to 6 of the sequence a are damaged/)]);
    expect(bits(sequence.model)).toBe(plainBits(25));
    expect(sequence.durable).toBe(24);
    expect(sequence.epoch).not.toBe(epoch);
    push(sequence, 25, 5);
    await settle();
    expect(keys('aside/').length).toBe(1);
    const again = comeBack(disk);
    expect(again.registry.get('a').epoch).toBe(sequence.epoch);
    expect(bits(again.registry.get('a').model)).toBe(plainBits(30));
    expect(again.faults).toEqual([]);
  });

  it('[REC4] not at all where nothing can be used: refused by name, and the store is as it was', async () => {
    const { disk, keys } = await filled();
    for (const key of keys('checkpoint/')) disk.damage(key, flip);
    const before = JSON.stringify(keys(''));
    const { registry } = comeBack(disk);
    expect(() => registry.get('a')).toThrow(
      /a cannot be restored: .*checkpoint at 5.*checkpoint at 3.*log starts later/s,
    );
    expect(codeOf(() => registry.open('a', 'either', { spec: FORECAST }))).toBe('store-damaged');
    expect(JSON.stringify(keys(''))).toBe(before);
  });

  it('[REC5] with all that was acked, after the power was lost at any moment', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 6 }), fc.boolean())),
        fc.boolean(),
        async (turns, withLast) => {
          const { disk, store } = openDurable();
          disk.isManual = true;
          const { sequence } = createRegistry({ store }).registry.open('a', 'create', { spec: FORECAST });
          let acked = -1;
          for (const [count, flushes] of turns) {
            push(sequence, sequence.seq + 1, count, (seq) => {
              acked = seq;
            });
            if (count === 6) sequence.keep();
            if (flushes) disk.flush();
            await Promise.resolve().then(ignore).then(ignore);
          }
          const { registry } = comeBack(disk.afterPowerLoss(withLast));
          if (acked < 0 && codeOf(() => registry.get('a')) === 'sequence-unknown') return;
          const { seq, model } = registry.get('a');
          expect(seq).toBeGreaterThanOrEqual(acked);
          expect(bits(model)).toBe(plainBits(seq + 1));
        },
      ),
    );
  });
});

describe('the life of a sequence', () => {
  const watched = (limits = {}, spec: object = FORECAST, keeping: Partial<Keeping> = {}) => {
    const made = createRegistry({ limits, keeping });
    const { sequence } = made.registry.open('a', 'create', { spec });
    const events: SequenceEvent[] = [];
    sequence
      .watch('events', { every: 0, delivery: 'every' })
      .subscribe((message) => events.push(...(message as ViewMessage & { type: 'events' }).events));
    const run = (ms: number) => {
      made.scheduler.maxFrames = made.scheduler.frame + ms;
      made.scheduler.flush();
    };
    return { ...made, sequence, events, run, told: () => events.map(({ event, detail }) => [event, detail]) };
  };

  it('[LIF1] is told to who watches its events', () => {
    const { registry, sequence, run, told } = watched();
    registry.open('a', 'resume', {});
    ask(sequence).push(0, signal(0, 3), undefined, ignore);
    ask(sequence).configure({ learning: false });
    ask(sequence).checkpoint(ignore);
    run(301_000);
    ask(sequence).push(3, signal(3, 1), undefined, ignore);
    expect(told()).toEqual([
      ['opened', { created: false }],
      ['configured', expect.objectContaining({ learning: false })],
      ['learning-paused', {}],
      ['health', { from: 'warming-up', to: 'paused', why: 'Learning is switched off.' }],
      ['checkpoint', { position: 3, bytes: expect.any(Number) }],
      ['idle', { ms: 300_000 }],
      ['evicted', { reason: 'idle', last: 2 }],
      ['resumed', { replayed: 0 }],
    ]);
  });

  it('[LIF2] sleeps without a step for 5 min, and goes on with the same bits at the next', () => {
    const { sequence, run, scheduler } = watched();
    ask(sequence).push(0, signal(0, 9), undefined, ignore);
    run(301_000);
    expect(sequence.isAwake).toBe(false);
    expect(sequence.seq).toBe(8);
    expect(codeOf(() => ask(sequence).push(8, signal(3, 1), undefined, ignore))).toBe('step-conflict');
    ask(sequence).push(8, signal(8, 4), undefined, ignore);
    // steps are stamped as they come: nine at once, and three after the sleep
    const late = scheduler.frame;
    const plain = replayedBits(FORECAST, 12, (seq) => ({ x: signal(seq, 1), t: seq < 9 ? 0 : late }));
    expect(bits(sequence.model)).toBe(plain);
  });

  it('[LIF3] gives way, when it has been idle the longest, to one that is needed', () => {
    const { registry, sequence: a, run } = watched({ awakeSequences: 2 });
    const b = registry.open('b', 'create', { spec: FORECAST }).sequence;
    run(1000);
    ask(a).push(0, signal(0, 1), undefined, ignore);
    const c = registry.open('c', 'create', { spec: FORECAST }).sequence;
    expect([a, b, c].map(({ isAwake }) => isAwake)).toEqual([true, false, true]);
    expect(registry.awakeSize).toBe(2);
    ask(b).push(0, signal(0, 1), undefined, ignore);
    expect([a, b, c].map(({ isAwake }) => isAwake)).toEqual([false, true, true]);
  });

  it('[LIF4] leaves nothing in memory when nobody uses it any more', () => {
    const { registry, run } = createRegistryWithClock();
    for (let i = 0; i < 50; i++)
      ask(registry.open(`s${i}`, 'create', { spec: FORECAST }).sequence).push(
        0,
        signal(0, 2),
        undefined,
        ignore,
      );
    run(400_000);
    expect([...registry.names()].filter((name) => registry.inMemory(name))).toEqual([]);
    expect(registry.size).toBe(50);
    expect(registry.get('s7').seq).toBe(1);
  });

  it('[LIF5] is kept after 4,096 steps, after a minute where anything changed, and when it is asked for', () => {
    const { sequence, run, told } = watched();
    const kept = () => told().filter(([event]) => event === 'checkpoint').length;
    for (let t = 0; t < 4096; t += 256) ask(sequence).push(t, signal(t, 256), undefined, ignore);
    expect(kept()).toBe(1);
    ask(sequence).push(4096, signal(4096, 1), undefined, ignore);
    run(61_000);
    expect(kept()).toBe(2);
    run(61_000);
    expect(kept()).toBe(2);
    let isDone = false;
    ask(sequence).checkpoint(() => {
      isDone = true;
    });
    expect([kept(), isDone]).toEqual([2, true]);
    ask(sequence).push(4097, signal(4097, 1), undefined, ignore);
    ask(sequence).checkpoint(ignore);
    expect(kept()).toBe(3);
  });

  it('[LIF5] is kept less often where the checkpoints of its model would write more than 1 MiB a second', () => {
    const { sequence, run, told } = watched({}, { ...FORECAST, units: 512 }, { steps: 4 });
    const kept = () => told().filter(([event]) => event === 'checkpoint').length;
    let t = 0;
    const push = () => ask(sequence).push(4 * t, signal(4 * t++, 4), undefined, ignore);
    push();
    run(400);
    push();
    expect(kept()).toBe(0);
    run(6000);
    push();
    expect(kept()).toBe(1);
    push();
    expect(kept()).toBe(1);
    ask(sequence).checkpoint(ignore);
    expect(kept()).toBe(2);
  });

  it('[LIF6] ends with its removal: watchers complete, and its name is free', async () => {
    const { registry, sequence, events } = watched();
    await registry.remove('a');
    expect(events.at(-1)).toMatchObject({ event: 'evicted', detail: { reason: 'removed', last: -1 } });
    expect(codeOf(() => ask(sequence).push(0, signal(0, 1), undefined, ignore))).toBe('sequence-unknown');
    expect(codeOf(() => registry.get('a'))).toBe('sequence-unknown');
    expect(registry.open('a', 'create', { spec: FORECAST }).sequence.seq).toBe(-1);
    await expect(registry.remove('nobody')).rejects.toMatchObject({ code: 'sequence-unknown' });
  });

  it('[STP13] takes no step while the store cannot write, serves its views, and goes on when it can again', async () => {
    const { disk, store, settle } = openDurable();
    const { registry } = createRegistry({ store });
    const { sequence } = registry.open('a', 'create', { spec: FORECAST });
    const acks: number[] = [];
    const push = (t: number) => ask(sequence).push(t, signal(t, 1), undefined, (seq) => acks.push(seq));
    push(0);
    await settle();
    disk.failure = new Error('no space left on the device');
    push(1);
    await turn();
    expect(codeOf(() => push(2))).toBe('store-unavailable');
    expect(codeOf(() => ask(sequence).configure({ learning: false }))).toBe('store-unavailable');
    expect(codeOf(() => registry.open('b', 'create', { spec: FORECAST }))).toBe('store-unavailable');
    expect(acks).toEqual([0]);
    expect(codeOf(() => sequence.watch('states', { every: 0, delivery: 'every' }))).toBe('none');
    disk.failure = null;
    await settle();
    push(2);
    await settle();
    expect(acks).toEqual([0, 1, 2]);
  });
});

function createRegistryWithClock() {
  const made = createRegistry();
  const run = (ms: number) => {
    made.scheduler.maxFrames = made.scheduler.frame + ms;
    made.scheduler.flush();
  };
  return { ...made, run };
}
