/**
 * Records of a log as bytes. Consecutive records share a chunk; all numbers are little-endian, like every machine
 * that the store's native parts are built for. A chunk:
 *
 *    0  u32  0x4c474445, "EDGL"
 *    4  u32  version 1
 *    8  u64  position of the first record
 *   16  u32  records
 *   20  u32  bytes of the records
 *   24  u32  CRC-32 of the bytes before and the records
 *   28  u32  0
 *   32       the records, each on a multiple of 4:
 *
 *    0  u8   kind: 1 created, 4 configured, 5 reset, 6 steps, 7 targets, 8 named; 2 steps and 3 targets of version 0.1
 *    1  u56  of steps and targets: the number of the first step; then
 *    8  u32  numbers of x, 0 in a record of targets
 *   12  u32  numbers of the targets, 2^32 - 1 without targets
 *   16  u32  of kinds 6 and 7: numbers of t
 *   20  u16  flags: 1 x is float32, 2 the targets are float32, because float32 holds all of them
 *   22  u16  0
 *   24  u32  bytes of the keys, 0 without keys
 *   28       t as float64, x and the targets as float64 or float32, the keys as JSON, zeros up to a multiple of 4
 *   16       of kinds 2 and 3: x, then the targets, as float32
 *    4  u32  of the others: length of what follows, their fields as plain data, and zeros up to a multiple of 4
 *
 * Numbers come back to the bit.
 */
import { crc32 } from 'node:zlib';
import { EddyError } from '../../errors.js';
import type { Plain } from '../../formats/typed-json.js';
import { plainFromBytes, plainToBytes } from '../../formats/typed-json.js';
import type { LogRecord, StepKey } from '../store.js';

const MAGIC = 0x4c474445;
const VERSION = 1;
const HEADER_BYTES = 32;
const HEADER_WORDS = HEADER_BYTES / 4;
/** Where the checksum is, and where the bytes it covers continue. */
const CRC_AT = 24;

const KINDS = ['', 'created', '', '', 'configured', 'reset', '', '', 'named'] as const;
/** Steps and targets of version 0.1, of float32 and without times. */
const OLD_STEPS = 2;
const OLD_TARGETS = 3;
const OLD_HEAD = 4;
const STEPS = 6;
const TARGETS = 7;
const HEAD = 7;
const NARROW_X = 1;
const NARROW_TARGETS = 2;
const NO_TARGETS = 0xffff_ffff;
const WORD = 2 ** 32;
/** Words of the first buffer of a chunk: a few records of one step. */
const FIRST_WORDS = 64;

/** Up to this many numbers, a loop is faster than a view of their words. */
const FEW = 16;
/** One float64, and its words. */
const DOUBLE = new Float64Array(1);
const DOUBLE_WORDS = new Uint32Array(DOUBLE.buffer);

/** The checksum of a chunk: of all its bytes except the checksum itself. */
const checksum = (bytes: Uint8Array): number =>
  crc32(bytes.subarray(HEADER_BYTES), crc32(bytes.subarray(0, CRC_AT)));

/** Gathers consecutive records in a chunk. */
export class ChunkWriter {
  private words = new Uint32Array(0);
  private floats = new Float32Array(0);
  private used = HEADER_WORDS;
  private records = 0;

  get count(): number {
    return this.records;
  }

  get byteLength(): number {
    return 4 * this.used;
  }

  append(record: LogRecord): void {
    if (record.kind === 'steps') this.appendNumbers(STEPS, record);
    else if (record.kind === 'targets') this.appendNumbers(TARGETS, record);
    else this.appendFields(record);
    this.records++;
  }

  /** Gives the chunk and begins the next one. Its bytes never change again. */
  seal(first: number): Uint8Array<ArrayBuffer> {
    const { words, used } = this;
    words[0] = MAGIC;
    words[1] = VERSION;
    words[2] = first;
    words[3] = first / WORD;
    words[4] = this.records;
    words[5] = 4 * (used - HEADER_WORDS);
    const bytes = new Uint8Array(words.buffer, 0, 4 * used);
    words[6] = checksum(bytes);
    this.words = new Uint32Array(0);
    this.floats = new Float32Array(0);
    this.used = HEADER_WORDS;
    this.records = 0;
    return bytes;
  }

