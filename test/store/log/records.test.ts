import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCheckpoint, writeCheckpoint } from '../../../src/store/log/checkpoint-codec.js';
import { readChunk } from '../../../src/store/log/read-records.js';
import { ChunkWriter } from '../../../src/store/log/records.js';
import type { LogRecord } from '../../../src/store/store.js';
import { anyPlain, anyReals, bitsOf } from '../../support/plain-arbitrary.js';
import { checkpointAt, created, step } from '../../support/store-data.js';

const number = fc.maxSafeNat();
const anyRecord: fc.Arbitrary<LogRecord> = fc.oneof(
  fc.record({ kind: fc.constant('created' as const), epoch: fc.string(), spec: anyPlain }),
  fc.record({
    kind: fc.constant('steps' as const),
    first: number,
    t: fc.option(
      anyReals.filter(({ length }) => length > 0),
      { nil: null },
    ),
    x: anyReals,
    targets: fc.option(anyReals, { nil: null }),
  }),
  fc.record({
    kind: fc.constant('steps' as const),
    first: number,
    t: fc.constant(null),
    x: anyReals,
    targets: fc.constant(null),
    keys: fc.array(fc.tuple(fc.string(), fc.nat(2 ** 32 - 1), fc.nat(255)), { minLength: 1, maxLength: 5 }),
  }),
  fc.record({ kind: fc.constant('named' as const), schema: anyPlain }),
  fc.record({ kind: fc.constant('targets' as const), first: number, targets: anyReals }),
  fc.record({
    kind: fc.constant('configured' as const),
    learning: fc.boolean(),
    learningRate: fc.double(),
  }),
  fc.record({
    kind: fc.constant('reset' as const),
    what: fc.constantFrom('state' as const, 'weights' as const),
    epoch: fc.string(),
  }),
);

const chunkOf = (records: readonly LogRecord[], first: number): Uint8Array => {
  const writer = new ChunkWriter();
  for (const record of records) writer.append(record);
  return writer.seal(first);
};

/** One chunk of each kind of record, and one of all. */
const floats = new Float64Array([1, 2]);
const digits = new Float64Array([123465789.12, Number.NaN]);
const KINDS: LogRecord[] = [
  created(),
  step(3),
  { kind: 'steps', first: 4, t: null, x: floats, targets: floats },
  { kind: 'steps', first: 5, t: floats, x: digits, targets: digits, keys: [['a', 7, 1]] },
  { kind: 'named', schema: { fields: ['a'] } },
  { kind: 'targets', first: 4, targets: floats },
  { kind: 'configured', learning: true, learningRate: 0.5 },
  { kind: 'reset', what: 'state', epoch: 'e' },
];
const CHUNKS = [...KINDS.map((kind) => [kind.kind, [kind]] as const), ['all kinds', KINDS] as const];

const damage = expect.objectContaining({ code: 'store-damaged' });

