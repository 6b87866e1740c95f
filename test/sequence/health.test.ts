import { firstValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { LocalDirectory } from '../../src/sequence/local-directory.js';
import type { Sequence } from '../../src/sequence/sequence.js';
import { noisySine } from '../../src/signals/noisy-sine.js';
import { ask } from '../support/ask.js';
import { Restartable } from '../support/durable.js';
import { listed, openHandle, watched } from '../support/handles.js';
import { createRegistry } from '../support/sequences.js';
import { virtualClock } from '../support/virtual-clock.js';

const SPEC = { features: 1, units: 8 };
const ignore = () => undefined;
/** A rate at which every network loses its way. */
const WRONG = 50;
const SECOND = 1000;

const series = noisySine({ seed: 5, noise: 0.05 });
const VALUES = Float64Array.from({ length: 4000 }, () => series.next().value);

/** Pushes steps `from` to `to`, so many in a block, one a second by their own time. */
function push(sequence: Sequence, from: number, to: number, block = 64): void {
  for (let t = from; t < to; t += block) {
    const count = Math.min(block, to - t);
    const times = Float64Array.from({ length: count }, (_, i) => (t + i) * SECOND);
    ask(sequence).push(t, VALUES.slice(t, t + count), undefined, ignore, count, times);
  }
}

/** Does that in a store that flushes when it is let. */
async function pushDurably(server: Restartable, from: number, to: number): Promise<void> {
  for (let t = from; t < to; t += 192) {
    push(server.sequence, t, Math.min(to, t + 192));
    await server.settle();
  }
}

/** What was told of health and resets: the step, and what happened. */
const toldOf = (messages: readonly { events: readonly { event: string; seq: number; detail: object }[] }[]) =>
  messages
    .flatMap(({ events }) => events)
    .filter(({ event }) => event === 'health' || event === 'reset')
    .map(({ event, seq, detail }) => ({
      event,
      seq,
      ...(detail as { from?: string; to?: string; why?: string }),
    }));

function opened(spec: object = SPEC) {
  const { registry, scheduler } = createRegistry({ keeping: { idleMs: 60_000 } });
  openHandle(registry, { spec: { ...SPEC, ...spec } } as never);
  const sequence = registry.get('a');
  const run = (ms: number) => {
    scheduler.maxFrames = scheduler.frame + ms;
    scheduler.flush();
    // the clock stands where the last timer left it
    scheduler.frame = scheduler.maxFrames;
  };
  const directory = new LocalDirectory(registry, virtualClock(scheduler));
  const health = async () => {
    const query = { after: '', limit: 1, only: 'a', covers: null };
    return (await firstValueFrom(directory.list(query))).sequences[0]?.health;
  };
  return { registry, sequence, run, health, events: watched(sequence, 'events') };
}

describe('the health of a sequence', () => {
  it('[HEA7] is in the list and in its metrics, and of one that sleeps as it fell asleep', async () => {
    const server = new Restartable();
    openHandle(server.registry, { spec: SPEC });
    const metrics = watched(server.sequence, 'metrics');
    await pushDurably(server, 0, 1000);
    const { health } = server.sequence.model;
    expect(health.state).toBe('learning');
    expect(metrics.at(-1)?.health).toEqual(health);
    expect(await listed(server.registry)).toMatchObject({ awake: true, health });
    expect(await listed(server.registry)).not.toHaveProperty('arrivals');
    server.sequence.sleep('idle');
    expect(await listed(server.registry)).toMatchObject({ awake: false, health });
    await server.restart();
    expect(await listed(server.registry)).toMatchObject({ awake: false, health });
    expect(server.registry.inMemory('a')).toBe(null);
  });

  it('[HEA9] is told when it changes, at the same step whatever the blocks', () => {
    const told = [1, 7, 64].map((block) => {
      const { sequence, events } = opened();
      push(sequence, 0, 1500, block);
      ask(sequence).configure({ learning: false });
      ask(sequence).configure({ learning: true });
      ask(sequence).reset('weights');
      return toldOf(events);
    });
    expect(told[0]).toMatchObject([
      { from: 'warming-up', to: 'learning', why: expect.stringMatching(/ % better than /) },
      { seq: 1499, from: 'learning', to: 'paused' },
      { seq: 1499, from: 'paused', to: 'learning' },
      { event: 'reset', what: 'weights' },
      { seq: 1499, from: 'learning', to: 'warming-up' },
    ]);
    expect(told[1]).toEqual(told[0]);
    expect(told[2]).toEqual(told[0]);
  });

  it('[HEA9] is in the past, too', async () => {
    const server = new Restartable();
    openHandle(server.registry, { spec: SPEC });
    const events = watched(server.sequence, 'events');
    await pushDurably(server, 0, 1000);
    const past: typeof events = [];
    server.sequence
      .since('events', { every: 0, delivery: 'every' }, { last: 1000 })
      .results$.subscribe((message) => past.push(message as (typeof events)[number]));
    for (let i = 0; i < 5; i++) server.goOn();
    expect(toldOf(past)).toMatchObject([{ from: 'warming-up', to: 'learning' }]);
    expect(toldOf(past)).toEqual(toldOf(events));
  });

  it('[HEA10] a diverged model restarts by itself, in the same epoch, and after a kill with the same bits', async () => {
    const server = new Restartable();
    openHandle(server.registry, { spec: { ...SPEC, onDiverged: 'restart' } });
    const { sequence } = server;
    const { epoch } = sequence;
    const events = watched(sequence, 'events');
    await pushDurably(server, 0, 1000);
    ask(sequence).configure({ learningRate: WRONG });
    await pushDurably(server, 1000, 1300);
    ask(sequence).configure({ learningRate: 0.003 });
    await pushDurably(server, 1300, 2500);
    const told = toldOf(events);
    const at = told.findIndex(({ event }) => event === 'reset');
    expect(told.slice(at - 1, at + 2)).toMatchObject([
      { from: 'learning', to: 'diverged' },
      { what: 'weights', reason: 'diverged', why: expect.stringContaining('times that of repeating') },
      { from: 'diverged', to: 'warming-up' },
    ]);
    expect(told[at]!.seq).toBe(told[at - 1]!.seq + 1);
    expect(sequence.epoch).toBe(epoch);
    expect(sequence.model.health.state).toBe('learning');
    const { W } = sequence.model.weights;
    await server.settle();
    server.kill();
    expect(server.sequence.model.weights.W).toEqual(W);
    expect(server.sequence.epoch).toBe(epoch);
  });
});

describe('a silent sequence', () => {
  it('[HEA8] is told after 10 of its usual intervals, and by its next step that it is none', async () => {
    const { sequence, run, health, events } = opened();
    push(sequence, 0, 200);
    const before = await health();
    run(9 * SECOND);
    expect((await health())?.state).toBe(before?.state);
    run(2 * SECOND);
    expect(await health()).toEqual({
      state: 'silent',
      why: 'No step has come for 11 seconds; they used to come every 1.0 seconds.',
    });
    expect(toldOf(events).at(-1)).toMatchObject({
      from: before?.state,
      to: 'silent',
      why: 'No step has come for 10 seconds; they used to come every 1.0 seconds.',
    });
    run(100 * SECOND);
    expect(sequence.isAwake).toBe(false);
    expect((await health())?.why).toContain('No step has come for 111 seconds');
    expect(sequence.isAwake).toBe(false);
    push(sequence, 200, 201);
    expect(toldOf(events).at(-1)).toMatchObject({ seq: 200, from: 'silent', to: before?.state });
    expect((await health())?.state).toBe(before?.state);
  });

  it('[HEA8] is not told while steps come, nor where nothing is usual yet', async () => {
    const { sequence, run, health, events } = opened();
    push(sequence, 0, 5);
    run(1000 * SECOND);
    expect((await health())?.state).toBe('warming-up');
    for (let t = 5; t < 90; t++) {
      push(sequence, t, t + 1);
      run(SECOND);
    }
    expect(toldOf(events)).toEqual([]);
  });

  it('[HEA8] is told of one that left memory', async () => {
    const { registry, run, health } = opened();
    openHandle(registry, { spec: SPEC }, 'b');
    const sequence = registry.get('a');
    push(sequence, 0, 200);
    sequence.sleep('idle');
    run(30 * SECOND);
    expect((await health())?.state).toBe('silent');
  });

  it('[HEA11] the sequences in memory are counted by their health', () => {
    const { registry, sequence, run } = opened();
    openHandle(registry, { spec: SPEC }, 'b');
    push(sequence, 0, 200);
    run(11 * SECOND);
    expect(registry.healthCounts()).toEqual({
      'warming-up': 1,
      learning: 0,
      'no-better-than-baseline': 0,
      diverged: 0,
      silent: 1,
      paused: 0,
    });
  });
});
