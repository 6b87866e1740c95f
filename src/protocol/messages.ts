/**
 * The messages of eddy.v1, the same in both encodings. SPEC.md says what each field means and in which order they go;
 * packed.ts has the shorter form of those that hold numbers.
 *
 *   client                          server
 *   hello                      ->
 *                              <-   welcome {limits}
 *   open {sequence, mode}      ->
 *                              <-   opened {channel, epoch, seq}
 *   steps {channel, seq, x, t} ->
 *                              <-   ack {channel, seq}
 *   append {sequence, values}  ->
 *                              <-   appended {seq}, when it is durable
 *   subscribe {sequence, view} ->
 *                              <-   subscribed {channel}, then the results of the view
 *   anything invalid           ->
 *                              <-   error {code, message, temporary, re}
 *
 * A request carries `id`; its answer, or the error instead of it, carries the same number as `re`. A channel is a
 * number that the server gives to a sequence; all sockets know the sequence by the same one.
 */
import { z } from 'zod';
import { channel, health, lastSeq, readings, score, seq, time, times, uint32 } from './fields.js';
import { VIEW_SCHEMAS, VIEWS } from './views/index.js';

export const PROTOCOL_VERSION = 1;

export const STREAM_PATH = '/stream';

/** The longest time a server may ask a client to wait before it reconnects. */
export const MAX_RETRY_MS = 600_000;

/** Fields that hold runs of numbers: of float32, of a sensor's readings, and of times. */
export const VECTOR_FIELDS = ['h', 'y', 'range', 'w', 'b', 'wy', 'by', 'saliency'] as const;
export const READING_FIELDS = ['x', 'targets'] as const;
export const TIME_FIELDS = ['t'] as const;

const id = uint32;
const text = (max: number) => z.string().max(max);

/** The longest name, in characters. */
export const MAX_NAME = 128;
/** Names are 1 to 128 of A-Z a-z 0-9 . _ : / - and begin with a letter or a digit. */
export const SEQUENCE_NAME = /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$/;

/** The longest key of an append, in characters. */
export const MAX_KEY = 128;
/** The most fields of a step. */
export const MAX_FIELDS = 4096;

const field = z.strictObject({
  name: z.string(),
  unit: text(64).optional(),
  description: text(1024).optional(),
});
/** What the numbers of a step, or of a target, mean, in order: names, or names with units. */
const fieldList = z
  .array(z.union([z.string(), field], 'must be a name, or {name, unit, description}'))
  .max(MAX_FIELDS);
/** The fields as a server tells them. */
const toldFields = z.array(field);
/** A reading: a number, true or false as 1 and 0, or null for a gap. */
const reading = z.union([z.number(), z.boolean(), z.null()], 'must be a number, true, false or null');
const season = z.object({
  field: z.string(),
  row: seq.optional(),
  steps: uint32,
  text: z.string(),
});
const resampling = z.record(z.string(), z.unknown());

/** Messages from the client. The model checks `spec`, and names its invalid fields. */
export const clientMessage = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('hello'),
    version: uint32,
    agent: text(128).optional(),
    packed: z.boolean().optional(),
    float64: z.boolean().optional(),
    token: z.string().optional(),
  }),
  z.strictObject({
    type: z.literal('open'),
    id,
    sequence: z.string(),
    mode: z.enum(['create', 'resume', 'either']),
    spec: z.record(z.string(), z.unknown()).optional(),
    fields: fieldList.optional(),
    targets: fieldList.optional(),
    resample: resampling.optional(),
  }),
  z.strictObject({
    type: z.literal('steps'),
    channel,
    seq,
    count: uint32.optional(),
    t: times.optional(),
    x: readings,
    targets: readings.optional(),
  }),
  z.strictObject({ type: z.literal('targets'), id: id.optional(), channel, seq, targets: readings }),
  z.strictObject({
    type: z.literal('append'),
    id,
    channel: channel.optional(),
    sequence: z.string().optional(),
    t: z.number().optional(),
    x: readings.optional(),
    values: z.record(z.string(), reading).optional(),
    targets: readings.optional(),
    key: z.string().min(1).max(MAX_KEY).optional(),
  }),
  z.strictObject({ type: z.literal('flush'), id, channel }),
  z.strictObject({
    type: z.literal('subscribe'),
    id,
    sequence: z.string(),
    view: z.enum(VIEWS),
    every: z.int().min(0).max(60_000).optional(),
    delivery: z.enum(['every', 'latest']).optional(),
    ranges: z.boolean().optional(),
    after: z.strictObject({ epoch: text(128), seq: lastSeq, event: lastSeq.optional() }).optional(),
    last: uint32.optional(),
    from: z.number().optional(),
  }),
  z.strictObject({ type: z.literal('unsubscribe'), id, channel, view: z.enum(VIEWS) }),
  z.strictObject({
    type: z.literal('configure'),
    id,
    channel,
    learning: z.boolean().optional(),
    learningRate: z.number().optional(),
  }),
  z.strictObject({ type: z.literal('reset'), id, channel, what: z.enum(['state', 'weights']) }),
  z.strictObject({ type: z.literal('checkpoint'), id, channel }),
  z.strictObject({ type: z.literal('close'), id, channel }),
  z.strictObject({
    type: z.literal('list'),
    id,
    after: z.string().max(128).optional(),
    limit: z.int().min(1).max(1000).optional(),
    sequence: z.string().optional(),
  }),
  z.strictObject({ type: z.literal('remove'), id, sequence: z.string() }),
]);

