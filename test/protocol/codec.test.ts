import { decode, encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EddyError, isErrorCode } from '../../src/errors.js';
import { Codec, type Encoding, type WireForm } from '../../src/protocol/codec.js';
import type { ClientMessage, ServerMessage } from '../../src/protocol/messages.js';
import { VIEWS } from '../../src/protocol/views/index.js';

const codecs: Record<Encoding, Codec> = { msgpack: new Codec('msgpack'), json: new Codec('json') };

const id = fc.nat(0xffff_ffff);
const channel = fc.integer({ min: 1, max: 0xffff_ffff });
const seq = fc.maxSafeNat();
const lastSeq = fc.oneof(fc.constant(-1), seq);
// JSON writes -0 as 0
const float32 = fc.float({ noNaN: true, noDefaultInfinity: true }).map((value) => (value === 0 ? 0 : value));
const vector = fc.array(float32, { maxLength: 64 }).map((values) => Float32Array.from(values));
const real = fc
  .double({ noNaN: true, noDefaultInfinity: true })
  .map((value) => (Object.is(value, -0) ? 0 : value));
/** Milliseconds since 1970, or not known. */
const moment = fc.oneof(real, fc.constant(Number.NaN));
const time = fc.option(real);
/** As many numbers for each of `count` steps as there are sizes, in this order. */
const runs = (count: number, item: fc.Arbitrary<number>, size = 1) =>
  fc
    .array(item, { minLength: count * size, maxLength: count * size })
    .map((values) => Float64Array.from(values));
