/**
 * A request of Prometheus' remote write 1.0, to readings of sequences: series are told from their labels by a template, and samples of
 * one sequence and time are one reading.
 *
 * Source: Prometheus Remote-Write 1.0, prompb/remote.proto and types.proto.
 */
import { EddyError } from '../../errors.js';
import { type ProtoField, protoFields, textOf, wholeNumber } from '../../formats/protobuf.js';
import { nameOfSeries } from '../influx/series-names.js';

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

export interface SampleReading {
  /** Milliseconds since 1970. */
  readonly t: number;
  readonly values: Record<string, number>;
}

export interface ReadWrite {
  /** Readings by the name of their sequence, in the order of their times. */
  readonly readings: ReadonlyMap<string, readonly SampleReading[]>;
  readonly samples: number;
  /** Series whose name leads to no sequence, and why. */
  readonly faults: readonly string[];
}

type Values = Record<string, number>;

/** The most series of one request: a Prometheus sends a few thousand samples at once. */
const MOST_SERIES = 10_000;
/** How many faults are told of. */
const TOLD = 100;

/**
 * Reads a request, a series in each piece; each gives what it cost, in multiply-adds.
 *
 * @param template over the labels, `{measurement}` for the name of the metric. @throws EddyError `input-invalid`
 */
export function* readWriteRequest(body: Uint8Array, template: string): Generator<number, ReadWrite, void> {
  const found = new Map<string, Sequence>();
  const faults: string[] = [];
  const isOfOneMetric = template.includes('{measurement}');
  let [samples, count] = [0, 0];
  for (const series of messages(body, SERIES)) {
    if (++count > MOST_SERIES)
      throw new EddyError('input-invalid', `the request has more than ${MOST_SERIES} series`);
    yield SERIES_WORK + series.length * BYTE_WORK;
    const fields = [...read(series)];
    const labels = new Map(fields.filter(({ field }) => field === LABELS).map(labelOf));
    const metric = labels.get(METRIC) ?? '';
    labels.delete(METRIC);
    const given = fields.filter(({ field }) => field === SAMPLES);
    samples += given.length;
    const why = addSeries(found, template, { metric, labels, field: isOfOneMetric ? FIELD : metric, given });
    if (why !== null && faults.length < TOLD) faults.push(why);
  }
  return { readings: inOrder(found), samples, faults };
}

/** What a series, and a byte of it, costs. */
const [SERIES_WORK, BYTE_WORK] = [2 ** 14, 2 ** 8];

/** What is read of a sequence: its values by their times, and the series of each field. */
interface Sequence {
  readonly times: Map<number, Values>;
  readonly fields: Map<string, string>;
}

interface GivenSeries {
  readonly metric: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly field: string;
  readonly given: readonly ProtoField[];
}

/** Adds the samples of a series to those of its sequence; gives why it cannot. */
function addSeries(
  found: Map<string, Sequence>,
  template: string,
  { metric, labels, field, given }: GivenSeries,
): string | null {
  let name: string;
  try {
    name = nameOfSeries(template, metric, labels);
  } catch (error) {
    if (error instanceof EddyError) return error.message;
    throw error;
  }
  const sequence: Sequence = found.get(name) ?? { times: new Map(), fields: new Map() };
  found.set(name, sequence);
  const series = `${metric}{${[...labels].map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}}`;
  const other = sequence.fields.get(field);
  if (other !== undefined && other !== series)
    return `${series} and ${other} are both ${field} of ${name}: put a label that tells them apart into prometheus.name`;
  sequence.fields.set(field, series);
  for (const one of given) {
    const { t, value } = sampleOf(one);
    if (value === null) continue;
    const values: Values = sequence.times.get(t) ?? Object.create(null);
    values[field] = value;
    sequence.times.set(t, values);
  }
  return null;
}

function inOrder(found: ReadonlyMap<string, Sequence>): Map<string, SampleReading[]> {
  const readings = new Map<string, SampleReading[]>();
  for (const [name, { times }] of found) {
    const list = [...times].map(([t, values]) => ({ t, values })).sort((a, b) => a.t - b.t);
    if (list.length > 0) readings.set(name, list);
  }
  return readings;
}

function* messages(bytes: Uint8Array, wanted: number): Generator<Uint8Array> {
  for (const { field, bytes: inner } of read(bytes)) if (field === wanted && inner) yield inner;
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
