/** Sequences of version 0.1, whose log has neither names nor times. */
import { describe, expect, it } from 'vitest';
import { EddyError } from '../../src/errors.js';
import { parseSpec } from '../../src/rnn/spec/spec.js';
import type { Sequence } from '../../src/sequence/sequence.js';
import type { Store } from '../../src/store/store.js';
import { ask } from '../support/ask.js';
import { Restartable } from '../support/durable.js';
import { listed, openHandle, watched } from '../support/handles.js';
import { bitsOf, replayedBits } from '../support/replay.js';
import { codeOf, createRegistry } from '../support/sequences.js';
import { SlowStore } from '../support/slow-store.js';

const SPEC = { features: 2, units: 3, seed: 4 };
const FIELDS = [{ name: 'pressure', unit: 'hPa' }, { name: 'flow' }];
const stepOf = (t: number) => Float64Array.of(Math.fround(Math.sin(t)), t);
const ignore = () => undefined;

/** A server with a sequence of six steps that version 0.1 left behind. */
function upgraded<T extends { readonly store: Store }>(server: T): T {
  const { store } = server;
  const log = store.open('a', { onDurable: ignore, onCheckpoint: ignore });
  log.append({ kind: 'created', epoch: 'old', spec: { ...parseSpec(SPEC) } });
  for (let t = 0; t < 6; t++) log.append({ kind: 'steps', first: t, t: null, x: stepOf(t), targets: null });
  log.close();
  return server;
}

/** Steps of version 0.1 have no times; those that come after them are stamped by a clock that stands at 0. */
const plain = (count: number) =>
  replayedBits(SPEC, count, (seq) => ({ x: stepOf(seq), t: seq < 6 ? Number.NaN : 0 }), {
    draw: 'reflections',
  });
const bits = ({ model }: Sequence) => bitsOf(model);

