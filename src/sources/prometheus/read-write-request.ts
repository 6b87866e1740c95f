/**
 * A request of Prometheus' remote write 1.0, to readings of sequences: series are told from their labels by a template, and samples of
 * one sequence and time are one reading.
 *
 * Source: Prometheus Remote-Write 1.0, prompb/remote.proto and types.proto.
 */
import { EddyError } from '../../errors.js';
import { type ProtoField, protoFields, textOf, wholeNumber } from '../../formats/protobuf.js';
import type { Pieces } from '../../math/pieces.js';
import { type AgentReading, AgentReadings, TOO_WIDE } from '../agent-readings.js';
import { nameOfSeries } from '../influx/series-names.js';
import { MOST_SEQUENCES, type OnKept, RequestMemory } from '../request-memory.js';

/** Fields of the messages. */
const SERIES = 1;
const [LABELS, SAMPLES] = [1, 2];
const [NAME, VALUE] = [1, 2];
const [NUMBER, TIME] = [1, 2];
const METRIC = '__name__';
/** What a series whose sequence is of it alone calls its field. */
const FIELD = 'value';
/** The bits of a sample that says that its series ends. */
const STALE = 0x7ff0_0000_0000_0002n;

export interface ReadWrite {
  /** Readings by the name of their sequence, in the order of their times. */
  readonly readings: ReadonlyMap<string, readonly AgentReading<number>[]>;
  readonly samples: number;
  /** Series whose name leads to no sequence, and why. */
  readonly faults: readonly string[];
}

/** How many faults are told of. */
const TOLD = 100;
/** The most bytes of the labels of a series. */
const MOST_LABELS = 2 ** 16;
/** Fields of messages that are looked at at once, and what one costs in multiply-adds. */
const [PIECE, FIELD_WORK] = [2 ** 8, 2 ** 11];
/** What a series costs besides. */
const SERIES_WORK = 2 ** 14;

/**
 * Reads a request, a few hundred samples in each piece.
 *
 * @param template over the labels, `{measurement}` for the name of the metric
 * @param onKept told how much memory it takes. @throws EddyError `input-invalid`, `message-too-large`, and what `onKept` throws
 */
export function* readWriteRequest(body: Uint8Array, template: string, onKept?: OnKept): Pieces<ReadWrite> {
  const found = new Map<string, Sequence>();
  const faults: string[] = [];
  const request: Request = { found, template, memory: new RequestMemory(onKept), series: 0 };
  let [samples, count] = [0, 0];
  for (const { field, bytes } of read(body)) {
    if (++count % PIECE === 0) yield PIECE * FIELD_WORK;
    if (field !== SERIES || !bytes) continue;
    if (++request.series > MOST_SEQUENCES)
      throw new EddyError('input-invalid', `the request has more than ${MOST_SEQUENCES} series`);
    const { given, why } = yield* addSeries(request, bytes);
    samples += given;
    if (why !== null && faults.length < TOLD) faults.push(why);
    request.memory.tell();
    yield SERIES_WORK;
  }
  const readings = new Map<string, readonly AgentReading<number>[]>();
  const onTooWide = () => {
    if (faults.length < TOLD) faults.push(TOO_WIDE);
  };
  for (const [name, { all }] of found) {
    const list = yield* all.inOrder(onTooWide);
    if (list.length > 0) readings.set(name, list);
    yield FIELD_WORK;
  }
  return { readings, samples, faults };
}

/** A request that is being read. */
interface Request {
  readonly template: string;
  readonly found: Map<string, Sequence>;
  readonly memory: RequestMemory;
  series: number;
}

/** What is read of a sequence: its readings, and the series of each field. */
interface Sequence {
  readonly all: AgentReadings<number>;
  readonly fields: Map<string, string>;
}