const shape = fc.record({ count: fc.integer({ min: 1, max: 40 }), size: fc.integer({ min: 1, max: 9 }) });
const singles = vector.map((values) => Float64Array.from(values));
const text = fc.string({ maxLength: 20 });
const view = fc.constantFrom(...VIEWS);
const average = fc.option(real);
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const type = <T extends string>(name: T) => fc.constant(name);
/** Leaves out the keys whose value is undefined. */
const message = <T extends object>(shape: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc
    .record(shape)
    .map((all) => Object.fromEntries(Object.entries(all).filter(([, v]) => v !== undefined)) as T);

const field = message({ name: text, unit: optional(text), description: optional(text) });
const resample = fc.constant({ every: '10s', of: { a: 'sum' } });

const otherClientMessages = fc.oneof(
  message({
    type: type('hello'),
    version: id,
    agent: optional(fc.string({ maxLength: 100 })),
    packed: optional(fc.boolean()),
    float64: optional(fc.boolean()),
  }),
  message({
    type: type('open'),
    id,
    sequence: fc.string(),
    mode: fc.constantFrom('create', 'resume', 'either'),
    spec: optional(fc.constant({ features: 2, units: 3, task: { kind: 'forecast', targets: [1] } })),
    fields: optional(fc.array(fc.oneof(text, field), { maxLength: 4 })),
    targets: optional(fc.array(text, { maxLength: 4 })),
    resample: optional(resample),
  }),
  message({ type: type('flush'), id, channel }),
  message({ type: type('targets'), channel, seq, targets: singles }),
  message({
    type: type('subscribe'),
    id,
    sequence: fc.string(),
    view,
    every: optional(fc.nat(60_000)),
    delivery: optional(fc.constantFrom('every', 'latest')),
    after: optional(fc.record({ epoch: fc.uuid(), seq: lastSeq })),
  }),
  message({ type: type('unsubscribe'), id, channel, view }),
  message({
    type: type('configure'),
    id,
    channel,
    learning: optional(fc.boolean()),
    learningRate: optional(real),
  }),
  message({ type: type('reset'), id, channel, what: fc.constantFrom('state', 'weights') }),
  message({ type: type('checkpoint'), id, channel }),
  message({ type: type('close'), id, channel }),
  message({
    type: type('list'),
    id,
    after: optional(fc.string({ maxLength: 128 })),
    sequence: optional(fc.string({ maxLength: 128 })),
  }),
  message({ type: type('remove'), id, sequence: fc.string() }),
);

/** Client messages whose readings are of a kind: those of float32, or any. */
const clientMessagesOf = (reading: fc.Arbitrary<number>) =>
  fc.oneof(
    otherClientMessages,
    shape.chain(({ count, size }) =>
      message({
        type: type('steps'),
        channel,
        seq,
        count: fc.constant(count),
        t: optional(runs(count, moment)),
        x: runs(count, fc.oneof(reading, fc.constant(Number.NaN)), size),
        targets: optional(runs(count, reading, 2)),
      }),
    ),
    message({
      type: type('append'),
      id,
      channel: optional(channel),
      sequence: optional(fc.string()),
      t: optional(real),
      x: optional(runs(3, reading)),
      values: optional(fc.dictionary(text, fc.oneof(real, fc.boolean(), fc.constant(null)))),
      targets: optional(runs(1, reading)),
      key: optional(fc.string({ minLength: 1, maxLength: 128 })),
    }),
  ) as fc.Arbitrary<ClientMessage>;

const clientMessages = clientMessagesOf(real);

const told = {
  fields: fc.array(field, { maxLength: 4 }),
  targets: optional(fc.array(field, { maxLength: 4 })),
  resample: optional(resample),
};
const place = { re: id, channel, sequence: fc.string(), epoch: fc.uuid(), seq: lastSeq, ...told };
const spec = fc.constant({ features: 2, units: 3 });
const scores = {
  scored: seq,
  mae: average,
  rmse: average,
  nrmse: average,
  mape: average,
  recentMae: average,
  recentRmse: average,
  naiveMae: average,
  recentNaiveMae: average,
  seasonalMae: average,
  recentSeasonalMae: average,
  skill: average,
  recentSkill: average,
  seasonalSkill: average,
  recentSeasonalSkill: average,
};
const otherServerMessages = fc.oneof(
  message({
    type: type('welcome'),
    version: id,
    server: fc.string(),
    limits: fc.constant({ frameBytes: 1 }),
  }),
  message({
    type: type('opened'),
    ...place,
    spec,
    durable: lastSeq,
    created: fc.boolean(),
    blockSteps: id,
    learning: fc.boolean(),
    learningRate: real,
  }),
  message({ type: type('subscribed'), ...place, spec, view, recovered: optional(fc.boolean()) }),
  message({
    type: type('listing'),
    re: id,
    total: id,
    sequences: fc.array(
      message({
        sequence: fc.string(),
        awake: fc.boolean(),
        seq: optional(lastSeq),
        age: optional(real),
        t: optional(time),
        x: optional(fc.array(fc.option(real), { maxLength: 3 })),
        fields: optional(told.fields),
      }),
    ),
    more: optional(fc.boolean()),
  }),
  message({ type: type('done'), re: id }),
  message({ type: type('ack'), channel, seq: lastSeq }),
  message({ type: type('appended'), re: id, channel, seq }),
  message({
    type: type('weights'),
    channel,
    seq: lastSeq,
    skipped: seq,
    updates: seq,
    inputs: id,
    w: vector,
    b: vector,
    wy: vector,
    by: vector,
    from: lastSeq,
    to: lastSeq,
    saliency: vector,
  }),
  message({
    type: type('updates'),
    channel,
    seq: lastSeq,
    skipped: seq,
    updates: fc.array(
      message({
        update: seq,
        from: seq,
        to: seq,
        t: optional(time),
        losses: seq,
        loss: average,
        gradientNorm: average,
        clipped: fc.boolean(),
        applied: fc.boolean(),
        learningRate: real,
        duration: real,
      }),
      { maxLength: 3 },
    ),
  }),
  message({
    type: type('metrics'),
    channel,
    seq: lastSeq,
    skipped: seq,
    t: optional(time),
    updates: seq,
    anomaly: real,
    ...scores,
    crossEntropy: average,
    recentCrossEntropy: average,
    accuracy: average,
    recentAccuracy: average,
    outputs: fc.array(message({ output: seq, feature: fc.option(seq), horizon: fc.option(seq), ...scores }), {
      maxLength: 2,
    }),
  }),
  message({
    type: type('events'),
    channel,
    skipped: seq,
    events: fc.array(
      message({
        event: fc.constantFrom('reset', 'configured', 'failed', 'anomaly', 'drift', 'silence'),
        seq: lastSeq,
        t: optional(time),
        epoch: fc.uuid(),
        detail: fc.constant({ what: 'state' }),
      }),
      { maxLength: 2 },
    ),
  }),
  message({
    type: type('error'),
    code: fc.string(),
    message: fc.string(),
    temporary: fc.boolean(),
    re: optional(id),
    channel: optional(channel),
    seq: optional(seq),
    count: optional(id),
  }),
);

/** Server messages whose readings are of a kind: those of float32, or any. */
const serverMessagesOf = (reading: fc.Arbitrary<number>) =>
  fc.oneof(
    otherServerMessages,
    shape.chain(({ count, size }) => {
      const head = { channel, seq, count: fc.constant(count), skipped: seq, t: runs(count, moment) };
      const singles = runs(count, float32, size).map((values) => Float32Array.from(values));
      const interval = fc.option(real);
      return fc.oneof(
        message({ type: type('states'), ...head, h: singles }),
        message({ type: type('predictions'), ...head, interval, y: singles }),
        message({ type: type('predictions'), ...head, interval, y: singles, range: singles }),
        message({
          type: type('inputs'),
          ...head,
          x: runs(count, fc.oneof(reading, fc.constant(Number.NaN)), size),
        }),
      );
    }),
  ) as fc.Arbitrary<ServerMessage>;

const packed = fc.boolean();
/** How messages travel, with a client and a server message that travel so unchanged. */
const travels = fc.oneof(
  fc.record({
    encoding: fc.constant('msgpack' as const),
    form: fc.record({ packed, float64: fc.constant(true) }),
    client: clientMessagesOf(real),
    server: serverMessagesOf(real),
  }),
  fc.record({
    encoding: fc.constant('msgpack' as const),
    form: fc.record({ packed, float64: fc.constant(false) }),
    client: clientMessagesOf(float32),
    server: serverMessagesOf(float32).map(asIn01),
  }),
  fc.record({
    encoding: fc.constant('json' as const),
    form: fc.record({ packed, float64: fc.boolean() }),
    client: clientMessagesOf(real),
    server: serverMessagesOf(real),
  }),
);

/** Packed results of version 0.1 have neither times, interval nor ranges, so a message without them is its own round trip. */
function asIn01(sent: ServerMessage): ServerMessage {
  if (sent.type !== 'states' && sent.type !== 'predictions' && sent.type !== 'inputs') return sent;
  const t = new Float64Array(sent.count).fill(Number.NaN);
  if (sent.type !== 'predictions') return { ...sent, t };
  const { range: _, ...predictions } = sent;
  return { ...predictions, t, interval: null };
}

const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (error instanceof EddyError) return error.code;
    throw error;
  }
  return 'none';
};

