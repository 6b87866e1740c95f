import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { ViewMessage } from '../../../src/protocol/views/index.js';
import type { ResultView } from '../../../src/sequence/results/results.js';
import type { From } from '../../../src/sequence/results/watched.js';
import { createDurableStore } from '../../../src/store/log/durable.js';
import { ask } from '../../support/ask.js';
import { MemoryDisk } from '../../support/memory-disk.js';
import { createRegistry } from '../../support/sequences.js';
import { textsOf, type ViewText } from '../../support/view-items.js';

const EVERY = { every: 0, delivery: 'every' } as const;
const VIEWS = ['inputs', 'predictions', 'states', 'events', 'metrics'] as const;
const FORECAST = { features: 2, units: 3, learner: { kind: 'tbptt', k1: 2, k2: 4 }, seed: 7 } as const;
const SPECS = {
  'a forecast with gaps': { ...FORECAST, inputs: { missing: 'hold' } },
  'late targets': { features: 2, units: 3, seed: 7, task: { kind: 'supervised', outputs: 1, delay: 4 } },
  'two batch rows': { ...FORECAST, batch: 2 },
  'a GRU without a readout': { ...FORECAST, cell: 'gru', readout: { kind: 'none' } },
} as const;
/** Events of its life, which the past does not keep. */
const LIFE = /"event":"(opened|resumed|idle|evicted|checkpoint|damaged)"/;

/** A sequence that sleeps, crashes and comes back, and those who watch it. */
class World {
  private disk = new MemoryDisk();
  private now = 1_000_000;
  private life = this.begin();
  /** All that was served, by view. */
  readonly served = new Map<string, ViewText[]>(VIEWS.map((view) => [view, []]));
  readonly readers: { view: ResultView; begins: number; got: ViewText[]; skipped: number }[] = [];

  constructor(
    private readonly spec: { readonly features: number; readonly batch?: number },
    private readonly hasReadout: boolean,
    private readonly hasGaps: boolean,
    private readonly isSupervised: boolean,
  ) {
    this.life.registry.open('s', 'create', { spec });
    this.watch();
  }

  get sequence() {
    return this.life.registry.get('s');
  }

  get views() {
    return VIEWS.filter((view) => this.hasReadout || (view !== 'predictions' && view !== 'metrics'));
  }

  async push(count: number): Promise<void> {
    await this.life.store.flushed();
    const first = this.sequence.seq + 1;
    const size = (this.spec.batch ?? 1) * this.spec.features;
    const x = Float64Array.from({ length: count * size }, (_, i) => {
      const seq = first + Math.floor(i / size);
      if (this.hasGaps && (seq + i) % 7 === 3) return Number.NaN;
      return Math.sin(seq * 0.7 + i) + (seq % 50 === 49 ? 9 : 0);
    });
    const t = Float64Array.from({ length: count }, () => {
      this.now += 1000;
      return this.now;
    });
    ask(this.sequence).push(first, x, undefined, () => undefined, count, t);
    if (this.isSupervised && count > 2)
      ask(this.sequence).learn(this.sequence.seq - 1, Float64Array.of(0.5), () => undefined);
  }

  subscribe(view: ResultView, from: From): void {
    const { results$, begins } = this.sequence.since(view, EVERY, from);
    const reader = { view, begins, got: [] as ViewText[], skipped: 0 };
    this.readers.push(reader);
    results$.subscribe((message) => {
      reader.got.push(...textsOf(message));
      reader.skipped += message.skipped;
    });
  }

  /** Goes on for a while, in which whoever reads the past comes to its end. */
  async rest(): Promise<void> {
    const { scheduler, store } = this.life;
    await store.flushed();
    scheduler.maxFrames = scheduler.frame + 50;
    scheduler.flush();
  }

  /** Loses all that is not durable; everybody loses the connection. */
  async crash(): Promise<void> {
    await this.rest();
    this.compare();
    this.disk = this.disk.afterPowerLoss(false);
    this.life = this.begin();
    this.watch();
  }

  async sleep(): Promise<void> {
    this.sequence.sleep('idle');
    await this.rest();
  }

  /** Holds that each reader has got what was served, and no more. */
  compare(): void {
    for (const { view, begins, got, skipped } of this.readers) {
      const all = this.served.get(view)!.filter(({ seq }) => seq >= begins);
      const texts = got.filter(({ text }) => !LIFE.test(text)).map(({ text }) => text);
      if (view === 'metrics') {
        const known = new Set(all.map(({ text }) => text));
        expect(texts.filter((text) => !known.has(text))).toEqual([]);
        expect(got.map(({ seq }) => seq)).toEqual([...got.map(({ seq }) => seq)].sort((a, b) => a - b));
      } else
        expect([view, begins, texts]).toEqual([
          view,
          begins,
          all.map(({ text }) => text).filter((text) => !LIFE.test(text)),
        ]);
      expect(skipped).toBe(0);
    }
    this.readers.length = 0;
  }

