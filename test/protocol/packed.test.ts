import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EddyError, isErrorCode } from '../../src/errors.js';
import { Codec } from '../../src/protocol/codec.js';
import type { ClientMessage, ServerMessage } from '../../src/protocol/messages.js';
import { PackedWriter, unpackClient, unpackServer } from '../../src/protocol/packed.js';

const bytes = (hex: string) =>
  Uint8Array.from(hex.match(/[0-9a-f]{2}/g) ?? [], (two) => Number.parseInt(two, 16));
const hexOf = (frame: Uint8Array | null) => Buffer.from(frame ?? []).toString('hex');

/** What is wrong with a frame, or null. */
const refusalOf = (act: () => unknown): { code: string; about: object } | null => {
  try {
    act();
  } catch (error) {
    if (error instanceof EddyError) return { code: error.code, about: error.about };
    throw error;
  }
  return null;
};

const STEPS = [
  'c1010000', // mark, type 1, 0
  '07000000', // channel 7
  '2c01000000000000', // seq 300
  '02000000', // 2 steps
  '01000000', // of 1 number
  '00000000', // without targets
  '0000803f', // 1
  '000020c0', // -2.5
].join('');
const TAUGHT = [
  'c101000007000000', // channel 7
  'ffffffffffff1f00', // seq 2^53 - 1
  '010000000200000001000000', // 1 step of 2 numbers, with 1 target
  '0000803f000020c0',
  '0000003f', // .5
].join('');
const STATES = [
  'c102000007000000', // channel 7
  '0000000001000000', // seq 2^32
  '0100000002000000', // 1 state of 2 numbers
  '0500000000000000', // 5 skipped
  '0000803f000020c0',
].join('');
const ACK = 'c1040000070000002c01000000000000';

const fixtures: [string, string, ClientMessage | ServerMessage][] = [
  ['steps', STEPS, { type: 'steps', channel: 7, seq: 300, count: 2, x: Float32Array.of(1, -2.5) }],
  [
    'steps with targets',
    TAUGHT,
    {
      type: 'steps',
      channel: 7,
      seq: 2 ** 53 - 1,
      count: 1,
      x: Float32Array.of(1, -2.5),
      targets: Float32Array.of(0.5),
    },
  ],
  [
    'states',
    STATES,
    { type: 'states', channel: 7, seq: 2 ** 32, count: 1, skipped: 5, h: Float32Array.of(1, -2.5) },
  ],
  [
    'predictions',
    STATES.replace('c102', 'c103'),
    { type: 'predictions', channel: 7, seq: 2 ** 32, count: 1, skipped: 5, y: Float32Array.of(1, -2.5) },
  ],
  [
    'inputs',
    STATES.replace('c102', 'c105'),
    { type: 'inputs', channel: 7, seq: 2 ** 32, count: 1, skipped: 5, x: Float32Array.of(1, -2.5) },
  ],
  ['ack', ACK, { type: 'ack', channel: 7, seq: 300 }],
];

const unpack = (type: string, frame: Uint8Array) =>
  type === 'steps' ? unpackClient(frame) : unpackServer(frame);

