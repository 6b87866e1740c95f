import { describe, expect, it } from 'vitest';
import { type Field, MAX_FIELD_NAME, orderOf, parseFields, readingsToX } from '../../src/fields/field.js';
import { inputLabels } from '../../src/fields/input-labels.js';
import { outputLabels } from '../../src/fields/output-labels.js';
import { parseSchema } from '../../src/fields/sequence-schema.js';
import { codeOf } from '../support/sequences.js';

const PUMP: Field[] = [{ name: 'pressure', unit: 'hPa' }, { name: 'flow' }];
const SPEC = { units: 3 };

describe('fields', () => {
  it.each<[string, (string | Field)[]]>([
    ['empty', ['pressure', '']],
    ['blank', ['pressure', ' \t']],
    ['there twice', ['flow', { name: 'flow', unit: 'l/s' }]],
    ['too long', ['x'.repeat(MAX_FIELD_NAME + 1)]],
  ])('[FLD2] are refused where a name is %s', (_why, fields) => {
    expect(codeOf(() => parseFields(fields, 'fields'))).toBe('fields-invalid');
  });

  it('[FLD2] take any name of 1 to 128 characters', () => {
    const names = ['x', 'x'.repeat(MAX_FIELD_NAME), 'a,b', 'Überdruck', '__proto__', 'constructor', '0'];
    expect(parseFields(names, 'fields').map(({ name }) => name)).toEqual(names);
    const x = readingsToX(
      Object.fromEntries([
        ['__proto__', 2],
        ['0', 1],
      ]),
      parseFields(names, 'fields'),
    );
    expect([...x]).toEqual([NaN, NaN, NaN, NaN, 2, NaN, 1]);
  });

  it('[FLD2] are as many as the spec has features, and targets as many as it has outputs', () => {
    const task = { kind: 'supervised', outputs: 2 };
    expect(codeOf(() => parseSchema({ spec: { ...SPEC, features: 3 }, fields: PUMP }))).toBe(
      'fields-invalid',
    );
    expect(codeOf(() => parseSchema({ spec: { ...SPEC, task }, fields: PUMP, targets: ['a'] }))).toBe(
      'fields-invalid',
    );
    expect(codeOf(() => parseSchema({ spec: SPEC, fields: PUMP, targets: ['a'] }))).toBe('fields-invalid');
    expect(codeOf(() => parseSchema({ spec: SPEC, fields: [] }))).toBe('spec-invalid');
  });

  it('[FLD1] give the spec its features and outputs, and are x0, x1 and y0, y1 without names', () => {
    const named = parseSchema({
      spec: { ...SPEC, task: { kind: 'supervised' }, readout: { kind: 'softmax' } },
      fields: PUMP,
      targets: ['ok', { name: 'leak' }, 'dry'],
    });
    expect(named.spec).toMatchObject({ features: 2, task: { outputs: 3 } });
    expect(named.schema).toEqual({
      fields: PUMP,
      targets: [{ name: 'ok' }, { name: 'leak' }, { name: 'dry' }],
      resample: null,
    });
    expect(outputLabels(named.spec, PUMP, named.schema.targets).map(({ name }) => name)).toEqual([
      'ok',
      'leak',
      'dry',
    ]);
    const plain = parseSchema({ spec: { ...SPEC, features: 2, task: { kind: 'supervised', outputs: 1 } } });
    expect(plain.schema).toMatchObject({
      fields: [{ name: 'x0' }, { name: 'x1' }],
      targets: [{ name: 'y0' }],
    });
  });

  it('[FLD4] are named by the targets of a task, and name what goes in and out', () => {
    const task = { kind: 'forecast', targets: ['flow'], horizon: [1, 3] };
    const { spec } = parseSchema({
      spec: { ...SPEC, task, inputs: { changes: [1], lags: [] } },
      fields: PUMP,
    });
    expect(spec.task).toMatchObject({ targets: [1] });
    expect(outputLabels(spec, PUMP)).toEqual([
      { name: 'flow', horizon: 1 },
      { name: 'flow', horizon: 3 },
    ]);
    expect(inputLabels(spec, PUMP)).toEqual(['pressure', 'flow', 'flow - flow 1 before']);
    expect(() =>
      parseSchema({ spec: { ...SPEC, task: { ...task, targets: ['speed'] } }, fields: PUMP }),
    ).toThrow(/no field "speed"; the fields are pressure \(hPa\), flow/);
  });

  it('[FLD3] tell where each is among others of any order', () => {
    expect(orderOf(PUMP, PUMP, 's')).toBe(null);
    expect(orderOf(PUMP, [{ name: 'flow' }, { name: 'pressure' }], 's')).toEqual(Int32Array.of(1, 0));
  });

  it.each<[string, Field[]]>([
    ['fewer', [{ name: 'flow' }]],
    ['more', [...PUMP, { name: 'speed' }]],
    ['others', [{ name: 'flow' }, { name: 'Pressure' }]],
    ['those of another unit', [{ name: 'flow' }, { name: 'pressure', unit: 'bar' }]],
  ])('[FLD3] are refused where %s are given, with both lists', (_what, given) => {
    expect(codeOf(() => orderOf(PUMP, given, 's'))).toBe('fields-conflict');
    expect(() => orderOf(PUMP, given, 's')).toThrow(
      `sequence s has the fields pressure (hPa), flow; these were given: ${given.map(({ name, unit }) => (unit ? `${name} (${unit})` : name)).join(', ')}`,
    );
  });

  it('[APP2] give x of readings by name: true and false are 1 and 0, null and what is absent is a gap', () => {
    const fields = parseFields(['a', 'b', 'c', 'd'], 'fields');
    expect([...readingsToX({ d: false, a: 123465789.12, b: null }, fields)]).toEqual([
      123465789.12,
      NaN,
      NaN,
      0,
    ]);
    expect(() => readingsToX({ a: 1, e: 2, f: null }, fields)).toThrow(
      'there is no field "e", "f"; the fields are a, b, c, d',
    );
    expect(codeOf(() => readingsToX({ toString: 2 }, fields))).toBe('field-unknown');
  });
});
