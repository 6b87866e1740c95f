import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Plain } from '../../src/formats/typed-json.js';
import {
  flattenPlain,
  MAX_DEPTH,
  plainFromBytes,
  plainToBytes,
  unflattenPlain,
} from '../../src/formats/typed-json.js';
import { anyPlain, bitsOf } from '../support/plain-arbitrary.js';

const read = (text: string) => unflattenPlain({ text, tensors: new Map() });

/** Nests an object so deep. */
const nested = (depth: number): Plain => {
  let tree: Plain = {};
  for (let i = 0; i < depth; i++) tree = { a: tree };
  return tree;
};

describe('plain data', () => {
  it('comes back to the bit', () => {
    fc.assert(
      fc.property(anyPlain, (plain) => {
        expect(bitsOf(plainFromBytes(plainToBytes(plain)))).toEqual(bitsOf(plain));
      }),
      { numRuns: 1000 },
    );
  });

  it('names its tensors by their paths', () => {
    const data = new Float32Array([1]);
    const { text, tensors } = flattenPlain({
      window: { rows: [data, 2, data] },
      'window.rows.0': data,
      n: -0,
    });
    expect([...tensors.keys()]).toEqual(['window.rows.0', 'window.rows.2', 'window.rows.0_']);
    expect(JSON.parse(text)).toEqual({
      window: { rows: [{ $: { tensor: 'window.rows.0' } }, 2, { $: { tensor: 'window.rows.2' } }] },
      'window.rows.0': { $: { tensor: 'window.rows.0_' } },
      n: { $: '-0' },
    });
  });

  it('leaves out fields that are undefined', () => {
    expect(plainFromBytes(plainToBytes({ a: undefined, b: 1 }))).toEqual({ b: 1 });
  });

  it.each<[string, Plain, RegExp]>([
    ['a function', { a: { b: () => 1 } }, /a\.b has the type function/],
    ['a big integer', { a: [1n] }, /a\.0 has the type bigint/],
    ['undefined in a list', { a: [undefined] }, /a\.0 has the type undefined/],
    ['a hole in a list', { a: new Array(2) }, /a\.0 has the type undefined/],
    ['a date', { a: new Date(0) }, /a is not a plain object/],
    ['a map', { a: new Map() }, /a is not a plain object/],
    ['__proto__', JSON.parse('{"a":{"__proto__":1}}'), /a\.__proto__ is a forbidden key/],
    ['a tree that is too deep', nested(MAX_DEPTH + 1), /nested more than 64 deep/],
  ])('refuses to write %s', (_what, plain, why) => {
    expect(() => plainToBytes(plain)).toThrow(expect.objectContaining({ code: 'snapshot-invalid' }));
    expect(() => plainToBytes(plain)).toThrow(why);
  });

  it.each<[string, string, RegExp]>([
    ['no JSON', '{', /not JSON/],
    ['a list', '[]', /the root is not an object/],
    ['a number', '{"$":"NaN"}', /the root is not an object/],
    ['__proto__', '{"a":{"__proto__":{"x":1}}}', /a\.__proto__ is a forbidden key/],
    [
      '__proto__ under a tag',
      '{"a":{"$":{"object":{"$":1,"__proto__":2}}}}',
      /a\.__proto__ is a forbidden key/,
    ],
    ['a tree that is too deep', `{"a":${'['.repeat(1e5)}${']'.repeat(1e5)}}`, /nested more than 64 deep/],
    ['an unknown number', '{"a":{"$":"1"}}', /a has a key \$ without a known meaning/],
    ['a tag beside a field', '{"a":{"$":"NaN","b":1}}', /a has a key \$ without a known meaning/],
    [
      'a tag beside a tag',
      '{"a":{"$":{"tensor":"x","object":{}}}}',
      /a has a key \$ without a known meaning/,
    ],
    ['a tag of a list', '{"a":{"$":{"object":[]}}}', /a has a key \$ without a known meaning/],
    [
      'more than 250,000 values',
      `{"a":[${'[],'.repeat(250_000)}[]]}`,
      /the root has more than 250000 values, which is the limit/,
    ],
    [
      'a tensor that is not there',
      '{"a":{"$":{"tensor":"x"}}}',
      /a refers to the tensor x, which is missing/,
    ],
  ])('refuses to read %s', (_what, text, why) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ code: 'snapshot-invalid' }));
    expect(() => read(text)).toThrow(why);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  it('gives plain data or a coded error for any JSON', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        try {
          expect(typeof read(text)).toBe('object');
        } catch (error) {
          expect(error).toMatchObject({ code: 'snapshot-invalid' });
        }
      }),
    );
  });
});
