/** A subscriber of events that leaves and comes back hears of each once, also of those right after the last step. */
import fc from 'fast-check';
import type { Subscription } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { SequenceEvent } from '../../../src/protocol/views/index.js';
import { LocalHandle } from '../../../src/sequence/local-handle.js';
import { ask } from '../../support/ask.js';
import { Restartable } from '../../support/durable.js';
import { SEED } from '../../support/seed.js';

const SPEC = { features: 1, units: 2, seed: 3 };
const LIVE = { every: 0, delivery: 'every' } as const;
const ignore = () => undefined;

/** Who listens to events, remembers the last one, and says so when it comes back. */
class Listener {
  readonly told: string[] = [];
  readonly recovered: boolean[] = [];
  private place: { epoch: string; seq: number; event?: number } | null = null;
  private heard: Subscription | null = null;

  constructor(private readonly server: Restartable) {}

  join(): void {
    if (this.heard) return;
    const { server, place } = this;
    const { sequence } = server;
    const handle = new LocalHandle(sequence, null, {}, ignore);
    const { results$, recovered } = place
      ? handle.rejoin('events', LIVE, place)
      : { results$: handle.watch('events', LIVE), recovered: false };
    this.recovered.push(recovered);
    const { epoch, seq, event } = handle;
    if (!recovered) this.place = { epoch, seq, ...(event !== null && { event }) };
    this.heard = results$.subscribe((message) => {
      if (message.type === 'events') for (const event of message.events) this.take(event);
    });
  }

  leave(): void {
    this.heard?.unsubscribe();
    this.heard = null;
  }

  private take({ event, seq, epoch, number, detail }: SequenceEvent): void {
    // those without a number are of the life of the sequence in the server
    if (number === undefined) return;
    this.told.push(`${number} ${event} ${seq} ${JSON.stringify(detail)}`);
    this.place = { epoch, seq, event: number };
  }
}

const acts = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom('join', 'leave') },
    { weight: 3, arbitrary: fc.constantFrom('push', 'push wild', 'pause', 'learn', 'rate') },
    { weight: 2, arbitrary: fc.constantFrom('sleep', 'keep', 'restart') },
  ),
  { maxLength: 60 },
);

describe('a subscriber that comes back', () => {
  it('[RES4] hears of each event once, however leaving, settings, steps, sleeps and restarts interleave', async () => {
    await fc.assert(
      fc.asyncProperty(acts, async (all) => {
        const server = new Restartable();
        server.registry.open('a', 'create', { spec: SPEC });
        const [listener, always] = [new Listener(server), new Listener(server)];
        listener.join();
        always.join();
        for (const act of all) {
          const { sequence } = server;
          const push = (x: number) =>
            ask(sequence).push(sequence.seq + 1, Float64Array.of(x), undefined, ignore);
          if (act === 'join') listener.join();
          if (act === 'leave') listener.leave();
          if (act === 'push') for (let i = 0; i < 40; i++) push(Math.sin(sequence.seq));
          if (act === 'push wild') push(1e6);
          if (act === 'pause' || act === 'learn') ask(sequence).configure({ learning: act === 'learn' });
          if (act === 'rate') ask(sequence).configure({ learningRate: 0.001 });
          if (act === 'keep') sequence.keep();
          if (act === 'sleep') sequence.sleep('idle');
          if (act === 'restart') {
            listener.leave();
            always.leave();
            await server.restart();
            always.join();
          }
          server.goOn();
        }
        listener.join();
        await server.settle();
        for (let i = 0; i < 4; i++) server.goOn();
        expect(listener.told).toEqual(always.told);
        const numbers = listener.told.map((line) => Number.parseInt(line, 10));
        expect(numbers).toEqual(numbers.map((_, i) => i));
        expect(listener.recovered.slice(1)).not.toContain(false);
      }),
      { seed: SEED, numRuns: 60 },
    );
  });

  it('[RES4] hears of the events at its step again, where it does not name the last one, as before', () => {
    const server = new Restartable();
    const { sequence } = server.registry.open('a', 'create', { spec: SPEC });
    ask(sequence).push(0, Float64Array.of(1), undefined, ignore);
    ask(sequence).configure({ learningRate: 0.001 });
    const told = (after: { event?: number }) => {
      const all: string[] = [];
      const { epoch, seq } = sequence;
      const { results$ } = sequence.rejoin('events', LIVE, { epoch, seq, ...after });
      const heard = results$.subscribe((message) => {
        if (message.type === 'events') all.push(...message.events.map(({ event }) => event));
      });
      for (let i = 0; i < 4; i++) server.goOn();
      heard.unsubscribe();
      return all;
    };
    expect(told({})).toEqual(['configured']);
    expect(told({ event: -1 })).toEqual(['configured']);
    expect(told({ event: 0 })).toEqual([]);
  });

  it('[RES4] is not recovered where it has seen events that the history does not have', () => {
    const server = new Restartable();
    const { sequence } = server.registry.open('a', 'create', { spec: SPEC });
    ask(sequence).push(0, Float64Array.of(1), undefined, ignore);
    const { epoch, seq } = sequence;
    expect(sequence.rejoin('events', LIVE, { epoch, seq, event: 0 }).recovered).toBe(false);
    expect(sequence.rejoin('events', LIVE, { epoch, seq, event: -1 }).recovered).toBe(true);
  });
});