  private begin() {
    const store = createDurableStore(this.disk);
    return { store, ...createRegistry({ store, keeping: { steps: 300 } }) };
  }

  private watch(): void {
    for (const view of this.views)
      this.sequence
        .watch(view, EVERY)
        .subscribe((message: ViewMessage) => this.served.get(view)!.push(...textsOf(message)));
  }
}

const acts = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.integer({ min: 1, max: 120 }) },
    { weight: 1, arbitrary: fc.constantFrom('sleep', 'crash', 'keep', 'reset', 'pause', 'rest') },
    {
      weight: 4,
      arbitrary: fc.record({
        view: fc.constantFrom(...VIEWS),
        from: fc.oneof(
          fc.record({ last: fc.integer({ min: 0, max: 400 }) }),
          fc.record({ from: fc.integer({ min: 990_000, max: 1_500_000 }) }),
        ),
      }),
    },
  ),
  { minLength: 3, maxLength: 16 },
);

describe('a view that begins in the past', () => {
  it.each(Object.entries(SPECS))(
    '[HIS1] [HIS2] gives what was served, bit for bit, and then what is new, of %s, whatever happens',
    async (_name, spec) => {
      const hasReadout = !('readout' in spec);
      await fc.assert(
        fc.asyncProperty(acts, async (all) => {
          const world = new World(spec, hasReadout, 'inputs' in spec, 'task' in spec);
          for (const act of all) {
            if (typeof act === 'number') await world.push(act);
            else if (act === 'sleep') await world.sleep();
            else if (act === 'crash') await world.crash();
            else if (act === 'rest') await world.rest();
            else if (act === 'keep') world.sequence.keep();
            else if (act === 'reset') ask(world.sequence).reset('state');
            else if (act === 'pause') {
              if (hasReadout) ask(world.sequence).configure({ learning: !world.sequence.model.learning });
            } else if ((world.views as readonly string[]).includes(act.view))
              world.subscribe(act.view, act.from);
          }
          await world.rest();
          world.compare();
        }),
        { numRuns: 60 },
      );
    },
  );
});