describe('any message', () => {
  const through = (encoding: Encoding, form: WireForm) => {
    const codec = codecs[encoding];
    return {
      client: (sent: ClientMessage) => codec.decodeClient(codec.encode(sent, form), form),
      server: (sent: ServerMessage) => codec.decodeServer(codec.encode(sent, form), form),
    };
  };

  it('[WIR2] comes back as it was in every form: JSON, maps and packed frames of float64 and of float32', () => {
    fc.assert(
      fc.property(travels, ({ encoding, form, client, server }) => {
        expect(through(encoding, form).client(client)).toEqual(client);
        expect(through(encoding, form).server(server)).toEqual(server);
      }),
      { numRuns: 2000 },
    );
  });
});

describe.each(['msgpack', 'json'] as const)('the %s codec', (encoding) => {
  const codec = codecs[encoding];

  it('[WIR4] makes a message or a coded error of any bytes', () => {
    const decodes = (data: Uint8Array | string) => {
      const code = codeOf(() => codec.decodeClient(data));
      expect(code === 'none' || isErrorCode(code)).toBe(true);
    };
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        decodes(bytes);
        decodes(Buffer.from(bytes).toString('latin1'));
      }),
      { numRuns: 3000 },
    );
  });

  it('[WIR4] makes a message or a coded error of a valid frame with flipped bytes', () => {
    const flips = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(clientMessages, flips, (sent, changes) => {
        const encoded = codec.encode(sent);
        const bytes = Uint8Array.from(typeof encoded === 'string' ? Buffer.from(encoded) : encoded);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        const data = encoding === 'json' ? Buffer.from(bytes).toString() : bytes;
        const code = codeOf(() => codec.decodeClient(data));
        expect(code === 'none' || isErrorCode(code)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  it('[WIR6] refuses a frame of the other kind', () => {
    const other =
      encoding === 'json' ? encode({ type: 'hello', version: 1 }) : '{"type":"hello","version":1}';
    expect(codeOf(() => codec.decodeClient(other))).toBe('frame-encoding');
  });

  const raw = (value: unknown) => (encoding === 'json' ? JSON.stringify(value) : encode(value));

  it.each([
    ['frame-malformed', [1, 2]],
    ['frame-malformed', 'hello'],
    ['message-unknown', { type: 'shout' }],
    ['message-unknown', { version: 1 }],
    ['message-invalid', { type: 'hello' }],
    ['message-invalid', { type: 'hello', version: 1.5 }],
    ['message-invalid', { type: 'hello', version: 1, more: true }],
    ['message-invalid', { type: 'close', id: 1, channel: 0 }],
    [
      'message-invalid',
      { type: 'steps', channel: 1, seq: -1, x: encoding === 'json' ? [] : new Uint8Array(0) },
    ],
    ['message-invalid', { type: 'steps', channel: 1, seq: 0, x: 'abc' }],
    [
      'message-invalid',
      { type: 'steps', channel: 1, seq: 0, x: encoding === 'json' ? ['1'] : new Uint8Array(3) },
    ],
    ['message-invalid', { type: 'subscribe', id: 1, sequence: 'a', view: 'gradients' }],
  ])('[WIR7] answers %s to %j', (code, value) => {
    expect(codeOf(() => codec.decodeClient(raw(value)))).toBe(code);
  });

  it('[WIR7] refuses a type that is no string, however it is made', () => {
    const evil = { toString: 1, valueOf: 1, filler: 'x'.repeat(70_000) };
    expect(codeOf(() => codec.decodeClient(raw({ type: evil })))).toBe('message-unknown');
    const deep = `{"type":${'['.repeat(8000)}${']'.repeat(8000)}}`;
    if (encoding === 'json') expect(codeOf(() => codec.decodeClient(deep))).toBe('message-unknown');
  });

  it('[CON9] tells which request, channel and step a message that cannot be taken asked about', () => {
    const aboutOf = (value: unknown) => {
      try {
        codec.decodeClient(raw(value));
      } catch (error) {
        return (error as EddyError).about;
      }
      return null;
    };
    expect(aboutOf({ type: 'open', id: 7, mode: 'wrong' })).toEqual({ re: 7 });
    expect(aboutOf({ type: 'steps', channel: 3, seq: 12, y: 1 })).toEqual({ channel: 3, seq: 12 });
    expect(aboutOf({ type: 'reset', id: -1, channel: 'a', seq: 1.5 })).toEqual({});
  });

  it('[WIR9] refuses a message over 64 KiB, unless it is a block of steps', () => {
    const x = new Float64Array(20_000);
    expect(codec.decodeClient(codec.encode({ type: 'steps', channel: 1, seq: 0, x })).type).toBe('steps');
    const targets = codec.encode({ type: 'targets', channel: 1, seq: 0, targets: new Float64Array(40_000) });
    expect(codeOf(() => codec.decodeClient(targets))).toBe('message-too-large');
  });
});

describe('the numbers of a message', () => {
  it('[STP12] carries what is missing: null in JSON, NaN in the others', () => {
    const x = new Float64Array([1, Number.NaN]);
    const steps = { type: 'steps', channel: 1, seq: 0, count: 1, x } as const;
    const text = new Codec('json').encode(steps);
    expect(JSON.parse(text as string).x).toEqual([1, null]);
    for (const [encoding, packed] of [
      ['json', false],
      ['msgpack', false],
      ['msgpack', true],
    ] as const) {
      const codec = new Codec(encoding);
      expect(codec.decodeClient(codec.encode(steps, { packed, float64: false }))).toMatchObject({ x });
    }
    const targets = JSON.stringify({ type: 'targets', channel: 1, seq: 0, targets: [null] });
    expect(codeOf(() => new Codec('json').decodeClient(targets))).toBe('message-invalid');
  });

  it('[WIR3] are little-endian float32 bytes in MessagePack', () => {
    const packed = codecs.msgpack.encode({
      type: 'steps',
      channel: 7,
      seq: 300,
      x: new Float64Array([1, -2.5]),
    });
    const plain = decode(packed as Uint8Array) as Record<string, unknown>;
    expect({ ...plain, x: [...(plain.x as Uint8Array)] }).toEqual({
      type: 'steps',
      channel: 7,
      seq: 300,
      x: [0, 0, 128, 63, 0, 0, 32, 192],
    });
  });

  it('[WIR3] are arrays in JSON, where they keep their digits', () => {
    const text = codecs.json.encode({ type: 'steps', channel: 7, seq: 3, x: new Float64Array([1, -2.5]) });
    expect(JSON.parse(String(text))).toEqual({ type: 'steps', channel: 7, seq: 3, x: [1, -2.5] });
    const huge = codecs.json.decodeClient('{"type":"steps","channel":7,"seq":3,"x":[123465789.12]}');
    expect(huge).toMatchObject({ x: new Float64Array([123465789.12]) });
  });

  it('[WIR14] are float64 bytes for a client that says so in hello, float32 for any other, and times always float64', () => {
    const x = Float64Array.of(123465789.12);
    const t = Float64Array.of(1.8e12);
    const bytesOf = (float64: boolean) => {
      const bytes = codecs.msgpack.encode(
        { type: 'steps', channel: 7, seq: 3, x, t },
        { packed: false, float64 },
      );
      const plain = decode(bytes as Uint8Array) as Record<string, Uint8Array>;
      return [plain.x!, plain.t!].map((part) => Buffer.from(part).toString('hex'));
    };
    const hex = (value: number) => Buffer.from(Float64Array.of(value).buffer).toString('hex');
    expect(bytesOf(true)).toEqual([hex(123465789.12), hex(1.8e12)]);
    expect(bytesOf(false)).toEqual([Buffer.from(Float32Array.from(x).buffer).toString('hex'), hex(1.8e12)]);
  });

  it('[WIR3] keep step numbers beyond 2^32 exact', () => {
    const sent: ClientMessage = { type: 'steps', channel: 1, seq: 2 ** 52 + 1, x: new Float64Array(1) };
    for (const codec of Object.values(codecs)) expect(codec.decodeClient(codec.encode(sent))).toEqual(sent);
    const other = encode({ ...sent, x: new Uint8Array(4) });
    expect(codecs.msgpack.decodeClient(other)).toEqual(sent);
  });
});

describe('MessagePack bytes', () => {
  const refusal = (...bytes: number[]) => codeOf(() => codecs.msgpack.decodeClient(new Uint8Array(bytes)));

  it.each([
    ['an extension', [0x81, 0xa1, 0x61, 0xd4, 1, 2]],
    ['a timestamp', [0xd6, 0xff, 0, 0, 0, 0]],
    ['the byte that is never used', [0xc1]],
    ['an array of 2^32 - 1 values in five bytes', [0xdd, 0xff, 0xff, 0xff, 0xff]],
    ['a map of 2^31 pairs in five bytes', [0xdf, 0x80, 0, 0, 0]],
    ['a string longer than the frame', [0xdb, 0xff, 0xff, 0xff, 0xff, 0x61]],
    ['a length field cut off', [0xdc, 0]],
    ['a number cut off', [0xcb, 0, 0]],
    ['bytes behind the value', [0x80, 0x80]],
    ['nothing', []],
    ['arrays nested 17 deep', [...Array(17).fill(0x91), 0xc0]],
  ])('[WIR5] refuses %s', (_what, bytes) => {
    expect(refusal(...bytes)).toBe('frame-malformed');
  });

  it('[WIR5] takes values nested 16 deep', () => {
    const nested = JSON.parse(`${'['.repeat(15)}${']'.repeat(15)}`);
    expect(codeOf(() => codecs.msgpack.decodeClient(encode({ type: 'shout', nested })))).toBe(
      'message-unknown',
    );
  });

  it('[WIR5] takes every plain type, in every length form', () => {
    const value = {
      nil: null,
      yes: true,
      no: false,
      numbers: [0, 127, 128, 255, 256, 65_536, 2 ** 33, -1, -33, -129, -40_000, -(2 ** 33), 1.5],
      texts: ['', 'a'.repeat(31), 'b'.repeat(40), 'c'.repeat(300), 'd'.repeat(70_000)],
      bins: [new Uint8Array(3), new Uint8Array(300), new Uint8Array(70_000)],
      lists: [[], new Array(20).fill(1), new Array(70_000).fill(1)],
      map: Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`key${i}`, i])),
    };
    expect(
      codeOf(() => codecs.msgpack.decodeClient(encode({ type: 'shout', value }, { forceFloat32: false }))),
    ).toBe('message-too-large');
    const { texts: _texts, bins: _bins, lists: _lists, ...small } = value;
    expect(codeOf(() => codecs.msgpack.decodeClient(encode({ type: 'shout', small })))).toBe(
      'message-unknown',
    );
  });
});
