import { firstValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { ask } from '../support/ask.js';
import { Restartable } from '../support/durable.js';
import { directoryOf, listed, openHandle } from '../support/handles.js';
import { createRegistry } from '../support/sequences.js';

const SPEC = { features: 2, units: 3, seed: 4 };
const FIELDS = [{ name: 'pressure', unit: 'hPa' }, { name: 'flow' }];
const ignore = () => undefined;

describe('a listing', () => {
  it('[LST1] tells of a sequence that sleeps how it fell asleep, without waking it', async () => {
    const server = new Restartable();
    openHandle(server.registry, { spec: SPEC, fields: FIELDS });
    const { sequence } = server;
    for (let t = 0; t < 30; t++)
      ask(sequence).push(t, Float64Array.of(t, Math.cos(t)), undefined, ignore, 1, Float64Array.of(1000 * t));
    ask(sequence).push(30, Float64Array.of(30, Number.NaN), undefined, ignore, 1, Float64Array.of(30_000));
    ask(sequence).configure({ learning: false });
    const { model, epoch } = sequence;
    const { updates, anomaly, metrics } = model;
    const expected = {
      sequence: 'a',
      seq: 30,
      epoch,
      t: 30_000,
      x: [30, null],
      spec: { units: 3 },
      schema: { fields: FIELDS },
      learning: false,
      updates,
      anomaly,
      scored: metrics.scored,
      recentMae: metrics.recentMae,
      recentSkill: metrics.recentSkill,
    };
    expect(await listed(server.registry)).toMatchObject({ ...expected, awake: true });
    sequence.sleep('idle');
    expect(await listed(server.registry)).toMatchObject({ ...expected, awake: false });
    expect(sequence.isAwake).toBe(false);
    await server.restart();
    expect(await listed(server.registry)).toMatchObject({ ...expected, awake: false });
    expect(server.registry.inMemory('a')).toBe(null);
  });

  it.each([2, null])('[LST1] tells the last step after a kill, with a checkpoint at %s', async (keptAt) => {
    const server = new Restartable();
    openHandle(server.registry, { spec: SPEC, fields: FIELDS });
    for (let t = 0; t < 5; t++) {
      ask(server.sequence).push(t, Float64Array.of(t, t), undefined, ignore, 1, Float64Array.of(1000 * t));
      if (t === keptAt) server.sequence.keep();
    }
    await server.settle();
    server.kill();
    expect(await listed(server.registry)).toMatchObject({
      awake: false,
      seq: 4,
      t: 4000,
      x: [4, 4],
      spec: { units: 3 },
      schema: { fields: FIELDS },
    });
    expect(server.registry.inMemory('a')).toBe(null);
  });

  it('[LST2] ends after as many as are asked for, and tells whether others follow', async () => {
    const { registry } = createRegistry();
    for (const name of ['a', 'b', 'c']) openHandle(registry, { spec: SPEC }, name);
    const list = async (after: string, limit: number) => {
      const { sequences, ...rest } = await firstValueFrom(
        directoryOf(registry).list({ after, limit, covers: null }),
      );
      return { names: sequences.map(({ sequence }) => sequence).join(''), ...rest };
    };
    expect(await list('', 2)).toEqual({ names: 'ab', total: 3, more: true });
    expect(await list('b', 2)).toEqual({ names: 'c', total: 3, more: false });
    expect(await list('', 3)).toEqual({ names: 'abc', total: 3, more: false });
  });
});