describe('the past of a view', () => {
  let free: () => void = () => undefined;
  afterEach(() => free());
  const made = (past = {}, spec: object = FORECAST) => {
    const { registry, scheduler } = createRegistry({ past });
    const { sequence } = registry.open('s', 'create', { spec });
    const push = (count: number) => {
      const first = sequence.seq + 1;
      const size = sequence.spec.features;
      const x = Float64Array.from({ length: count * size }, (_, i) => Math.sin(first + i));
      const t = Float64Array.from({ length: count }, (_, i) => 1000 * (first + i));
      ask(sequence).push(first, x, undefined, () => undefined, count, t);
    };
    const run = (ms = 50) => {
      scheduler.maxFrames = scheduler.frame + ms;
      scheduler.flush();
    };
    free = () => void registry.end();
    return { registry, scheduler, sequence, push, run };
  };
  const seqs = (messages: readonly ViewMessage[]) => messages.flatMap(textsOf).map(({ seq }) => seq);

  it.each([
    [{ last: 0 }, 100],
    [{ last: 3 }, 97],
    [{ last: 1000 }, 0],
    [{ from: 42_000 }, 42],
    [{ from: 41_999.5 }, 42],
    [{ from: 1e12 }, 100],
    [{ from: -1e12 }, 0],
    [{ last: 3, from: 42_000 }, 42],
  ])('[HIS1] begins with %o at step %i', (from, begins) => {
    const { sequence, push, run } = made();
    push(100);
    const got: ViewMessage[] = [];
    const begun = sequence.since('inputs', EVERY, from);
    begun.results$.subscribe((message) => got.push(message));
    run();
    push(1);
    expect(begun.begins).toBe(begins);
    expect(seqs(got)).toEqual(Array.from({ length: 101 - begins }, (_, i) => begins + i));
  });

  it('[HIS2] is whole, while what comes after it is as the options say', () => {
    const { sequence, push, run } = made();
    push(100);
    const got: ViewMessage[] = [];
    sequence
      .since('states', { every: 1000, delivery: 'latest' }, { last: 5 })
      .results$.subscribe((message) => got.push(message));
    run();
    push(10);
    push(10);
    run(1001);
    expect(seqs(got)).toEqual([95, 96, 97, 98, 99, 109, 119]);
    expect(got.map(({ skipped }) => skipped)).toEqual([0, 9, 9]);
  });

  it('[HIS3] of states reaches back as far as their budget, which begins tells', () => {
    const { sequence, push, run } = made({ stateBytes: 4096 }, { ...FORECAST, units: 64 });
    for (let i = 0; i < 20; i++) push(10);
    const got: ViewMessage[] = [];
    const { begins, results$ } = sequence.since('states', EVERY, { last: 200 });
    results$.subscribe((message) => got.push(message));
    run();
    expect(begins).toBeGreaterThan(180);
    expect(seqs(got)).toEqual(Array.from({ length: 200 - begins }, (_, i) => begins + i));
  });

  it('[HIS3] is none of updates and weights: they begin now', () => {
    const { sequence, push, run } = made();
    push(100);
    const got: ViewMessage[] = [];
    const { begins, results$ } = sequence.since('updates', EVERY, { last: 50 });
    results$.subscribe((message) => got.push(message));
    run();
    expect([begins, got]).toEqual([100, []]);
    push(4);
    expect(got.length).toBeGreaterThan(0);
    expect(sequence.since('weights', EVERY, { last: 50 }).begins).toBe(104);
  });

  it('[HIS4] begins at the position of whoever comes back, if that is earlier', () => {
    const { sequence, push } = made();
    push(100);
    const { epoch } = sequence;
    const since = (from: From) => {
      const { begins, recovered } = sequence.since('inputs', EVERY, from);
      return [begins, recovered];
    };
    expect(since({ last: 10, after: { epoch, seq: 49 } })).toEqual([50, true]);
    expect(since({ last: 10, after: { epoch, seq: 95 } })).toEqual([90, true]);
    expect(since({ last: 10, after: { epoch: 'other', seq: 49 } })).toEqual([90, false]);
    expect(since({ last: 10, after: { epoch, seq: 100 } })).toEqual([90, false]);
  });

  it('[HIS5] waits for room, and loses nothing for it', () => {
    const { sequence, push, run } = made();
    for (let i = 0; i < 40; i++) push(200);
    const got: ViewMessage[] = [];
    let room = 0;
    const hasRoom = () => room-- > 0;
    sequence
      .since('inputs', EVERY, { last: 8000 }, { owner: {}, hasRoom })
      .results$.subscribe((message) => got.push(message));
    run();
    expect(got.length).toBe(0);
    room = 1;
    run();
    expect(got.length).toBe(1);
    for (let i = 0; i < 1000; i++) {
      room = 1;
      run(11);
    }
    push(1);
    expect(seqs(got)).toEqual(Array.from({ length: 8001 }, (_, i) => i));
  });

  it('[HIS5] ends in the middle for a subscriber that leaves', () => {
    const { sequence, push, run } = made();
    for (let i = 0; i < 40; i++) push(200);
    const got: ViewMessage[] = [];
    const reading = sequence.since('inputs', EVERY, { last: 8000 }).results$.subscribe((message) => {
      got.push(message);
      reading.unsubscribe();
    });
    run();
    push(1);
    expect(got.length).toBe(1);
    expect(sequence.isHeld).toBe(false);
  });

  it('[HIS5] goes on while the sequence falls asleep, and ends with its removal', () => {
    const { registry, sequence, push, run } = made();
    for (let i = 0; i < 40; i++) push(200);
    const asleep: ViewMessage[] = [];
    sequence.since('inputs', EVERY, { last: 8000 }).results$.subscribe((message) => {
      asleep.push(message);
      sequence.sleep('idle');
    });
    run();
    expect(seqs(asleep).length).toBe(8000);
    const ends: string[] = [];
    sequence.since('inputs', EVERY, { last: 8000 }).results$.subscribe({
      next: () => void registry.remove('s'),
      complete: () => ends.push('complete'),
    });
    run();
    expect(ends).toEqual(['complete']);
  });

  it('[HIS6] of a sequence that sleeps comes without its model, and keeps it in memory meanwhile', async () => {
    const store = createDurableStore(new MemoryDisk());
    const before = createRegistry({ store });
    const { sequence } = before.registry.open('s', 'create', { spec: FORECAST });
    ask(sequence).push(0, new Float64Array(200), undefined, () => undefined);
    sequence.sleep('idle');
    await store.flushed();
    sequence.end(new Error('gone') as never);
    const { registry, scheduler } = createRegistry({ store });
    const again = registry.get('s');
    expect([again.isAwake, again.seq, registry.awakeSize]).toEqual([false, 99, 0]);
    const got: ViewMessage[] = [];
    const reading = again.since(
      'inputs',
      EVERY,
      { last: 10 },
      { owner: {}, hasRoom: () => scheduler.frame > 5000 },
    );
    const subscription = reading.results$.subscribe((message) => got.push(message));
    scheduler.maxFrames = 4000;
    scheduler.flush();
    expect(registry.inMemory('s')).toBe(again);
    scheduler.maxFrames = 6000;
    scheduler.flush();
    expect([seqs(got).length, again.isAwake]).toEqual([10, false]);
    ask(again).push(100, new Float64Array(2), undefined, () => undefined);
    expect([seqs(got).at(-1), again.isAwake]).toEqual([100, true]);
    again.sleep('idle');
    subscription.unsubscribe();
    await store.flushed();
    registry.hold(again);
    registry.release(again);
    scheduler.maxFrames = 9000;
    scheduler.flush();
    expect(registry.inMemory('s')).toBeNull();
  });
});
