/** Sequences that other tests look at. */
import type { Client } from '../../client/sdk/index.js';
import type { ModelSpecInput } from '../../src/rnn/spec/spec.js';

/** x of a step: different at each, and exact in float32. */
export const waveAt = (step: number, features = 1): number[] =>
  Array.from({ length: features }, (_, i) => Math.fround(Math.sin(step / (5 + i)) + i));

/** A producer that keeps pushing blocks of steps until it is stopped. */
export class Stream {
  readonly handle: ReturnType<Client['open']>;
  private timer: ReturnType<typeof setInterval> | null = null;
  private next = 0;

  constructor(
    client: Client,
    sequence: string,
    private readonly spec: ModelSpecInput,
  ) {
    this.handle = client.open(sequence, { spec });
  }

  get pushed(): number {
    return this.next;
  }

  push(count: number): void {
    const room = Math.min(count, this.handle.room);
    for (let i = 0; i < room; i++) this.handle.push(waveAt(this.next++, this.spec.features));
  }

  start(perSecond: number): void {
    this.timer = setInterval(() => this.push(perSecond / 20), 50);
  }

  async stop(): Promise<void> {
    if (this.timer) clearInterval(this.timer);
    this.timer = null;
    await this.handle.drained();
  }
}
