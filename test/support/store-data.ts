/** Records, checkpoints and listeners for the tests of stores. */
import { expect } from 'vitest';
import type { Checkpoint, LogRecord, SequenceStore, StoreListener } from '../../src/store/store.js';

export const created = (epoch = 'e1'): LogRecord => ({
  kind: 'created',
  epoch,
  spec: { features: 2, names: ['a', 'b'] },
});

/** One step with the numbers `first` and `first + 0.5`. */
export const step = (first: number): LogRecord => ({
  kind: 'steps',
  first,
  x: new Float32Array([first, first + 0.5]),
  targets: null,
});

export const checkpointAt = (position: number, size = 3): Checkpoint => ({
  position,
  savedAt: 1000 + position,
  state: { weights: new Float32Array(size).fill(position), seen: position },
});

export const steps = (from: number, to: number): LogRecord[] =>
  Array.from({ length: to - from }, (_, i) => step(from + i));

/** Hears what becomes durable. */
export class Ear implements StoreListener {
  readonly ends: number[] = [];
  readonly checkpoints: number[] = [];
  onDurable(end: number): void {
    this.ends.push(end);
  }
  onCheckpoint({ position }: { position: number }): void {
    this.checkpoints.push(position);
  }
}

/** Gives the records from a position on, and expects that their positions are consecutive. */
export function recordsOf(sequence: SequenceStore, from = 0): LogRecord[] {
  const all = [...sequence.records(from)];
  expect(all.map(({ position }) => position)).toEqual(all.map((_, i) => from + i));
  return all.map(({ record }) => record);
}

/** Lets all promises that can settle do so. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