describe('a sequence of version 0.1', () => {
  it('[FLD6] has numbers until it is opened with names, and from then on those names, with the same bits', async () => {
    const server = upgraded(new Restartable());
    const { registry } = server;
    const numbered = [{ name: 'x0' }, { name: 'x1' }];
    expect(openHandle(registry, { spec: SPEC }).schema.fields).toEqual(numbered);
    expect(openHandle(registry, { spec: SPEC, fields: FIELDS }).schema.fields).toEqual(FIELDS);
    expect(codeOf(() => openHandle(registry, { fields: ['a', 'b'] }))).toBe('fields-conflict');
    expect(codeOf(() => openHandle(registry, { fields: ['flow', 'pressure'] }))).toBe('none');
    const sequence = registry.get('a');
    ask(sequence).push(6, stepOf(6), undefined, ignore);
    expect(bits(sequence)).toBe(plain(7));
    await server.restart();
    expect((await listed(server.registry))?.schema?.fields).toEqual(FIELDS);
    expect([server.sequence.schema.fields, bits(server.sequence)]).toEqual([FIELDS, plain(7)]);
    server.sequence.sleep('idle');
    await server.restart();
    expect([server.sequence.schema.fields, bits(server.sequence)]).toEqual([FIELDS, plain(7)]);
  });

  it('[FLD6] takes names while it sleeps, and tells them in results of before and after', async () => {
    const { registry } = upgraded(new Restartable());
    const sequence = registry.get('a');
    const metrics = watched(sequence, 'metrics');
    ask(sequence).push(6, stepOf(6), undefined, ignore);
    sequence.sleep('idle');
    openHandle(registry, { fields: FIELDS });
    ask(sequence).push(7, stepOf(7), undefined, ignore);
    expect(metrics.map(({ outputs }) => outputs.map(({ name, unit }) => [name, unit]))).toEqual([
      [
        ['x0', undefined],
        ['x1', undefined],
      ],
      [
        ['pressure', 'hPa'],
        ['flow', undefined],
      ],
    ]);
    expect((await listed(registry))?.schema?.fields).toEqual(FIELDS);
  });

  it('[FLD6] takes no names that are none, too few of them, or another spec with them', () => {
    const { registry } = upgraded(new Restartable());
    const open = (asked: object) => codeOf(() => openHandle(registry, asked));
    expect(open({ fields: ['a', 'a'] })).toBe('fields-invalid');
    expect(open({ fields: ['a'] })).toBe('fields-invalid');
    expect(open({ fields: ['a', 'b'], spec: { ...SPEC, units: 9 } })).toBe('spec-conflict');
    expect(registry.get('a').schema.fields[0]?.name).toBe('x0');
  });

  it('[FLD6] [RSM15] is not resampled from then on', () => {
    const { registry } = upgraded(new Restartable());
    const asked = { spec: SPEC, fields: FIELDS, resample: { every: '10s' } };
    expect(codeOf(() => openHandle(registry, asked))).toBe('spec-conflict');
    expect(registry.get('a').schema).toMatchObject({
      fields: [{ name: 'x0' }, { name: 'x1' }],
      resample: null,
    });
  });

  it('[FLD6] keeps its numbers where the store cannot write their names', () => {
    const { store } = upgraded({ store: new SlowStore() });
    const { registry } = createRegistry({ store });
    store.failure = new EddyError('store-unavailable', 'the disk is full');
    expect(codeOf(() => openHandle(registry, { fields: FIELDS }))).toBe('store-unavailable');
    store.failure = null;
    expect(registry.get('a').schema.fields[0]?.name).toBe('x0');
    expect(codeOf(() => openHandle(registry, { fields: ['a', 'b'] }))).toBe('none');
  });

  it('[REC9] takes wild values as they come and all features whole, and is known by its spec with parts left out', async () => {
    const task = { kind: 'forecast' as const, targets: [0] };
    const asked = { features: 7, units: 3, season: 24, task, seed: 4 };
    /** As that version completed and stored it. */
    const stored = {
      ...asked,
      task: { ...task, horizon: [1], baseline: 'season' as const, gate: true },
      learner: { kind: 'tbptt' as const, k1: 4, k2: 16, reduction: 'mean' as const },
      optimizer: { kind: 'adam' as const, learningRate: 0.002 },
      inputs: { changes: [1, 2, 4, 8, 16, 24], lags: [], missing: 'refuse' as const },
    };
    const xOf = (t: number) =>
      Float64Array.from({ length: 7 }, (_, i) => Math.sin(t + i) * (t % 50 === 49 ? 1e6 : 1));
    const server = new Restartable();
    const log = server.store.open('a', { onDurable: ignore, onCheckpoint: ignore });
    log.append({ kind: 'created', epoch: 'old', spec: { ...stored } });
    for (let t = 0; t < 200; t++) log.append({ kind: 'steps', first: t, t: null, x: xOf(t), targets: null });
    log.close();
    openHandle(server.registry, { spec: asked });
    const conflict = () => openHandle(server.registry, { spec: { ...asked, inputs: { wild: 'hold' } } });
    expect(codeOf(conflict)).toBe('spec-conflict');
    const sent = (t: number) => ({ x: xOf(t), t: Number.NaN });
    const inputs = { ...stored.inputs, wild: 'take' as const, others: 'all' as const };
    const plain = replayedBits({ ...stored, inputs }, 200, sent, { draw: 'reflections' });
    expect(bits(server.sequence)).toBe(plain);
    server.sequence.sleep('idle');
    await server.restart();
    openHandle(server.registry, { spec: asked });
    expect(bits(server.sequence)).toBe(plain);
  });

  it('[TIM1] [STP15] gives its steps back without times, and compares those that come again', () => {
    const server = new Restartable();
    const { registry } = upgraded(server);
    const sequence = registry.get('a');
    const inputs: unknown[] = [];
    const { results$ } = sequence.rejoin(
      'inputs',
      { every: 0, delivery: 'every' },
      { epoch: 'old', seq: -1 },
    );
    results$.subscribe((message) => {
      if (message.type !== 'inputs') return;
      for (const [i, t] of message.t.entries())
        inputs.push([message.seq + i, [t], [...message.x.slice(2 * i, 2 * i + 2)]]);
    });
    server.goOn();
    expect(inputs).toEqual(Array.from({ length: 6 }, (_, t) => [t, [Number.NaN], [...stepOf(t)]]));
    const acks: number[] = [];
    sequence.sleep('idle');
    ask(sequence).push(5, stepOf(5), undefined, (seq) => acks.push(seq));
    expect(acks).toEqual([5]);
    expect(codeOf(() => ask(sequence).push(5, stepOf(9), undefined, ignore))).toBe('step-conflict');
  });
});
