/** A past in a store, fed with steps whose every number follows from the step's. */
import { expect } from 'vitest';
import type { EddyError } from '../../src/errors.js';
import { parseSpec } from '../../src/rnn/spec/spec.js';
import { PAST_LIMITS, Past, type PastLimits } from '../../src/sequence/past/past.js';
import type { SequenceStore, Store } from '../../src/store/store.js';

const spec = parseSpec({
  features: 2,
  units: 3,
  seed: 1,
  readout: { kind: 'linear' },
  task: { kind: 'forecast' },
});
const [FEATURES, OUTPUTS, UNITS] = [2, 2, 3];

export const timeOf = (seq: number) => 1000 * seq;
const numbers = (seq: number, width: number, shift: number) =>
  Array.from({ length: width }, (_, i) => Math.fround(seq + shift + i / 8));
export const xOf = (seq: number) => numbers(seq, FEATURES, 0);
const yOf = (seq: number) => numbers(seq, OUTPUTS, 0.25);
const hOf = (seq: number) => numbers(seq, UNITS, 0.5);
const anomalyOf = (seq: number) => seq / 2 ** 24;

export class PastBench {
  past: Past;
  log: SequenceStore;
  now = 0;
  /** How far the wall clock was set. */
  setBy = 0;
  readonly damage: EddyError[] = [];
  private readonly limits: PastLimits;

  constructor(
    public store: Store,
    limits: Partial<PastLimits> = {},
  ) {
    this.limits = { ...PAST_LIMITS, ...limits };
    this.log = this.open();
    this.past = this.wake();
  }

  /** Takes steps as one run. */
  take(first: number, count: number, epoch = 'e1'): number {
    const { past } = this;
    const seqs = Array.from({ length: count }, (_, i) => first + i);
    expect(past.begin(count)).toBe(count);
    past.h(UNITS * count)!.set(seqs.flatMap(hOf));
    past.y(OUTPUTS * count).set(seqs.flatMap(yOf));
    past.anomalies(count).set(seqs.map(anomalyOf));
    // the run is the later part of its block
    const t = [Number.NaN, ...seqs.map(timeOf)];
    const x = Float64Array.from([0, 0, ...seqs.flatMap(xOf)]);
    return past.take(first, count, epoch, t, x, 1);
  }

  event(event: string, seq: number, epoch = 'e1'): void {
    this.past.event({ event, seq, t: timeOf(seq), epoch, detail: { seq } });
  }

  /** Sleeps and wakes. */
  nap(): void {
    this.past.keep();
    this.past.free();
  }

  /** Gives the numbers of the steps held from one on, after comparing all that is known of them. */
  seqs(start = 0): number[] {
    const all: number[] = [];
    for (const { first, count, t, x, y, anomaly } of this.past.read(start)) {
      const seqs = Array.from({ length: count }, (_, i) => first + i);
      expect([...t]).toEqual(seqs.map(timeOf));
      expect([...x]).toEqual(seqs.flatMap(xOf));
      expect([...y]).toEqual(seqs.flatMap(yOf));
      expect([...anomaly]).toEqual(seqs.map(anomalyOf));
      all.push(...seqs);
    }
    return all;
  }

  /** Likewise for the hidden states. */
  stateSeqs(start = 0): number[] {
    const all: number[] = [];
    for (const { first, count, t, h } of this.past.readStates(start)) {
      const seqs = Array.from({ length: count }, (_, i) => first + i);
      expect([...t]).toEqual(seqs.map(timeOf));
      expect([...h]).toEqual(seqs.flatMap(hOf));
      all.push(...seqs);
    }
    return all;
  }

  events(start = 0): string[] {
    return Array.from(this.past.read(start), ({ entries }) => entries)
      .flat()
      .map((entry) => (entry.kind === 'event' ? `${entry.event} ${entry.seq}` : `metrics ${entry.seq}`));
  }

  /** Opens the sequence of a store, as after a restart. */
  reopen(store: Store): void {
    this.store = store;
    this.log = this.open();
    this.past = this.wake();
  }

  private open(): SequenceStore {
    return this.store.open('s', { onDurable: () => undefined, onCheckpoint: () => undefined });
  }

  private wake(): Past {
    return new Past({
      pages: this.log.pages,
      spec,
      limits: this.limits,
      wall: () => this.now + this.setBy,
      monotonic: () => this.now,
      onDamage: (error) => this.damage.push(error),
    });
  }
}

export const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
