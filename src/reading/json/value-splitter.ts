/** Text of JSON values, one after the other or as the items of one array, to the text of each as soon as it has ended. */
import { EddyError } from '../../errors.js';
import type { Line } from '../text/line-splitter.js';

/** Characters of a value, at most. */
const MAX_VALUE = 1 << 20;

export class ValueSplitter {
  private text = '';
  private at = 0;
  /** Where the value begins that is being scanned, or -1. */
  private from = -1;
  private number = 1;
  private fromNumber = 1;
  private depth = 0;
  private isInText = false;
  private isEscaped = false;
  /** Do the values lie in an array? */
  private isInArray = false;
  private hasEnded = false;

  push(text: string): void {
    const kept = this.from < 0 ? this.at : this.from;
    this.text = this.text.slice(kept) + text;
    this.at -= kept;
    if (this.from >= 0) this.from = 0;
  }

  end(): void {
    this.hasEnded = true;
  }

  /** Gives the next value that has ended, or null. @throws EddyError `input-invalid` if the text ends within one */
  next(): Line | null {
    for (; this.at < this.text.length; this.at++) {
      const sign = this.text[this.at]!;
      if (sign === '\n') this.number++;
      if (this.isInText) this.scanText(sign);
      else if (sign === '"') this.isInText = true;
      else if (sign === '{' || sign === '[') this.open(sign);
      else if ((sign === '}' || sign === ']') && this.close()) return this.take();
      if (this.from >= 0 && this.at - this.from > MAX_VALUE)
        throw new EddyError(
          'input-invalid',
          `line ${this.fromNumber}: a value has more than ${MAX_VALUE} characters`,
        );
    }
    if (this.hasEnded && (this.depth > 0 || this.isInArray))
      throw new EddyError('input-invalid', `line ${this.number}: the file ends before its JSON does`);
    return null;
  }

  private scanText(sign: string): void {
    if (this.isEscaped) this.isEscaped = false;
    else if (sign === '\\') this.isEscaped = true;
    else if (sign === '"') this.isInText = false;
  }

  private open(sign: string): void {
    if (this.depth === 0 && sign === '[' && !this.isInArray) {
      this.isInArray = true;
      return;
    }
    if (this.depth++ > 0) return;
    this.from = this.at;
    this.fromNumber = this.number;
  }

  /** Tells whether a value ends here. */
  private close(): boolean {
    if (this.depth === 0) this.isInArray = false;
    else this.depth--;
    return this.depth === 0 && this.from >= 0;
  }

  private take(): Line {
    const text = this.text.slice(this.from, ++this.at);
    this.from = -1;
    return { number: this.fromNumber, text, hasQuotes: true };
  }
}
