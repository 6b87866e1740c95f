/** Reads records of a log out of their bytes, laid out as record-layout.ts says. */
import { EddyError } from '../../errors.js';
import { type Plain, plainFromBytes } from '../../formats/typed-json.js';
import type { LogRecord, StepKey } from '../store.js';
import {
  checksum,
  HEAD,
  HEADER_BYTES,
  HEADER_WORDS,
  KINDS,
  MAGIC,
  NARROW_TARGETS,
  NARROW_X,
  NO_TARGETS,
  OLD_HEAD,
  OLD_STEPS,
  OLD_TARGETS,
  OLD_VERSION,
  STEPS,
  TARGETS,
  VERSION,
  WORD,
} from './record-layout.js';

/**
 * Reads the records of a chunk.
 *
 * @param first the position its first record must have
 * @param count how many records it must have
 * @param id that of the sequence it must belong to, if that has one
 * @throws EddyError `store-damaged`, which says what is wrong
 */
export function readChunk(bytes: Uint8Array, first: number, count: number, id = ''): LogRecord[] {
  if (bytes.length < HEADER_BYTES)
    damaged(`it has ${bytes.length} bytes; its header alone takes ${HEADER_BYTES}`);
  const copy = new Uint8Array(bytes.length - (bytes.length % 4));
  copy.set(bytes.subarray(0, copy.length));
  const words = new Uint32Array(copy.buffer);
  if (words[0] !== MAGIC) damaged('it does not start like a chunk of records');
  if (words[1] !== VERSION && words[1] !== OLD_VERSION)
    damaged(`it has version ${words[1]}; this version of Eddy reads ${OLD_VERSION} and ${VERSION}`);
  if (words[5] !== bytes.length - HEADER_BYTES)
    damaged(`its header announces ${words[5]} bytes of records; it has ${bytes.length - HEADER_BYTES}`);
  if (words[6] !== checksum(copy, words[1] === OLD_VERSION ? '' : id) || words[7] !== 0)
    damaged('its checksum does not match');
  if (words[2]! + words[3]! * WORD !== first || words[4] !== count)
    damaged(
      `it holds ${words[4]} records from ${words[2]! + words[3]! * WORD} on, not ${count} from ${first} on`,
    );
  const records: LogRecord[] = [];
  let at = HEADER_WORDS;
  for (let i = 0; i < count; i++) {
    const { record, end } = readRecord(copy.buffer, words, at);
    records.push(record);
    at = end;
  }
  if (at !== words.length) damaged('bytes follow its last record');
  return records;
}

function readRecord(buffer: ArrayBuffer, words: Uint32Array, at: number): { record: LogRecord; end: number } {
  const within = (end: number) => (end <= words.length ? end : damaged('a record extends beyond its end'));
  within(at + 2);
  const kind = words[at]! & 0xff;
  const first = (words[at]! >>> 8) + words[at + 1]! * 2 ** 24;
  if (kind === OLD_STEPS || kind === OLD_TARGETS) {
    const body = within(at + OLD_HEAD);
    const targetsAt = within(body + words[at + 2]!);
    const hasTargets = words[at + 3] !== NO_TARGETS;
    const end = hasTargets ? within(targetsAt + words[at + 3]!) : targetsAt;
    const x = realsAt(buffer, body, targetsAt - body, true);
    const targets = hasTargets ? realsAt(buffer, targetsAt, end - targetsAt, true) : null;
    return { record: stepsOr(kind === OLD_STEPS, { first, t: null, x, targets }), end };
  }
  if (kind === STEPS || kind === TARGETS) {
    within(at + HEAD);
    const [xLength, targetsLength, tLength, flags, keyBytes] = words.subarray(at + 2, at + HEAD);
    const hasTargets = targetsLength !== NO_TARGETS;
    const xAt = within(at + HEAD + 2 * tLength!);
    const targetsAt = within(xAt + xLength! * (flags! & NARROW_X ? 1 : 2));
    const keysAt = within(targetsAt + (hasTargets ? targetsLength! * (flags! & NARROW_TARGETS ? 1 : 2) : 0));
    const end = within(keysAt + Math.ceil(keyBytes! / 4));
    const t = tLength! > 0 ? realsAt(buffer, at + HEAD, tLength!, false) : null;
    const x = realsAt(buffer, xAt, xLength!, (flags! & NARROW_X) !== 0);
    const targets = hasTargets
      ? realsAt(buffer, targetsAt, targetsLength!, (flags! & NARROW_TARGETS) !== 0)
      : null;
    const record = stepsOr(kind === STEPS, { first, t, x, targets });
    if (keyBytes === 0) return { record, end };
    const keys = readKeys(new Uint8Array(buffer, 4 * keysAt, keyBytes));
    return { record: record.kind === 'steps' ? { ...record, keys } : record, end };
  }
  const length = words[at + 1]!;
  const end = within(at + 2 + Math.ceil(length / 4));
  const fields = readFields(new Uint8Array(buffer, 4 * (at + 2), length));
  return { record: checkFields(KINDS[kind] ?? '', fields), end };
}

/** Reads numbers at a word, which need not lie where float64 may. */
function realsAt(buffer: ArrayBuffer, at: number, length: number, isNarrow: boolean): Float64Array {
  if (isNarrow) return Float64Array.from(new Float32Array(buffer, 4 * at, length));
  return new Float64Array(buffer.slice(4 * at, 4 * at + 8 * length));
}

function stepsOr(
  isSteps: boolean,
  {
    first,
    t,
    x,
    targets,
  }: { first: number; t: Float64Array | null; x: Float64Array; targets: Float64Array | null },
): Extract<LogRecord, { kind: 'steps' | 'targets' }> {
  if (isSteps) return { kind: 'steps', first, t, x, targets };
  return { kind: 'targets', first, targets: targets ?? damaged('its targets are missing') };
}

function readKeys(bytes: Uint8Array): readonly StepKey[] {
  try {
    const keys: unknown = JSON.parse(new TextDecoder().decode(bytes));
    const isKey = (key: unknown): key is StepKey =>
      Array.isArray(key) &&
      typeof key[0] === 'string' &&
      Number.isInteger(key[1]) &&
      Number.isInteger(key[2]);
    if (Array.isArray(keys) && keys.every(isKey)) return keys;
  } catch {
    // told below
  }
  return damaged('the keys of a record cannot be read');
}

function readFields(bytes: Uint8Array): Plain {
  try {
    return plainFromBytes(bytes);
  } catch (cause) {
    throw new EddyError('store-damaged', `the fields of a record cannot be read: ${String(cause)}`, {
      cause,
    });
  }
}

function checkFields(kind: string, fields: Plain): LogRecord {
  const { epoch, spec, schema, learning, learningRate, what } = fields;
  if (kind === 'created' && typeof epoch === 'string' && typeof spec === 'object' && spec !== null)
    return { kind, epoch, spec: spec as Plain, ...(isPlain(schema) && { schema }) };
  if (
    kind === 'configured' &&
    typeof learning === 'boolean' &&
    (typeof learningRate === 'number' || learningRate === null)
  )
    return { kind, learning, learningRate };
  if (kind === 'named' && isPlain(schema)) return { kind, schema };
  if (kind === 'reset' && typeof epoch === 'string' && (what === 'state' || what === 'weights'))
    return { kind, what, epoch };
  return damaged(`it has a record of unknown kind or fields`);
}

const isPlain = (value: unknown): value is Plain => typeof value === 'object' && value !== null;

function damaged(why: string): never {
  throw new EddyError('store-damaged', why);
}