describe('a packed frame', () => {
  it.each(fixtures)('[WIR10] of %s has these bytes', (_what, hex, message) => {
    expect(hexOf(new PackedWriter().write(message))).toBe(hex);
    expect(unpack(message.type, bytes(hex))).toEqual(message);
  });

  const channel = fc.integer({ min: 1, max: 0xffff_ffff });
  const seq = fc.maxSafeNat();
  const shape = fc.record({ count: fc.integer({ min: 1, max: 70 }), size: fc.integer({ min: 1, max: 70 }) });
  const real = fc.float({ noNaN: true });
  const numbers = (length: number) =>
    fc.array(real, { minLength: length, maxLength: length }).map((values) => Float32Array.from(values));
  const messages = shape.chain(({ count, size }) =>
    fc.oneof(
      fc.record({
        type: fc.constant('steps'),
        channel,
        seq,
        count: fc.constant(count),
        x: numbers(count * size),
      }),
      fc.record({
        type: fc.constant('steps'),
        channel,
        seq,
        count: fc.constant(count),
        x: numbers(count * size),
        targets: numbers(count * 3),
      }),
      fc.record({
        type: fc.constant('states'),
        channel,
        seq,
        count: fc.constant(count),
        skipped: seq,
        h: numbers(count * size),
      }),
      fc.record({
        type: fc.constant('predictions'),
        channel,
        seq,
        count: fc.constant(count),
        skipped: seq,
        y: numbers(count * size),
      }),
      fc.record({
        type: fc.constant('inputs'),
        channel,
        seq,
        count: fc.constant(count),
        skipped: seq,
        x: numbers(count * size),
      }),
      fc.record({ type: fc.constant('ack'), channel, seq }),
    ),
  ) as fc.Arbitrary<ClientMessage | ServerMessage>;

  it('[WIR10] gives back every message as it was, wherever the frame lies', () => {
    const writer = new PackedWriter();
    fc.assert(
      fc.property(messages, fc.nat(7), (message, shift) => {
        const frame = writer.write(message);
        const moved = new Uint8Array((frame?.length ?? 0) + shift).subarray(shift);
        moved.set(frame ?? []);
        expect(unpack(message.type, moved)).toEqual(message);
      }),
      { numRuns: 300 },
    );
  });

  it('[WIR10] is never written to again', () => {
    const writer = new PackedWriter();
    const sent = Array.from({ length: 300 }, (_, i) => ({
      type: 'states' as const,
      channel: 1,
      seq: i,
      count: 1,
      skipped: 0,
      h: new Float32Array(1 + (i % 40)).fill(i),
    }));
    const frames = sent.map((message) => writer.write(message));
    expect(frames.map((frame) => unpackServer(frame!))).toEqual(sent);
    for (const frame of frames) expect(frame!.byteOffset % 4).toBe(0);
  });

  it('[WIR10] is read without a copy where its numbers lie on a multiple of 4', () => {
    const frame = bytes(STATES);
    const message = unpackServer(frame);
    expect(message.type === 'states' && message.h.buffer).toBe(frame.buffer);
  });

  it('[WIR10] stands for the map of the same message, which also says how many steps there are', () => {
    const codec = new Codec('msgpack');
    for (const [, , message] of fixtures) {
      const plain = codec.encode(message);
      expect(plain[0]).not.toBe(0xc1);
      const decoded = message.type === 'steps' ? codec.decodeClient(plain) : codec.decodeServer(plain);
      expect(decoded).toEqual(message);
      const packed = codec.encode(message, true);
      expect(message.type === 'steps' ? codec.decodeClient(packed) : codec.decodeServer(packed)).toEqual(
        message,
      );
    }
  });

  it('[WIR10] is not made of what has no packed form', () => {
    const codec = new Codec('msgpack');
    const x = new Float32Array(3);
    const plain: (ClientMessage | ServerMessage)[] = [
      { type: 'steps', channel: 1, seq: 0, x },
      { type: 'steps', channel: 1, seq: 0, count: 2, x },
      { type: 'steps', channel: 1, seq: 0, count: 3, x, targets: new Float32Array(2) },
      { type: 'states', channel: 1, seq: 0, count: 0, skipped: 0, h: new Float32Array(0) },
      { type: 'ack', channel: 1, seq: -1 },
      { type: 'done', re: 1 },
    ];
    for (const message of plain) expect(codec.encode(message, true)[0]).not.toBe(0xc1);
  });

  it('[WIR11] is never made by a JSON codec, and refused by it as any binary frame', () => {
    const codec = new Codec('json');
    expect(typeof codec.encode({ type: 'ack', channel: 1, seq: 0 }, true)).toBe('string');
    expect(refusalOf(() => codec.decodeClient(bytes(STEPS)))?.code).toBe('frame-encoding');
  });
});

