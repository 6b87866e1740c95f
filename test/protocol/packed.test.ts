import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EddyError, isErrorCode } from '../../src/errors.js';
import { Codec, type WireForm } from '../../src/protocol/codec.js';
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

const NARROW = { packed: true, float64: false };
const WIDE = { packed: true, float64: true };

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

/** With times and float64. */
const TIMED_STEPS = [
  'c1010300', // mark, type 1, times and float64
  '07000000', // channel 7
  '2c01000000000000', // seq 300
  '01000000', // 1 step
  '01000000', // of 1 number
  '01000000', // with 1 target
  '00000000',
  '000000c585317a42', // t 1.8e12
  '48e17af4c06f9d41', // 123465789.12
  '000000000000e03f', // .5
].join('');
const TIMED_STATES = [
  'c102010007000000', // type 2, times; channel 7
  '0000000001000000', // seq 2^32
  '0100000002000000', // 1 state of 2 numbers
  '0500000000000000', // 5 skipped
  '000000c585317a42', // t 1.8e12
  '0000803f000020c0',
].join('');
const INTERVAL = '000000000088c340'; // 10,000 ms
const RANGE = '0000003f0000c03f'; // .5, 1.5
const TIMED_INPUTS = [
  'c105030007000000', // type 5, times and float64; channel 7
  '0000000001000000', // seq 2^32
  '0100000001000000', // 1 step of 1 number
  '0500000000000000', // 5 skipped
  '000000c585317a42', // t 1.8e12
  '48e17af4c06f9d41', // 123465789.12
].join('');

const t = Float64Array.of(1.8e12);
const unknown = Float64Array.of(Number.NaN);
const head = { channel: 7, seq: 2 ** 32, count: 1, skipped: 5 };
const two = Float32Array.of(1, -2.5);

const fixtures: [string, WireForm, string, ClientMessage | ServerMessage][] = [
  ['steps', NARROW, STEPS, { type: 'steps', channel: 7, seq: 300, count: 2, x: Float64Array.of(1, -2.5) }],
  [
    'steps with targets',
    NARROW,
    TAUGHT,
    {
      type: 'steps',
      channel: 7,
      seq: 2 ** 53 - 1,
      count: 1,
      x: Float64Array.of(1, -2.5),
      targets: Float64Array.of(0.5),
    },
  ],
  ['states', NARROW, STATES, { type: 'states', ...head, t: unknown, h: two }],
  [
    'predictions',
    NARROW,
    STATES.replace('c102', 'c103'),
    { type: 'predictions', ...head, t: unknown, interval: null, y: two },
  ],
  [
    'inputs',
    NARROW,
    STATES.replace('c102', 'c105'),
    { type: 'inputs', ...head, t: unknown, x: Float64Array.of(1, -2.5) },
  ],
  ['ack', NARROW, ACK, { type: 'ack', channel: 7, seq: 300 }],
  ['ack', WIDE, ACK, { type: 'ack', channel: 7, seq: 300 }],
  [
    'steps with times',
    WIDE,
    TIMED_STEPS,
    {
      type: 'steps',
      channel: 7,
      seq: 300,
      count: 1,
      t,
      x: Float64Array.of(123465789.12),
      targets: Float64Array.of(0.5),
    },
  ],
  ['states with times', WIDE, TIMED_STATES, { type: 'states', ...head, t, h: two }],
  [
    'predictions of irregular steps',
    WIDE,
    TIMED_STATES.replace('c102', 'c103'),
    { type: 'predictions', ...head, t, interval: null, y: two },
  ],
  [
    'predictions of regular steps',
    WIDE,
    TIMED_STATES.replace('c10201', 'c10305') + INTERVAL,
    { type: 'predictions', ...head, t, interval: 10_000, y: two },
  ],
  [
    'predictions with ranges',
    WIDE,
    TIMED_STATES.replace('c10201', 'c10309') + RANGE,
    { type: 'predictions', ...head, t, interval: null, y: two, range: Float32Array.of(0.5, 1.5) },
  ],
  [
    'predictions of regular steps with ranges',
    WIDE,
    TIMED_STATES.replace('c10201', 'c1030d') + RANGE + INTERVAL,
    { type: 'predictions', ...head, t, interval: 10_000, y: two, range: Float32Array.of(0.5, 1.5) },
  ],
  ['inputs with times', WIDE, TIMED_INPUTS, { type: 'inputs', ...head, t, x: Float64Array.of(123465789.12) }],
];

