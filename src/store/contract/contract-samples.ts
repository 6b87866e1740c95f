/** Records, checkpoints and a listener to test a store with. */
import { deepStrictEqual } from 'node:assert/strict';
import type { Checkpoint, LogRecord, SequenceStore, StoreListener } from '../store.js';

export const created = (epoch = 'e1'): LogRecord => ({
  kind: 'created',
  epoch,
  spec: { features: 2, names: ['a', 'b'] },
});

/** One step with the numbers `first` and `first + 0.5`. */
export const step = (first: number): LogRecord => ({
  kind: 'steps',
  first,
  t: Float64Array.of(1000 * first),
  x: new Float64Array([first, first + 0.5]),
  targets: null,
});

export const steps = (from: number, to: number): LogRecord[] =>
  Array.from({ length: to - from }, (_, i) => step(from + i));

export const checkpointAt = (position: number, size = 3): Checkpoint => ({
  position,
  savedAt: 1000 + position,
  state: { weights: new Float32Array(size).fill(position), seen: position },
});

/** Listens for what becomes durable. */
export class Ear implements StoreListener {
  readonly ends: number[] = [];
  readonly checkpoints: number[] = [];

  onDurable(end: number): void {
    this.ends.push(end);
  }

  onCheckpoint({ position }: { readonly position: number }): void {
    this.checkpoints.push(position);
  }
}

/** Gives the records from a position on. @throws AssertionError where their positions are not consecutive */
export function recordsOf(sequence: SequenceStore, from = 0): LogRecord[] {
  const all = [...sequence.records(from)];
  deepStrictEqual(
    all.map(({ position }) => position),
    all.map((_, i) => from + i),
  );
  return all.map(({ record }) => record);
}