  private appendNumbers(kind: number, { first, t, x, targets, keys }: Numbers): void {
    const [isNarrow, isNarrowTarget] = [isFloat32(x), isFloat32(targets)];
    const keyBytes = keys && keys.length > 0 ? new TextEncoder().encode(JSON.stringify(keys)) : null;
    const [tLength, xLength, targetsLength] = [t?.length ?? 0, x?.length ?? 0, targets?.length ?? 0];
    const xAt = HEAD + 2 * tLength;
    const targetsAt = xAt + (isNarrow ? 1 : 2) * xLength;
    const keysAt = targetsAt + (isNarrowTarget ? 1 : 2) * targetsLength;
    const at = this.room(keysAt + Math.ceil((keyBytes?.length ?? 0) / 4));
    const { words } = this;
    words[at] = kind | ((first % 2 ** 24) << 8);
    words[at + 1] = first / 2 ** 24;
    words[at + 2] = xLength;
    words[at + 3] = targets ? targetsLength : NO_TARGETS;
    words[at + 4] = tLength;
    words[at + 5] = (isNarrow ? NARROW_X : 0) | (isNarrowTarget ? NARROW_TARGETS : 0);
    words[at + 6] = keyBytes?.length ?? 0;
    if (t) this.put(t, at + HEAD, false);
    if (x) this.put(x, at + xAt, isNarrow);
    if (targets) this.put(targets, at + targetsAt, isNarrowTarget);
    if (keyBytes) new Uint8Array(words.buffer, 4 * (at + keysAt)).set(keyBytes);
  }

  private put(values: Float64Array, at: number, isNarrow: boolean): void {
    const { words, floats } = this;
    const { length } = values;
    if (isNarrow) for (let i = 0; i < length; i++) floats[at + i] = values[i]!;
    else if (length > FEW) words.set(new Uint32Array(values.buffer, values.byteOffset, 2 * length), at);
    else
      for (let i = 0; i < length; i++) {
        DOUBLE[0] = values[i]!;
        words[at + 2 * i] = DOUBLE_WORDS[0]!;
        words[at + 2 * i + 1] = DOUBLE_WORDS[1]!;
      }
  }

  private appendFields({ kind, ...fields }: Exclude<LogRecord, { kind: 'steps' | 'targets' }>): void {
    const bytes = plainToBytes(fields);
    const at = this.room(2 + Math.ceil(bytes.length / 4));
    this.words[at] = KINDS.indexOf(kind);
    this.words[at + 1] = bytes.length;
    new Uint8Array(this.words.buffer, 4 * (at + 2)).set(bytes);
  }

  /** Makes room for a number of words, and gives their offset. */
  private room(count: number): number {
    const at = this.used;
    this.used += count;
    if (this.used > this.words.length) {
      const before = this.words;
      let length = Math.max(FIRST_WORDS, before.length);
      while (length < this.used) length *= 2;
      this.words = new Uint32Array(length);
      this.words.set(before);
      this.floats = new Float32Array(this.words.buffer);
    }
    return at;
  }
}

/** What records of steps and of targets hold. */
interface Numbers {
  readonly first: number;
  readonly t?: Float64Array | null;
  readonly x?: Float64Array | null;
  readonly targets: Float64Array | null;
  readonly keys?: readonly StepKey[] | null;
}

/** Does float32 hold all of them, to the bit? A NaN has bits of its own, which a conversion may change. */
function isFloat32(values: Float64Array | null | undefined): boolean {
  for (let i = 0; i < (values?.length ?? 0); i++) if (Math.fround(values![i]!) !== values![i]) return false;
  return true;
}

/**
 * Reads the records of a chunk.
 *
 * @param first the position its first record must have
 * @param count how many records it must have
 * @throws EddyError `store-damaged`, which says what is wrong
 */
export function readChunk(bytes: Uint8Array, first: number, count: number): LogRecord[] {
  if (bytes.length < HEADER_BYTES)
    damaged(`it has ${bytes.length} bytes; its header alone takes ${HEADER_BYTES}`);
  const copy = new Uint8Array(bytes.length - (bytes.length % 4));
  copy.set(bytes.subarray(0, copy.length));
  const words = new Uint32Array(copy.buffer);
  if (words[0] !== MAGIC) damaged('it does not start like a chunk of records');
  if (words[1] !== VERSION) damaged(`it has version ${words[1]}; this version of Eddy reads ${VERSION}`);
  if (words[5] !== bytes.length - HEADER_BYTES)
    damaged(`its header announces ${words[5]} bytes of records; it has ${bytes.length - HEADER_BYTES}`);
  if (words[6] !== checksum(copy) || words[7] !== 0) damaged('its checksum does not match');
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