describe('chunks of records', () => {
  it('give any records back, to the bit', () => {
    fc.assert(
      fc.property(fc.array(anyRecord, { minLength: 1 }), number, fc.nat(7), (records, first, skip) => {
        const bytes = chunkOf(records, first);
        // as it may lie in a larger buffer
        const moved = new Uint8Array(bytes.length + skip).subarray(skip);
        moved.set(bytes);
        expect(bitsOf(readChunk(moved, first, records.length))).toEqual(bitsOf(records));
      }),
    );
  });

  it('are written one after the other by one writer', () => {
    const writer = new ChunkWriter();
    const many = Array.from({ length: 100 }, (_, i) => step(i));
    for (const record of many) writer.append(record);
    const first = writer.seal(0);
    for (const record of KINDS) writer.append(record);
    expect(readChunk(writer.seal(100), 100, KINDS.length)).toEqual(KINDS);
    expect(readChunk(first, 0, 100)).toEqual(many);
  });

  it('take 28 bytes beside the time of a step and its numbers, which are float32 where that holds them', () => {
    const writer = new ChunkWriter();
    writer.append(step(0));
    const before = writer.byteLength;
    writer.append(step(1));
    expect(writer.byteLength - before).toBe(28 + 8 + 2 * 4);
  });

  it('[REC9] of version 0.1 give back float32 numbers, and no times', () => {
    const words = new DataView(new ArrayBuffer(32 + 24 + 20));
    const put = (at: number, ...values: number[]) => {
      for (const [i, word] of values.entries()) words.setUint32(at + 4 * i, word, true);
    };
    put(0, 0x4c474445, 1, 70, 0, 2, 44, 0, 0);
    put(32, 2 | (9 << 8), 0, 2, 0xffff_ffff);
    put(56, 3 | (5 << 8), 0, 0, 1);
    for (const [at, value] of [
      [48, 1.5],
      [52, Number.NaN],
      [72, 0.25],
    ] as const)
      words.setFloat32(at, value, true);
    const bytes = new Uint8Array(words.buffer);
    words.setUint32(24, crc32(bytes.subarray(32), crc32(bytes.subarray(0, 24))), true);
    expect(readChunk(bytes, 70, 2)).toEqual([
      { kind: 'steps', first: 9, t: null, x: Float64Array.of(1.5, Number.NaN), targets: null },
      { kind: 'targets', first: 5, targets: Float64Array.of(0.25) },
    ]);
  });

  it.each(CHUNKS)('[STO15] of %s tell every flipped byte', (_kind, records) => {
    const good = chunkOf(records, 70);
    expect(readChunk(good, 70, records.length)).toEqual(records);
    for (let at = 0; at < good.length; at++)
      for (const flip of [1, 0x80, 0xff])
        expect(() => readChunk(good.with(at, good[at]! ^ flip), 70, records.length), `byte ${at}`).toThrow(
          damage,
        );
  });

  it.each(CHUNKS)('[STO15] of %s tell every truncation, and what is too much', (_kind, records) => {
    const good = chunkOf(records, 70);
    for (let length = 0; length < good.length; length++)
      expect(() => readChunk(good.subarray(0, length), 70, records.length), `${length} bytes`).toThrow(
        damage,
      );
    expect(() => readChunk(new Uint8Array([...good, 0]), 70, records.length)).toThrow(damage);
  });

  it('[STO15] say what is wrong', () => {
    const good = chunkOf(KINDS, 70);
    expect(() => readChunk(good.with(0, 0), 70, KINDS.length)).toThrow('does not start like a chunk');
    expect(() => readChunk(good.with(4, 3), 70, KINDS.length)).toThrow(
      'version 3; this version of Eddy reads 1 and 2',
    );
    expect(() => readChunk(good.subarray(0, 40), 70, KINDS.length)).toThrow('it has 8');
    expect(() => readChunk(good.with(40, 99), 70, KINDS.length)).toThrow('checksum');
    expect(() => readChunk(good, 71, KINDS.length)).toThrow('8 records from 70 on, not 8 from 71 on');
    expect(() => readChunk(good, 70, 5)).toThrow('8 records from 70 on, not 5 from 70 on');
  });
});

describe('checkpoints', () => {
  it('give any state back, to the bit', () => {
    fc.assert(
      fc.property(anyPlain, number, fc.double(), (state, position, savedAt) => {
        const read = readCheckpoint(writeCheckpoint({ position, savedAt, state }), position);
        expect(bitsOf(read)).toEqual(bitsOf({ position, savedAt, state }));
      }),
    );
  });

  it('[STO15] tell every flipped byte, every truncation, and what is too much', () => {
    const good = writeCheckpoint(checkpointAt(5));
    expect(readCheckpoint(good, 5)).toEqual(checkpointAt(5));
    for (let at = 0; at < good.length; at++) {
      for (const flip of [1, 0x80, 0xff])
        expect(() => readCheckpoint(good.with(at, good[at]! ^ flip), 5), `byte ${at}`).toThrow(damage);
      expect(() => readCheckpoint(good.subarray(0, at), 5), `${at} bytes`).toThrow(damage);
    }
    expect(() => readCheckpoint(new Uint8Array([...good, 0]), 5)).toThrow(damage);
  });

  it('[STO15] say what is wrong', () => {
    const good = writeCheckpoint(checkpointAt(5));
    expect(() => readCheckpoint(good.with(0, 0), 5)).toThrow('does not start like a checkpoint');
    expect(() => readCheckpoint(good.with(4, 3), 5)).toThrow('version 3; this version of Eddy reads 1 and 2');
    expect(() => readCheckpoint(good.subarray(0, 100), 5)).toThrow('it has 68');
    expect(() => readCheckpoint(good.with(40, 99), 5)).toThrow('checksum');
    expect(() => readCheckpoint(good, 6)).toThrow('it belongs to position 5, not 6');
  });
});