const unpack = (type: string, frame: Uint8Array) =>
  type === 'steps' ? unpackClient(frame) : unpackServer(frame);

describe('a packed frame', () => {
  it.each(fixtures)('[WIR10] of %s (%o) has these bytes', (_what, { float64 }, hex, message) => {
    expect(hexOf(new PackedWriter().write(message, float64))).toBe(hex);
    expect(unpack(message.type, bytes(hex))).toEqual(message);
  });

  const channel = fc.integer({ min: 1, max: 0xffff_ffff });
  const seq = fc.maxSafeNat();
  const shape = fc.record({ count: fc.integer({ min: 1, max: 70 }), size: fc.integer({ min: 1, max: 70 }) });
  const numbers = (length: number, item: fc.Arbitrary<number>) =>
    fc.array(item, { minLength: length, maxLength: length }).map((values) => Float64Array.from(values));
  /** Messages of which a form keeps all. */
  const messagesOf = ({ float64 }: WireForm) =>
    shape.chain(({ count, size }) => {
      const reading = float64 ? fc.double() : fc.float();
      const times = float64
        ? numbers(count, fc.double())
        : fc.constant(new Float64Array(count).fill(Number.NaN));
      const steps = {
        type: fc.constant('steps'),
        channel,
        seq,
        count: fc.constant(count),
        x: numbers(count * size, reading),
      };
      const results = { channel, seq, count: fc.constant(count), skipped: seq, t: times };
      const singles = numbers(count * size, fc.float()).map((values) => Float32Array.from(values));
      const interval = float64 ? fc.option(fc.double({ min: 1 })) : fc.constant(null);
      return fc.oneof(
        fc.record(steps),
        fc.record({ ...steps, targets: numbers(count * 3, reading) }),
        ...(float64 ? [fc.record({ ...steps, t: times })] : []),
        fc.record({ type: fc.constant('states'), ...results, h: singles }),
        fc.record({ type: fc.constant('predictions'), ...results, interval, y: singles }),
        ...(float64
          ? [
              fc.record({
                type: fc.constant('predictions'),
                ...results,
                interval,
                y: singles,
                range: singles,
              }),
            ]
          : []),
        fc.record({ type: fc.constant('inputs'), ...results, x: numbers(count * size, reading) }),
        fc.record({ type: fc.constant('ack'), channel, seq }),
      );
    }) as fc.Arbitrary<ClientMessage | ServerMessage>;

  it.each([NARROW, WIDE])(
    '[WIR10] gives back every message as it was, wherever the frame lies: %o',
    (form) => {
      const writer = new PackedWriter();
      fc.assert(
        fc.property(messagesOf(form), fc.nat(7), (message, shift) => {
          const frame = writer.write(message, form.float64);
          const moved = new Uint8Array((frame?.length ?? 0) + shift).subarray(shift);
          moved.set(frame ?? []);
          expect(unpack(message.type, moved)).toEqual(message);
        }),
        { numRuns: 300 },
      );
    },
  );

  it('[WIR10] is never written to again', () => {
    const writer = new PackedWriter();
    const sent = Array.from({ length: 300 }, (_, i) => ({
      type: 'states' as const,
      channel: 1,
      seq: i,
      count: 1,
      skipped: 0,
      t: Float64Array.of(i),
      h: new Float32Array(1 + (i % 40)).fill(i),
    }));
    const frames = sent.map((message) => writer.write(message, true));
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
    for (const [, form, , message] of fixtures) {
      const plain = codec.encode(message, { ...form, packed: false });
      expect(plain[0]).not.toBe(0xc1);
      const decoded =
        message.type === 'steps' ? codec.decodeClient(plain, form) : codec.decodeServer(plain, form);
      expect(decoded).toEqual(message);
      const packed = codec.encode(message, form);
      expect(message.type === 'steps' ? codec.decodeClient(packed) : codec.decodeServer(packed)).toEqual(
        message,
      );
    }
  });

  it('[WIR10] is not made of what has no packed form', () => {
    const codec = new Codec('msgpack');
    const x = new Float64Array(3);
    const t = new Float64Array(3);
    const plain: (ClientMessage | ServerMessage)[] = [
      { type: 'steps', channel: 1, seq: 0, x },
      { type: 'steps', channel: 1, seq: 0, count: 2, x },
      { type: 'steps', channel: 1, seq: 0, count: 3, x, targets: new Float64Array(2) },
      { type: 'steps', channel: 1, seq: 0, count: 3, x, t },
      { type: 'states', channel: 1, seq: 0, count: 0, skipped: 0, t, h: new Float32Array(0) },
      { type: 'ack', channel: 1, seq: -1 },
      { type: 'done', re: 1 },
    ];
    for (const message of plain) expect(codec.encode(message, NARROW)[0]).not.toBe(0xc1);
  });

  it('[WIR11] is never made by a JSON codec, and refused by it as any binary frame', () => {
    const codec = new Codec('json');
    expect(typeof codec.encode({ type: 'ack', channel: 1, seq: 0 }, WIDE)).toBe('string');
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
    ['has flags of results', put(TIMED_STEPS, 2, '0700'), 'message-invalid', about],
    ['has something behind its shape', put(TIMED_STEPS, 28, '01000000'), 'message-invalid', about],
    ['ends in its times', TIMED_STEPS.slice(0, 2 * 36), 'frame-malformed', about],
    ['has times and says it has none', put(TIMED_STEPS, 2, '0200'), 'frame-malformed', about],
    ['is as long as float32 would be', put(TIMED_STEPS, 2, '0100'), 'frame-malformed', about],
    ['says it has 2^32 times', put(TIMED_STEPS, 16, 'ffffffff'), 'frame-malformed', about],
  ])('[WIR12] because it %s is refused, with what it is about', (_why, hex, code, named) => {
    expect(refusalOf(() => new Codec('msgpack').decodeClient(bytes(hex)))).toEqual({ code, about: named });
  });

  it.each<[string, string, string]>([
    ['steps', STEPS, 'message-unknown'],
    ['an ack that goes on', `${ACK}00`, 'frame-malformed'],
    ['states cut off', STATES.slice(0, 60), 'frame-malformed'],
    ['states of another length', STATES.slice(0, -8), 'frame-malformed'],
    ['states of float64', TIMED_STATES.replace('c10201', 'c10203'), 'message-invalid'],
    ['states with an interval', TIMED_STATES.replace('c10201', 'c10205') + INTERVAL, 'message-invalid'],
    ['inputs with an interval', TIMED_INPUTS.replace('c10503', 'c10507') + INTERVAL, 'message-invalid'],
    ['an interval cut off', TIMED_STATES.replace('c10201', 'c10305'), 'frame-malformed'],
    ['an ack with times', ACK.replace('c10400', 'c10401'), 'message-invalid'],
    ['more than 2^53 - 1 skipped', put(STATES, 24, 'ffffffffffff2000'), 'message-invalid'],
  ])('[WIR12] that a server sent is refused by a client: %s', (_what, hex, code) => {
    expect(refusalOf(() => new Codec('msgpack').decodeServer(bytes(hex)))?.code).toBe(code);
  });

  it('[WIR12] gives a message or a coded error, whatever its bytes', () => {
    const codec = new Codec('msgpack');
    const flips = fc.array(fc.tuple(fc.nat(50), fc.nat(255)), { maxLength: 5 });
    const any = fc.uint8Array({ maxLength: 80 }).map((tail) => Uint8Array.of(0xc1, ...tail));
    const damaged = fc.tuple(fc.constantFrom(...fixtures), flips).map(([[, , hex], changes]) => {
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
