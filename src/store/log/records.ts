/** Writes records of a log as bytes, laid out as record-layout.ts says. */
import { plainToBytes } from '../../formats/typed-json.js';
import type { LogRecord, StepKey } from '../store.js';
import {
  checksum,
  HEAD,
  HEADER_WORDS,
  KINDS,
  MAGIC,
  NARROW_TARGETS,
  NARROW_X,
  NO_TARGETS,
  STEPS,
  TARGETS,
  VERSION,
  WORD,
} from './record-layout.js';

/** Words of the first buffer of a chunk: a few records of one step. */
const FIRST_WORDS = 64;

/** Up to this many numbers, a loop is faster than a view of their words. */
const FEW = 16;
/** One float64, and its words. */
const DOUBLE = new Float64Array(1);
const DOUBLE_WORDS = new Uint32Array(DOUBLE.buffer);

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

  /** Gives the chunk, which says to which sequence it belongs if that has an id, and begins the next one. Its bytes never change again. */
  seal(first: number, id = ''): Uint8Array<ArrayBuffer> {
    const { words, used } = this;
    words[0] = MAGIC;
    words[1] = VERSION;
    words[2] = first;
    words[3] = first / WORD;
    words[4] = this.records;
    words[5] = 4 * (used - HEADER_WORDS);
    const bytes = new Uint8Array(words.buffer, 0, 4 * used);
    words[6] = checksum(bytes, id);
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
