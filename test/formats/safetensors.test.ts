import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EddyError } from '../../src/errors.js';
import { readSafetensors, type Tensor, writeSafetensors } from '../../src/formats/safetensors.js';
import { anyArray, bitsOf } from '../support/plain-arbitrary.js';

/** Makes a file of any header and data. */
function file(header: unknown, data: Uint8Array = new Uint8Array(0), told?: bigint): Uint8Array {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, told ?? BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

const tensor = (dtype: unknown, shape: unknown, offsets: unknown) => ({
  dtype,
  shape,
  data_offsets: offsets,
});

describe('safetensors', () => {
  it('[STO10] gives any tensors and strings back, to the bit', () => {
    const names = fc
      .string({ maxLength: 6 })
      .filter((name) => name !== '__metadata__' && name !== '__proto__');
    const tensors = fc.dictionary(names, anyArray);
    fc.assert(
      fc.property(tensors, fc.dictionary(names, fc.string()), (arrays, strings) => {
        const given = new Map<string, Tensor>();
        for (const [name, data] of Object.entries(arrays)) given.set(name, { shape: [1, data.length], data });
        const metadata = new Map(Object.entries(strings));
        const read = readSafetensors(writeSafetensors({ tensors: given, metadata }));
        expect(new Map([...read.metadata].sort())).toEqual(new Map([...metadata].sort()));
        expect([...read.tensors.keys()].sort()).toEqual([...given.keys()].sort());
        for (const [name, { shape, data }] of given) {
          expect(bitsOf(read.tensors.get(name)!.data)).toEqual(bitsOf(data));
          expect(read.tensors.get(name)!.shape).toEqual(shape);
        }
      }),
    );
  });

  it('[STO10] writes the bytes that the format tells', () => {
    const bytes = writeSafetensors({
      tensors: new Map<string, Tensor>([
        ['b', { shape: [2], data: new Uint8Array([7, 8]) }],
        ['a', { shape: [1, 2], data: new Float32Array([1, -2]) }],
      ]),
      metadata: new Map([['format', 'pt']]),
    });
    const header =
      '{"__metadata__":{"format":"pt"},' +
      '"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[2],"data_offsets":[8,10]}}';
    const padded = header.padEnd(Math.ceil(header.length / 8) * 8);
    expect(Buffer.from(bytes.subarray(8, 8 + padded.length)).toString()).toBe(padded);
    expect([...bytes.subarray(0, 8)]).toEqual([padded.length, 0, 0, 0, 0, 0, 0, 0]);
    expect([...bytes.subarray(8 + padded.length)]).toEqual([0, 0, 128, 63, 0, 0, 0, 192, 7, 8]);
  });

  it('[STO10] reads what Python wrote', () => {
    // safetensors.numpy.save of x = arange(6) as float32 [2,3], i = [1,2,3] as int8, d = 3.5; metadata k = v
    const python =
      'wAAAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJrIjoidiJ9LCJkIjp7ImR0eXBlIjoiRjY0Iiwic2hhcGUiOltdLCJkYXRhX29mZnNldHMi' +
      'OlswLDhdfSwieCI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbMiwzXSwiZGF0YV9vZmZzZXRzIjpbOCwzMl19LCJpIjp7ImR0eXBlIjoi' +
      'STgiLCJzaGFwZSI6WzNdLCJkYXRhX29mZnNldHMiOlszMiwzNV19fSAgICAAAAAAAAAMQAAAAAAAAIA/AAAAQAAAQEAAAIBAAACgQAECAw==';
    const { tensors, metadata } = readSafetensors(Buffer.from(python, 'base64'));
    expect(Object.fromEntries(tensors)).toEqual({
      d: { shape: [], data: new Float64Array([3.5]) },
      x: { shape: [2, 3], data: new Float32Array([0, 1, 2, 3, 4, 5]) },
      i: { shape: [3], data: new Int8Array([1, 2, 3]) },
    });
    expect([...metadata]).toEqual([['k', 'v']]);
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['is empty', new Uint8Array(0), /0 bytes/],
    ['has a header beyond its end', file('{}', undefined, 3n), /beyond its end/],
    ['has a header of 2^64 - 1 bytes', file('{}', undefined, 2n ** 64n - 1n), /extends beyond its end/],
    ['begins with a space', file(' {}'), /does not start with \{/],
    ['has no JSON', file('{"a"'), /not JSON/],
    ['has no UTF-8', file('{"":{}}').with(10, 0xff), /not JSON/],
    ['has a header that is nested a million deep', file(`{"a":${'['.repeat(1e6)}`), /not JSON/],
    [
      'has a header of more than 16 MiB',
      file(`{}${' '.repeat(2 ** 24)}`),
      /header has 16777218 bytes; the limit is 16777216/,
    ],
    [
      'has a header of more than 100,000 values',
      file({ a: Array(100_000).fill([]) }),
      /more than 100000 values, which is the limit/,
    ],
    [
      'has more than 10,000 tensors',
      file(Object.fromEntries(Array.from({ length: 10_001 }, (_, i) => [i, tensor('U8', [0], [0, 0])]))),
      /10001 tensors; the limit is 10000/,
    ],
    ['has a list for a tensor', file({ a: [] }), /tensor a is not an object/],
    ['has an unknown type', file({ a: tensor('F8', [1], [0, 1]) }), /type F8/],
    ['has a type of the prototype', file({ a: tensor('constructor', [1], [0, 1]) }), /type constructor/],
    ['has no shape', file({ a: tensor('U8', null, [0, 1]) }), /no shape/],
    ['has a negative side', file({ a: tensor('U8', [-1], [0, 1]) }), /no shape/],
    ['has half a side', file({ a: tensor('U8', [0.5], [0, 1]) }), /no shape/],
    ['has one offset', file({ a: tensor('U8', [1], [0]) }), /no data_offsets/],
    [
      'has offsets that do not fit',
      file({ a: tensor('U8', [2], [0, 1]) }, new Uint8Array(1)),
      /2 bytes by its shape/,
    ],
    ['has sides that overflow', file({ a: tensor('U8', [2 ** 52, 2 ** 52], [0, 0]) }), /by its shape/],
    ['has offsets backwards', file({ a: tensor('U8', [1], [1, 0]) }), /by its offsets/],
    [
      'has tensors that overlap',
      file({ a: tensor('U8', [2], [0, 2]), b: tensor('U8', [2], [1, 3]) }, new Uint8Array(3)),
      /b begins at 1, not at 2/,
    ],
    ['has a gap', file({ a: tensor('U8', [1], [1, 2]) }, new Uint8Array(2)), /a begins at 1, not at 0/],
    ['has data beyond its tensors', file({ a: tensor('U8', [1], [0, 1]) }, new Uint8Array(2)), /it has 2/],
    ['has tensors beyond its data', file({ a: tensor('U8', [9e15], [0, 9e15]) }), /it has 0/],
    ['has strings that are none', file({ __metadata__: { a: 1 } }), /a is not text/],
  ])('[STO11] refuses a file that %s', (_what, bytes, why) => {
    expect(() => readSafetensors(bytes)).toThrow(EddyError);
    expect(() => readSafetensors(bytes)).toThrow(why);
  });

  it('[STO11] gives tensors or a coded error for any bytes, and for any change of a good file', () => {
    const good = writeSafetensors({
      tensors: new Map([['a', { shape: [2], data: new Float32Array([1, 2]) }]]),
      metadata: new Map([['k', 'v']]),
    });
    const readOrRefuse = (bytes: Uint8Array) => {
      try {
        readSafetensors(bytes);
      } catch (error) {
        expect(error).toMatchObject({ code: 'snapshot-invalid' });
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), readOrRefuse));
    const changed = fc.tuple(fc.nat(good.length - 1), fc.nat(255)).map(([at, byte]) => good.with(at, byte));
    fc.assert(fc.property(changed, readOrRefuse), { numRuns: 1000 });
    for (let length = 0; length < good.length; length++)
      expect(() => readSafetensors(good.subarray(0, length))).toThrow(EddyError);
  });

  it('[STO11] takes nothing from a header into a prototype', () => {
    const bytes = file(
      '{"__metadata__":{"__proto__":"x"},"__proto__":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}',
    );
    const { tensors, metadata } = readSafetensors(bytes);
    expect([[...tensors.keys()], [...metadata.keys()]]).toEqual([['__proto__'], ['__proto__']]);
    expect(({} as Record<string, unknown>).dtype).toBeUndefined();
  });
});
