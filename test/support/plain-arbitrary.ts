/** Any plain data: every scalar of JSON, the numbers that JSON lacks, and every kind of array, with bytes of any kind. */
import fc from 'fast-check';
import type { TensorData } from '../../src/formats/safetensors.js';
import type { Plain } from '../../src/formats/typed-json.js';

const ARRAYS = [
  Float32Array,
  Float64Array,
  Int8Array,
  Uint8Array,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  BigInt64Array,
  BigUint64Array,
];

/** An array over any bytes: signalling NaNs too, and at any offset of its buffer. */
export const anyArray: fc.Arbitrary<TensorData> = fc
  .tuple(fc.constantFrom(...ARRAYS), fc.uint8Array({ maxLength: 40 }), fc.nat(2))
  .map(([Kind, bytes, skip]) => {
    const length = Math.floor(bytes.length / Kind.BYTES_PER_ELEMENT);
    const buffer = new ArrayBuffer(64);
    const offset = skip * Kind.BYTES_PER_ELEMENT;
    new Uint8Array(buffer).set(bytes.subarray(0, length * Kind.BYTES_PER_ELEMENT), offset);
    return new Kind(buffer, offset, length);
  });

const bits64 = fc
  .uint8Array({ maxLength: 48 })
  .map((bytes) => new Float64Array(bytes.slice(0, bytes.length - (bytes.length % 8)).buffer));
const bits32 = fc
  .uint8Array({ maxLength: 48 })
  .map((bytes) =>
    Float64Array.from(new Float32Array(bytes.slice(0, bytes.length - (bytes.length % 4)).buffer)),
  );

/** Float64 numbers of any bits, and those that float32 holds as well. */
export const anyReals: fc.Arbitrary<Float64Array<ArrayBuffer>> = fc.oneof(bits64, bits32);

const key = fc.oneof(
  fc.string({ maxLength: 4 }),
  fc.constantFrom('$', 'tensor', 'object', '__metadata__', 'a.b', 'constructor', 'toString', '0'),
);

const { tree } = fc.letrec<{ tree: Record<string, unknown>; node: unknown }>((tie) => ({
  tree: fc
    .dictionary(
      key.filter((name) => name !== '__proto__'),
      tie('node'),
      { maxKeys: 4 },
    )
    .map((entries) => ({ ...entries })),
  node: fc.oneof(
    { maxDepth: 5 },
    anyArray,
    fc.double(),
    fc.constantFrom(-0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2 ** 53, 5e-324),
    fc.string(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('node'), { maxLength: 4 }),
    tie('tree'),
  ),
}));

export const anyPlain: fc.Arbitrary<Plain> = tree;

/** Gives data in a form in which equal means equal to the bit. */
export function bitsOf(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) {
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    return [value.constructor.name, ...bytes];
  }
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : `${value}`;
  if (Array.isArray(value)) return value.map(bitsOf);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return new Map(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, item]) => [name, bitsOf(item)]),
  );
}
