/** Bytes to text: UTF-8, UTF-16 with or without a mark, and Windows-1252 for bytes that are no UTF-8. */
import { EddyError } from '../../errors.js';

/** What begins a file that is no text. */
const SIGNATURES = [
  ['PK\u0003\u0004', 'a zip or an Excel file; save it as CSV'],
  ['PAR1', 'a Parquet file; save it as CSV'],
  ['SQLi', 'a database; export its table as CSV'],
  ['\u00d0\u00cf\u0011\u00e0', 'an Excel file; save it as CSV'],
] as const;

export class TextDecoding {
  private decoder: TextDecoder | null = null;
  private isUtf8 = false;
  private held: Uint8Array = new Uint8Array(0);

  /** Gives the text of what has come so far. @throws EddyError `input-invalid` if this is no text */
  push(bytes: Uint8Array, isEnd = false): string {
    const all = this.held.length === 0 ? bytes : joined(this.held, bytes);
    this.held = new Uint8Array(0);
    if (this.decoder === null) {
      const encoding = encodingOf(all, isEnd);
      if (encoding === null) {
        this.held = all;
        return '';
      }
      this.isUtf8 = encoding === 'utf-8';
      this.decoder = new TextDecoder(encoding, { fatal: this.isUtf8, ignoreBOM: this.isUtf8 });
    }
    return this.decoded(all, isEnd);
  }

  end(): string {
    return this.push(new Uint8Array(0), true);
  }

  private decoded(bytes: Uint8Array, isEnd: boolean): string {
    const decoder = this.decoder!;
    if (!this.isUtf8) return decoder.decode(bytes, { stream: !isEnd });
    const whole = isEnd ? bytes.length : bytes.length - unfinished(bytes);
    this.held = bytes.slice(whole);
    const ready = bytes.subarray(0, whole);
    try {
      return decoder.decode(ready);
    } catch {
      return mixed(ready);
    }
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** Tells the encoding by the first bytes, or null if they are too few. */
function encodingOf(bytes: Uint8Array, isEnd: boolean): string | null {
  const [a, b, c, d] = bytes;
  if (a === 0xff && b === 0xfe) return 'utf-16le';
  if (a === 0xfe && b === 0xff) return 'utf-16be';
  if (bytes.length < 4 && !isEnd && !bytes.subarray(0, 2).includes(10)) return null;
  if (a !== 0 && b === 0 && (d === 0 || d === undefined)) return 'utf-16le';
  if (a === 0 && b !== 0 && c === 0) return 'utf-16be';
  const head = String.fromCharCode(...bytes.subarray(0, 4));
  const [, what] = SIGNATURES.find(([signature]) => signature === head) ?? [];
  if (what) throw new EddyError('input-invalid', `this is ${what}`);
  return 'utf-8';
}

/** How many bytes a character of UTF-8 has that begins with `byte`; 1 if none does. */
const lengthOf = (byte: number) =>
  byte >= 0xf0 ? (byte < 0xf5 ? 4 : 1) : byte >= 0xe0 ? 3 : byte >= 0xc2 ? 2 : 1;

const isContinuation = (byte: number | undefined) => byte !== undefined && (byte & 0xc0) === 0x80;

/** How many bytes at the end may begin a character that goes on. */
function unfinished(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if (!isContinuation(byte)) return lengthOf(byte) > back ? back : 0;
  }
  return 0;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const western = new TextDecoder('windows-1252');

/** Decodes UTF-8 between bytes that are none. */
function mixed(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; ) {
    const length = lengthOf(bytes[i]!);
    const sign = bytes.subarray(i, i + length);
    const part = length > 1 ? characterOf(sign) : null;
    if (part !== null) {
      text += part;
      i += length;
    } else {
      text += bytes[i]! < 0x80 ? String.fromCharCode(bytes[i]!) : western.decode(bytes.subarray(i, i + 1));
      i++;
    }
  }
  return text;
}

function characterOf(sign: Uint8Array): string | null {
  try {
    return utf8.decode(sign);
  } catch {
    return null;
  }
}
