/** A place in the bytes of lines, and what can be read there: numbers, words, times, all without a string where it is usual. */
import { LineFault } from './series-table.js';

const [TAB, LF, CR, SPACE, QUOTE, COMMA, MINUS, PLUS, DOT, NINE, ZERO, BACKSLASH] = [
  9, 10, 13, 32, 34, 44, 45, 43, 46, 57, 48, 92,
];
const [LETTER_I, LETTER_U] = [105, 117];
/** Powers of ten that float64 holds exactly. */
const TENS = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));
/** The most digits that float64 holds exactly. */
const DIGITS = 15;

const WORDS: Readonly<Record<string, boolean>> = {
  t: true,
  T: true,
  true: true,
  True: true,
  TRUE: true,
  f: false,
  F: false,
  false: false,
  False: false,
  FALSE: false,
};

export class LineCursor {
  protected bytes: Buffer = Buffer.alloc(0);
  protected at = 0;
  protected lineStart = 0;
  /** Was the value that was read last text? */
  protected isText = false;
  /** Ends of lines within texts of the line that is being read. */
  protected newlines = 0;

  /** Reads a value; text is left out, and `isText` says so. */
  protected readValue(): number | boolean {
    this.isText = false;
    const { bytes, at: start } = this;
    let at = start;
    let byte = bytes[at];
    if (byte === QUOTE) return this.skipText();
    const isNegative = byte === MINUS;
    if (isNegative || byte === PLUS) byte = bytes[++at];
    let digits = 0;
    let mantissa = 0;
    let decimals = 0;
    for (; byte !== undefined && byte >= ZERO && byte <= NINE; byte = bytes[++at]) {
      mantissa = mantissa * 10 + (byte - ZERO);
      digits++;
    }
    if (byte === DOT)
      for (byte = bytes[++at]; byte !== undefined && byte >= ZERO && byte <= NINE; byte = bytes[++at]) {
        mantissa = mantissa * 10 + (byte - ZERO);
        digits++;
        decimals++;
      }
    const isWhole = byte === LETTER_I || (byte === LETTER_U && !isNegative);
    if (isWhole && decimals === 0) byte = bytes[++at];
    if (digits > 0 && digits <= DIGITS && ends(byte)) {
      this.at = at;
      const value = decimals === 0 ? mantissa : mantissa / TENS[decimals]!;
      return isNegative ? -value : value;
    }
    return this.readOddValue(start, isWhole);
  }

  /** A number with many digits or an exponent, or a word. */
  private readOddValue(start: number, isWhole: boolean): number | boolean {
    const { bytes } = this;
    let at = start;
    while (!ends(bytes[at])) at++;
    this.at = at;
    const text = bytes.toString('latin1', start, at);
    const word = WORDS[text];
    if (word !== undefined) return word;
    const digits = isWhole ? text.slice(0, -1) : text;
    const form = isWhole ? /^[+-]?\d+$/ : /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
    const value = form.test(digits) ? Number(digits) : Number.NaN;
    if (Number.isFinite(value)) return value;
    throw new LineFault(
      start,
      `${this.shown(start, at)} is no value: a number, 5i, 5u, true, false, or text in double quotes`,
    );
  }

  private skipText(): number {
    const { bytes, at: start } = this;
    let at = start + 1;
    let newlines = 0;
    for (; ; at++) {
      const byte = bytes[at];
      if (byte === BACKSLASH && bytes[at + 1] !== LF) at++;
      else if (byte === QUOTE) break;
      else if (byte === LF) newlines++;
      else if (byte === undefined)
        throw new LineFault(start, 'the text is not closed: a double quote is missing');
    }
    const end = at + 1;
    // `at` stays: the lines that such a text runs over are read by themselves
    if (!ends(bytes[end]))
      throw new LineFault(
        end,
        `after text come a comma, a space or the end, not ${this.shown(end, end + 1)}`,
      );
    this.newlines += newlines;
    this.at = end;
    this.isText = true;
    return 0;
  }

  /** Reads the time, if there is one. */
  protected readTime(scale: number): number {
    const { bytes, at: start } = this;
    let at = start;
    let byte = bytes[at];
    if (byte === LF || byte === CR || byte === undefined) return Number.NaN;
    const isNegative = byte === MINUS;
    if (isNegative) byte = bytes[++at];
    // times of nanoseconds have more digits than float64: the last six are the fraction of a millisecond
    const digitsAt = at;
    while (byte !== undefined && byte >= ZERO && byte <= NINE) byte = bytes[++at];
    if (at === digitsAt || !(byte === undefined || byte === LF || byte === CR || byte === SPACE))
      throw new LineFault(start, `${this.shown(start, at + 1)} is no time: it is a whole number`);
    const cut = scale === 1e-6 ? 6 : scale === 1e-3 ? 3 : 0;
    const whole = this.wholeOf(digitsAt, Math.max(digitsAt, at - cut));
    const rest = this.wholeOf(Math.max(digitsAt, at - cut), at);
    this.at = at;
    const t = cut === 0 ? whole * scale : whole + rest / TENS[cut]!;
    return isNegative ? -t : t;
  }

  private wholeOf(from: number, to: number): number {
    let value = 0;
    for (let at = from; at < to; at++) value = value * 10 + (this.bytes[at]! - ZERO);
    return value;
  }

  protected skipSpaces(): void {
    while (this.bytes[this.at] === SPACE || this.bytes[this.at] === TAB) this.at++;
  }

  protected skipLine(): void {
    const end = this.bytes.indexOf(LF, Math.max(this.at, this.lineStart));
    this.at = end < 0 ? this.bytes.length : end + 1;
  }

  protected shown(from: number, to: number): string {
    return JSON.stringify(this.bytes.toString('utf8', from, Math.min(to, from + 40)));
  }
}

const ends = (byte: number | undefined): boolean =>
  byte === COMMA || byte === SPACE || byte === LF || byte === CR || byte === undefined || byte === TAB;