const place = {
  re: id,
  channel,
  sequence: z.string(),
  epoch: z.string(),
  seq: lastSeq,
  spec: z.looseObject({}),
  fields: toldFields,
  targets: toldFields.optional(),
  resample: resampling.optional(),
};
export const serverMessage = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('welcome'),
    version: uint32,
    server: z.string(),
    limits: z.record(z.string(), z.number()),
  }),
  z.object({
    type: z.literal('opened'),
    ...place,
    durable: lastSeq,
    created: z.boolean(),
    blockSteps: uint32,
    learning: z.boolean(),
    learningRate: z.number(),
  }),
  z.object({
    type: z.literal('subscribed'),
    ...place,
    view: z.enum(VIEWS),
    recovered: z.boolean().optional(),
    begins: lastSeq.optional(),
    event: lastSeq.optional(),
  }),
  z.object({ type: z.literal('appended'), re: id, channel, seq }),
  z.object({
    type: z.literal('listing'),
    re: id,
    total: uint32,
    sequences: z.array(
      z.object({
        sequence: z.string(),
        awake: z.boolean(),
        seq: lastSeq.optional(),
        epoch: z.string().optional(),
        learning: z.boolean().optional(),
        updates: seq.optional(),
        scored: seq.optional(),
        recentMae: score.optional(),
        recentSkill: score.optional(),
        anomaly: z.number().optional(),
        health: health.optional(),
        seasons: z.array(season).optional(),
        age: z.number().nullable().optional(),
        t: time.optional(),
        x: z.array(z.number().nullable()).optional(),
        spec: z.looseObject({}).optional(),
        fields: toldFields.optional(),
        targets: toldFields.optional(),
        resample: resampling.optional(),
      }),
    ),
    more: z.boolean().optional(),
  }),
  z.object({ type: z.literal('done'), re: id, refused: uint32.optional() }),
  z.object({ type: z.literal('ack'), channel, seq: lastSeq }),
  /** A piece of a message that is too large to be sent whole. */
  z.object({
    type: z.literal('part'),
    part: uint32,
    parts: uint32,
    data: z.union([z.string(), z.custom<Uint8Array>((value) => value instanceof Uint8Array)]),
  }),
  ...VIEW_SCHEMAS,
  z.object({
    type: z.literal('error'),
    code: z.string(),
    message: z.string(),
    temporary: z.boolean(),
    re: id.optional(),
    channel: channel.optional(),
    seq: seq.optional(),
    count: uint32.optional(),
    retryMs: z.int().min(0).max(MAX_RETRY_MS).optional(),
  }),
]);

export const CLIENT_MESSAGES = clientMessage.options.map(({ shape }) => shape.type.value);

export type ClientMessage = z.output<typeof clientMessage>;
export type ServerMessage = z.output<typeof serverMessage>;
export type ClientMessageOf<T extends ClientMessage['type']> = Extract<ClientMessage, { type: T }>;
export type ServerMessageOf<T extends ServerMessage['type']> = Extract<ServerMessage, { type: T }>;
