/** Appends in any interleaving: two gateways that send again what was not answered, and a server that dies. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Model } from '../../src/rnn/model.js';
import { Restartable } from '../support/durable.js';
import { appended, openHandle } from '../support/handles.js';
import { bitsOf, replayedBits, timesOf } from '../support/replay.js';

const SPEC = { units: 3, learner: { kind: 'tbptt', k1: 2, k2: 4 }, seed: 4 } as const;
const FIELDS = ['total', 'level'];
const EVERY = 1000;
/** The bins that a resampler fills in behind the last one with readings. */
const MAX_EMPTY = 256;

/** What a gateway has to hand over: it keeps it until it is answered. */
interface Reading {
  readonly key: string;
  readonly t: number;
  readonly x: readonly number[];
  /** What each append of it was answered with. */
  readonly outcomes: { outcome: number | string | null }[];
}

type Act =
  | { readonly do: 'append'; readonly gateway: number; readonly dt: number; readonly count: number }
  | { readonly do: 'repeat'; readonly gateway: number; readonly back: number }
  | { readonly do: 'restart' | 'sleep' | 'keep' | 'settle' | 'flush' };

const gateway = fc.nat(1);
const acts: fc.Arbitrary<Act[]> = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant('append' as const),
        gateway,
        // out of order by more than the lateness at times, and a silence now and then
        dt: fc.oneof(
          { weight: 6, arbitrary: fc.integer({ min: -900, max: 1400 }) },
          { weight: 1, arbitrary: fc.constantFrom(-4000, 7000, 300_000) },
        ),
        count: fc.integer({ min: 1, max: 5 }),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant('repeat' as const), gateway, back: fc.nat(8) }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constantFrom('restart' as const, 'sleep', 'keep', 'settle', 'flush') as fc.Arbitrary<
          'restart' | 'sleep' | 'keep' | 'settle' | 'flush'
        >,
      }),
    },
  ),
  { maxLength: 40 },
);

class Gateways {
  readonly server = new Restartable();
  readonly readings: Reading[][] = [[], []];
  private readonly clocks = [1_000_000, 1_000_300];
  private count = 0;

  constructor(private readonly resample: object | undefined) {
    openHandle(this.server.registry, this.asked);
  }

  private get asked() {
    return { spec: SPEC, fields: FIELDS, ...(this.resample && { resample: this.resample }) };
  }

  async act(act: Act): Promise<void> {
    const { server } = this;
    switch (act.do) {
      case 'append':
        for (let i = 0; i < act.count; i++) this.append(act.gateway, i === 0 ? act.dt : 100);
        return;
      case 'repeat':
        for (const reading of this.readings[act.gateway]!.slice(-1 - act.back)) this.send(reading);
        return;
      case 'restart':
        return this.restart();
      case 'flush':
        if (this.resample)
          openHandle(server.registry)
            .flush()
            .subscribe({ error: () => undefined });
        return;
      case 'settle':
        // time goes on for steps that are stamped on arrival
        server.goOn();
        return server.settle();
      case 'sleep':
        return server.sequence.sleep('idle');
      case 'keep':
        return server.sequence.keep();
    }
  }

  /** Lets all be answered, and gives every reading. */
  async end(): Promise<Reading[]> {
    if (this.resample) openHandle(this.server.registry).flush().subscribe();
    await this.server.settle();
    return this.readings.flat();
  }

  private append(of: number, dt: number): void {
    const t = Math.max(0, this.clocks[of]! + dt);
    this.clocks[of] = t;
    const n = this.count++;
    const level = n % 5 === 0 ? Number.NaN : Math.sin(n);
    const reading: Reading = { key: `${of}-${n}`, t, x: [n % 7, level], outcomes: [] };
    this.readings[of]!.push(reading);
    this.send(reading);
  }

  private send(reading: Reading): void {
    const { key, t, x } = reading;
    const handle = openHandle(this.server.registry);
    const time = this.resample ? { t } : {};
    reading.outcomes.push(appended(handle, { x: Float64Array.from(x), key, ...time }));
  }

  /** The server dies, with what its disk has written; each gateway sends again what was not answered. */
  private restart(): void {
    this.server.kill();
    // a server that was killed before its first write does not know the sequence
    openHandle(this.server.registry, this.asked);
    for (const reading of this.readings.flat())
      if (reading.outcomes.every(({ outcome }) => outcome === null)) this.send(reading);
  }
}

/** What the appends of a reading were answered with: the same each time, or nothing before the server died. */
function outcomeOf({ key, outcomes }: Reading): number | string | null {
  const told = new Set(outcomes.map(({ outcome }) => outcome).filter((outcome) => outcome !== null));
  // refused as late once, and late for ever
  expect([key, told.size]).toEqual([key, 1]);
  return [...told][0]!;
}

describe('appends with keys', () => {
  it('[APP7] [APP3] give the bits of a plain replay of the accepted steps, each once, whatever comes again and when the server dies', async () => {
    await fc.assert(
      fc.asyncProperty(acts, async (all) => {
        const gateways = new Gateways(undefined);
        for (const act of all) await gateways.act(act);
        const readings = await gateways.end();
        const inOrder: Reading[] = [];
        for (const reading of readings) inOrder[outcomeOf(reading) as number] = reading;
        const { sequence } = gateways.server;
        expect(Object.keys(inOrder)).toHaveLength(readings.length);
        expect(sequence.seq).toBe(readings.length - 1);
        const times = await timesOf(sequence, () => gateways.server.goOn());
        const plain = replayedBits(sequence.spec, inOrder.length, (seq) => ({
          x: inOrder[seq]!.x,
          t: times[seq]!,
        }));
        expect(bitsOf(sequence.model)).toBe(plain);
      }),
      { numRuns: 60 },
    );
  });

  it('[APP7] [RSM16] resampled, late and out of order, give the bits of a plain replay of the bins, in which each accepted reading counts once', async () => {
    await fc.assert(
      fc.asyncProperty(acts, async (all) => {
        const gateways = new Gateways({ every: EVERY, lateness: 500, of: { total: 'sum', level: 'max' } });
        for (const act of all) await gateways.act(act);
        const readings = await gateways.end();
        const bins = new Map<number, Reading[]>();
        const seqs = new Map<number, number>();
        for (const reading of readings) {
          const outcome = outcomeOf(reading);
          if (outcome === 'step-late') continue;
          const bin = Math.floor(reading.t / EVERY) * EVERY;
          bins.set(bin, [...(bins.get(bin) ?? []), reading]);
          expect(seqs.get(bin) ?? outcome).toBe(outcome);
          seqs.set(bin, outcome as number);
        }
        const { sequence } = gateways.server;
        const plain = new Model(sequence.spec);
        let last = Number.NaN;
        for (const [bin, taken] of [...bins].sort(([a], [b]) => a - b)) {
          const empty = Math.min(MAX_EMPTY, (bin - last) / EVERY - 1 || 0);
          for (let i = 1; i <= empty; i++) plain.step([Number.NaN, Number.NaN], last + i * EVERY);
          const levels = taken.map(({ x }) => x[1]!).filter((level) => !Number.isNaN(level));
          const total = taken.reduce((sum, { x }) => sum + x[0]!, 0);
          plain.step([total, levels.length === 0 ? Number.NaN : Math.max(...levels)], bin);
          expect(seqs.get(bin)).toBe(plain.seq);
          last = bin;
        }
        expect(sequence.seq).toBe(plain.seq);
        expect(bitsOf(sequence.model)).toBe(bitsOf(plain));
        plain.free();
      }),
      { numRuns: 60 },
    );
  });
});
