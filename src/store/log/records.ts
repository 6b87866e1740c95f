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
 *    0  u8   kind: 1 created, 2 steps, 3 targets, 4 configured, 5 reset
 *    1  u56  of steps and targets: the number of the first step; then
 *    8  u32  numbers of x, 0 in a record of targets
 *   12  u32  numbers of the targets, 2^32 - 1 without targets
 *   16       x, then the targets, as float32
 *    4  u32  of the others: length of what follows, their fields as plain data, and zeros up to a multiple of 4
 *
 * The numbers are copied as bytes, so that they come back to the bit.
 */
import { crc32 } from 'node:zlib';
import { EddyError } from '../../errors.js';
import type { Plain } from '../../formats/typed-json.js';
import { plainFromBytes, plainToBytes } from '../../formats/typed-json.js';
import type { LogRecord } from '../store.js';

const MAGIC = 0x4c474445;
const VERSION = 1;
const HEADER_BYTES = 32;
const HEADER_WORDS = HEADER_BYTES / 4;
/** Where the checksum is, and where the bytes it covers continue. */
const CRC_AT = 24;

const KINDS = ['', 'created', 'steps', 'targets', 'configured', 'reset'] as const;
const STEPS = 2;
const TARGETS = 3;
const STEPS_WORDS = 4;
const NO_TARGETS = 0xffff_ffff;
const WORD = 2 ** 32;
/** Words of the first buffer of a chunk: a few records of one step. */
const FIRST_WORDS = 64;

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
    if (record.kind === 'steps') this.appendNumbers(STEPS, record.first, record.x, record.targets);
    else if (record.kind === 'targets') this.appendNumbers(TARGETS, record.first, null, record.targets);
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

  private appendNumbers(
    kind: number,
    first: number,
    x: Float32Array | null,
    targets: Float32Array | null,
  ): void {
    const xLength = x?.length ?? 0;
    const targetsLength = targets?.length ?? 0;
    const at = this.room(STEPS_WORDS + xLength + targetsLength);
    const { words, floats } = this;
    words[at] = kind | ((first % 2 ** 24) << 8);
    words[at + 1] = first / 2 ** 24;
    words[at + 2] = xLength;
    words[at + 3] = targets ? targetsLength : NO_TARGETS;
    // `set` between arrays of one kind copies bytes; a loop would turn signalling NaNs into quiet ones
    if (x) floats.set(x, at + STEPS_WORDS);
    if (targets) floats.set(targets, at + STEPS_WORDS + xLength);
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
  if (kind === STEPS || kind === TARGETS) {
    const body = within(at + STEPS_WORDS);
    const first = (words[at]! >>> 8) + words[at + 1]! * 2 ** 24;
    const targetsAt = within(body + words[at + 2]!);
    const hasTargets = words[at + 3] !== NO_TARGETS;
    const end = hasTargets ? within(targetsAt + words[at + 3]!) : targetsAt;
    const x = new Float32Array(buffer, 4 * body, targetsAt - body);
    const targets = hasTargets ? new Float32Array(buffer, 4 * targetsAt, end - targetsAt) : null;
    if (kind === STEPS) return { record: { kind: 'steps', first, x, targets }, end };
    return {
      record: { kind: 'targets', first, targets: targets ?? damaged('its targets are missing') },
      end,
    };
  }
  const length = words[at + 1]!;
  const end = within(at + 2 + Math.ceil(length / 4));
  const fields = readFields(new Uint8Array(buffer, 4 * (at + 2), length));
  return { record: checkFields(KINDS[kind] ?? '', fields), end };
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
  const { epoch, spec, learning, learningRate, what } = fields;
  if (kind === 'created' && typeof epoch === 'string' && typeof spec === 'object' && spec !== null)
    return { kind, epoch, spec: spec as Plain };
  if (
    kind === 'configured' &&
    typeof learning === 'boolean' &&
    (typeof learningRate === 'number' || learningRate === null)
  )
    return { kind, learning, learningRate };
  if (kind === 'reset' && typeof epoch === 'string' && (what === 'state' || what === 'weights'))
    return { kind, what, epoch };
  return damaged(`it has a record of unknown kind or fields`);
}

function damaged(why: string): never {
  throw new EddyError('store-damaged', why);
}
