/** A place in the bytes of lines, and what can be read there: numbers, words, times, all without a string where it is usual. */
import { LineFault } from './line-fault.js';

const [TAB, LF, CR, SPACE, QUOTE, COMMA, MINUS, PLUS, DOT, NINE, ZERO, BACKSLASH] = [
  9, 10, 13, 32, 34, 44, 45, 43, 46, 57, 48, 92,
];
const [LETTER_I, LETTER_U] = [105, 117];
/** Powers of ten that float64 holds exactly. */
const TENS = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));
/** The most digits that float64 holds exactly. */
const DIGITS = 15;

/** The most bytes of the texts of one line. */
const MOST_TEXT = 2 ** 20;

const WORDS: ReadonlyMap<string, boolean> = new Map([
  ...['t', 'T', 'true', 'True', 'TRUE'].map((word) => [word, true] as const),
  ...['f', 'F', 'false', 'False', 'FALSE'].map((word) => [word, false] as const),
]);
/** The most bytes of a number or a word, and the most digits of a time. */
const [MOST_VALUE, MOST_TIME] = [400, 30];

export class LineCursor {
  protected at = 0;
  protected lineStart = 0;
  /** Was the value that was read last text? */
  protected isText = false;
  /** Ends of lines within texts of the line that is being read. */
  protected newlines = 0;
  /** Bytes of the texts of that line. */
  protected textBytes = 0;

  constructor(protected readonly bytes: Buffer) {}

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
    const most = start + MOST_VALUE;
    while (at < most && !ends(bytes[at])) at++;
    if (at === most) throw new LineFault(start, `${this.shown(start, at)}… is too long for a number`);
    this.at = at;
    const text = bytes.toString('latin1', start, at);
    const word = WORDS.get(text);
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
    const most = start + MOST_TEXT - this.textBytes;
    for (; at < most; at++) {
      const byte = bytes[at];
      if (byte === BACKSLASH && bytes[at + 1] !== LF) at++;
      else if (byte === QUOTE) break;
      else if (byte === LF) newlines++;
      else if (byte === undefined)
        throw new LineFault(start, 'the text is not closed: a double quote is missing');
    }
    if (at >= most)
      throw new LineFault(
        start,
        `the text is not closed, or the texts of the line have over ${MOST_TEXT} bytes`,
      );
    const end = at + 1;
    // `at` stays: the lines that such a text runs over are read by themselves
    if (!ends(bytes[end]))
      throw new LineFault(
        end,
        `after text come a comma, a space or the end, not ${this.shown(end, end + 1)}`,
      );
    this.newlines += newlines;
    this.textBytes += end - start;
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
    const most = at + MOST_TIME;
    while (at < most && byte !== undefined && byte >= ZERO && byte <= NINE) byte = bytes[++at];
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