describe('a packed frame that is wrong', () => {
  const about = { channel: 7, seq: 300 };
  const put = (hex: string, at: number, other: string) =>
    hex.slice(0, 2 * at) + other + hex.slice(2 * at + other.length);

  it.each<[string, string, string, object]>([
    ['ends in its mark', 'c1', 'frame-malformed', {}],
    ['ends behind its channel', STEPS.slice(0, 24), 'frame-malformed', { channel: 7 }],
    ['ends behind its number', STEPS.slice(0, 32), 'frame-malformed', about],
    ['ends in its shape', STEPS.slice(0, 50), 'frame-malformed', about],
    ['ends in its numbers', STEPS.slice(0, -2), 'frame-malformed', about],
    ['goes on behind its numbers', `${STEPS}00000000`, 'frame-malformed', about],
    ['says it has more steps than there are', put(STEPS, 16, '03000000'), 'frame-malformed', about],
    ['says it has 2^64 numbers', put(STEPS, 16, 'ffffffffffffffffffffffff'), 'frame-malformed', about],
    ['says it has targets', put(STEPS, 24, '01000000'), 'frame-malformed', about],
    ['has no steps', put(STEPS, 16, '00000000'), 'message-invalid', about],
    ['has steps without numbers', put(STEPS, 20, '00000000'), 'message-invalid', about],
    ['is for no channel', put(STEPS, 4, '00000000'), 'message-invalid', { seq: 300 }],
    ['has a number above 2^53 - 1', put(STEPS, 8, '0000000000002000'), 'message-invalid', { channel: 7 }],
    ['has something in bytes 2 and 3', put(STEPS, 2, '0001'), 'message-invalid', about],
    ['has a type that is not known', put(STEPS, 1, '09'), 'message-unknown', about],
    ['has a type that only a server sends', ACK, 'message-unknown', about],
  ])('[WIR12] because it %s is refused, with what it is about', (_why, hex, code, named) => {
    expect(refusalOf(() => new Codec('msgpack').decodeClient(bytes(hex)))).toEqual({ code, about: named });
  });

  it.each<[string, string, string]>([
    ['steps', STEPS, 'message-unknown'],
    ['an ack that goes on', `${ACK}00`, 'frame-malformed'],
    ['states cut off', STATES.slice(0, 60), 'frame-malformed'],
    ['states of another length', STATES.slice(0, -8), 'frame-malformed'],
    ['more than 2^53 - 1 skipped', put(STATES, 24, 'ffffffffffff2000'), 'message-invalid'],
  ])('[WIR12] that a server sent is refused by a client: %s', (_what, hex, code) => {
    expect(refusalOf(() => new Codec('msgpack').decodeServer(bytes(hex)))?.code).toBe(code);
  });

  it('[WIR12] gives a message or a coded error, whatever its bytes', () => {
    const codec = new Codec('msgpack');
    const flips = fc.array(fc.tuple(fc.nat(50), fc.nat(255)), { maxLength: 5 });
    const any = fc.uint8Array({ maxLength: 80 }).map((tail) => Uint8Array.of(0xc1, ...tail));
    const damaged = fc.tuple(fc.constantFrom(...fixtures), flips).map(([[, hex], changes]) => {
      const frame = bytes(hex);
      for (const [at, value] of changes) frame[1 + (at % (frame.length - 1))] = value;
      return frame;
    });
    fc.assert(
      fc.property(fc.oneof(any, damaged), (frame) => {
        for (const decode of [() => codec.decodeClient(frame), () => codec.decodeServer(frame)]) {
          const refusal = refusalOf(decode);
          expect(refusal === null || isErrorCode(refusal.code)).toBe(true);
        }
      }),
      { numRuns: 3000 },
    );
  });
});