/** Adds the samples of a series to those of its sequence; gives how many it has, and why they cannot be taken. */
function* addSeries(request: Request, series: Uint8Array): Pieces<{ given: number; why: string | null }> {
  const { labels, samples } = yield* partsOf(series);
  const given = samples.length;
  const place = placeOf(request, labels);
  if (typeof place === 'string') return { given, why: place };
  const { sequence, field } = place;
  for (const [i, one] of samples.entries()) {
    if (i % PIECE === PIECE - 1) {
      request.memory.tell();
      yield PIECE * FIELD_WORK;
    }
    const { t, value } = sampleOf(one);
    if (value === null) continue;
    if (!sequence.all.add(t, { [field]: value }, 1, request.series)) return { given, why: TOO_WIDE };
  }
  return { given, why: null };
}

/** The labels of a series, null if they are too many, and its samples. */
function* partsOf(
  series: Uint8Array,
): Pieces<{ labels: ReadonlyMap<string, string> | null; samples: readonly ProtoField[] }> {
  const labels = new Map<string, string>();
  const samples: ProtoField[] = [];
  let [seen, bytes] = [0, 0];
  for (const one of read(series)) {
    if (++seen % PIECE === 0) yield PIECE * FIELD_WORK;
    if (one.field === SAMPLES) samples.push(one);
    if (one.field !== LABELS) continue;
    bytes += one.bytes?.length ?? 0;
    if (bytes <= MOST_LABELS) labels.set(...labelOf(one));
  }
  return { labels: bytes <= MOST_LABELS ? labels : null, samples };
}

/** Where the samples of a series go; text says why they go nowhere. */
function placeOf(
  { found, template, memory }: Request,
  labels: ReadonlyMap<string, string> | null,
): { sequence: Sequence; field: string } | string {
  if (!labels) return `a series has more than ${MOST_LABELS} bytes of labels`;
  const metric = labels.get(METRIC) ?? '';
  const rest = new Map([...labels].filter(([key]) => key !== METRIC));
  const field = template.includes('{measurement}') ? FIELD : metric;
  let name: string;
  try {
    name = nameOfSeries(template, metric, rest);
  } catch (error) {
    if (error instanceof EddyError) return error.message;
    throw error;
  }
  const sequence = found.get(name) ?? { all: new AgentReadings<number>(memory), fields: new Map() };
  found.set(name, sequence);
  const told = `${metric}{${[...rest].map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}}`;
  const other = sequence.fields.get(field);
  if (other !== undefined && other !== told)
    return `${told} and ${other} are both ${field} of ${name}: put a label that tells them apart into prometheus.name`;
  sequence.fields.set(field, told);
  return { sequence, field };
}

function labelOf({ bytes }: ProtoField): [name: string, value: string] {
  let [name, value] = ['', ''];
  for (const field of read(bytes ?? new Uint8Array(0))) {
    if (field.field === NAME) name = textOf(field);
    if (field.field === VALUE) value = textOf(field);
  }
  return [name, value];
}

/** A sample; null for one that says that its series ends, or that is no number. */
function sampleOf({ bytes }: ProtoField): { t: number; value: number | null } {
  let [t, value]: [number, number | null] = [0, 0];
  for (const { field, number, fixed } of read(bytes ?? new Uint8Array(0))) {
    if (field === NUMBER && fixed === 8) value = number === STALE ? null : doubleOf(number);
    if (field === TIME && fixed === 0) t = wholeNumber(number);
  }
  return { t, value: value === null || !Number.isFinite(value) ? null : value };
}

const scratch = new DataView(new ArrayBuffer(8));
function doubleOf(bits: bigint): number {
  scratch.setBigUint64(0, bits);
  return scratch.getFloat64(0);
}

/** The fields of a message. @throws EddyError `input-invalid` */
function* read(bytes: Uint8Array): Generator<ProtoField> {
  try {
    yield* protoFields(bytes);
  } catch (error) {
    if (!(error instanceof EddyError)) throw error;
    throw new EddyError('input-invalid', error.message.replace('the file', 'the body'));
  }
}
