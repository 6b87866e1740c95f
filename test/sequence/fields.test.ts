import { describe, expect, it } from 'vitest';
import type { SequenceHandle } from '../../src/sequence/handle.js';
import { Restartable } from '../support/durable.js';
import { listed, openHandle, watched } from '../support/handles.js';
import { codeOf, createRegistry } from '../support/sequences.js';

const SPEC = { units: 3, task: { kind: 'forecast', targets: ['pressure'] }, seed: 4 };
const FIELDS = [{ name: 'pressure', unit: 'hPa', description: 'behind the pump' }, { name: 'flow' }];

const push = (handle: SequenceHandle, first: number, ...x: number[]) =>
  handle.push({ first, x: Float64Array.from(x), targets: null, t: null, count: x.length / 2 });

describe('the fields of a sequence', () => {
  it('[FLD3] go by name: x is in the order that each producer gave, and results in that of the sequence', () => {
    const { registry } = createRegistry();
    const one = openHandle(registry, { spec: SPEC, fields: FIELDS });
    const other = openHandle(registry, { fields: ['flow', 'pressure'] });
    const inputs = watched(registry.get('a'), 'inputs');
    push(one, 0, 1000, 1);
    push(other, 1, 2, 1001, 3, 1002);
    other.append({ x: Float64Array.of(4, 1003) }).subscribe();
    other.append({ values: { flow: 5, pressure: 1004 } }).subscribe();
    expect(inputs.flatMap(({ x }) => [...x])).toEqual([1000, 1, 1001, 2, 1002, 3, 1003, 4, 1004, 5]);
    // what came in one order is the same in the other
    const acks: number[] = [];
    one.acks$.subscribe((seq) => acks.push(seq));
    push(one, 1, 1001, 2);
    expect(acks).toEqual([4]);
  });

  it('[FLD3] may be those of a spec in another order, whose targets are named or numbered', () => {
    const { registry } = createRegistry();
    openHandle(registry, { spec: SPEC, fields: FIELDS });
    const fields = ['flow', 'pressure'];
    const numbered = { ...SPEC, task: { kind: 'forecast', targets: [1] } };
    expect(codeOf(() => openHandle(registry, { spec: SPEC, fields }))).toBe('none');
    expect(codeOf(() => openHandle(registry, { spec: numbered, fields }))).toBe('none');
    expect(codeOf(() => openHandle(registry, { spec: numbered, fields: FIELDS }))).toBe('spec-conflict');
    expect(codeOf(() => openHandle(registry, { fields: ['flow'] }))).toBe('fields-conflict');
    expect(codeOf(() => openHandle(registry, { fields: ['flow', 'pressure', 'flow'] }))).toBe(
      'fields-invalid',
    );
    expect(codeOf(() => openHandle(registry))).toBe('none');
  });

  it('[FLD3] [FLD1] of a target, or classes, need the same order', () => {
    const { registry } = createRegistry();
    const spec = { units: 3, task: { kind: 'supervised', delay: 0 }, readout: { kind: 'softmax' } };
    const targets = ['ok', 'leak'];
    openHandle(registry, { spec, fields: FIELDS, targets });
    expect(codeOf(() => openHandle(registry, { spec, fields: FIELDS, targets }))).toBe('none');
    expect(codeOf(() => openHandle(registry, { targets: ['leak', 'ok'] }))).toBe('fields-conflict');
    expect(codeOf(() => openHandle(registry, { targets: ['ok'] }))).toBe('fields-conflict');
  });

  it('[FLD4] are what metrics and weights speak of', () => {
    const { registry } = createRegistry();
    const task = { kind: 'forecast', horizon: [1, 2] };
    const handle = openHandle(registry, {
      spec: { units: 3, task, inputs: { changes: [1] } },
      fields: FIELDS,
    });
    const metrics = watched(registry.get('a'), 'metrics');
    const [weights] = watched(registry.get('a'), 'weights');
    push(handle, 0, 1, 2, 3, 4);
    expect(metrics[0]?.outputs.map(({ name, unit, horizon }) => [name, unit, horizon])).toEqual([
      ['pressure', 'hPa', 1],
      ['flow', undefined, 1],
      ['pressure', 'hPa', 2],
      ['flow', undefined, 2],
    ]);
    expect(weights?.names).toEqual([
      'pressure',
      'flow',
      'pressure - pressure 1 before',
      'flow - flow 1 before',
    ]);
  });

  it('[FLD5] come back after sleep and restart, and are listed', async () => {
    const server = new Restartable();
    push(openHandle(server.registry, { spec: SPEC, fields: FIELDS }), 0, 1, 2);
    server.sequence.sleep('idle');
    expect(openHandle(server.registry).schema.fields).toEqual(FIELDS);
    push(openHandle(server.registry), 1, 3, 4);
    await server.restart();
    expect((await listed(server.registry))?.schema?.fields).toEqual(FIELDS);
    expect(openHandle(server.registry).schema.fields).toEqual(FIELDS);
    expect(codeOf(() => openHandle(server.registry, { fields: ['flow'] }))).toBe('fields-conflict');
  });

  it('[FLD5] go with an export', async () => {
    const { registry } = createRegistry();
    push(openHandle(registry, { spec: SPEC, fields: FIELDS }), 0, 1, 2);
    await registry.importAs('copy', registry.exportOf('a'));
    expect(openHandle(registry, { fields: ['flow', 'pressure'] }, 'copy').schema.fields).toEqual(FIELDS);
  });
});
