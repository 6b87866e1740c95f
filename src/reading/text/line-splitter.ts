/** Text in chunks to lines, each as soon as it has ended. A quoted cell may hold line ends. */
import { EddyError } from '../../errors.js';

export interface Line {
  /** Number of the line, or of the first of several, from 1. */
  readonly number: number;
  readonly text: string;
  readonly hasQuotes: boolean;
  readonly fault?: string;
}

/** Characters of a line, and of one that quotes hold together, at most. */
const MAX_LINE = 1 << 20;
const MAX_QUOTED = 1 << 16;

const [QUOTE, LF, CR, SPACE] = [34, 10, 13, 32];

export class LineSplitter {
  /** After which of these characters a quote opens a cell; null if quotes hold no lines together. */
  delimiters: string | null = ',;\t|';
  private text = '';
  private start = 0;
  private number = 1;
  private hasEnded = false;
  /** The last line ended with CR, so that an LF belongs to it. */
  private isAfterCr = false;
  /** Where the next ones are; -1 if not looked for, the length of the text if there is no other. */
  private readonly found = { quote: -1, lf: -1, cr: -1 };

  push(text: string): void {
    this.text = this.text.slice(this.start) + text;
    this.start = 0;
    this.found.quote = this.found.lf = this.found.cr = -1;
  }

  end(): void {
    this.hasEnded = true;
  }

  /** Gives the next line that has ended, or null. @throws EddyError `input-invalid` if a line is too long */
  next(): Line | null {
    if (this.isAfterCr && this.start < this.text.length) {
      if (this.text.charCodeAt(this.start) === LF) this.start++;
      this.isAfterCr = false;
    }
    const { text, start } = this;
    const end = Math.min(this.find('lf', '\n'), this.find('cr', '\r'));
    if (this.delimiters !== null && this.find('quote', '"') < end)
      return this.nextQuoted(end, this.delimiters);
    this.checkLength(end);
    if (end < text.length) return this.take(end, false);
    return this.hasEnded && start < text.length ? this.take(end, false) : null;
  }

  private find(what: keyof LineSplitter['found'], sign: string): number {
    if (this.found[what] < this.start) {
      const at = this.text.indexOf(sign, this.start);
      this.found[what] = at < 0 ? this.text.length : at;
    }
    return this.found[what];
  }

  private nextQuoted(lineEnd: number, delimiters: string): Line | null {
    const { text, start } = this;
    const limit = Math.min(text.length, start + MAX_QUOTED);
    let isOpen = false;
    let opens = true;
    for (let i = start; i < limit; i++) {
      const sign = text.charCodeAt(i);
      if (sign === QUOTE && (isOpen || opens)) isOpen = !isOpen;
      else if (!isOpen && (sign === LF || sign === CR)) return this.take(i, true);
      // a doubled quote closes and opens again
      opens = sign === QUOTE ? !isOpen && opens : (sign === SPACE && opens) || delimiters.includes(text[i]!);
    }
    const isOver = text.length - start >= MAX_QUOTED || this.hasEnded;
    this.checkLength(isOver ? lineEnd : start);
    if (!isOver || (lineEnd === text.length && !this.hasEnded)) return null;
    const fault = isOpen ? { fault: 'a quote is not closed' } : {};
    return { ...this.take(lineEnd, text.slice(start, lineEnd).includes('"')), ...fault };
  }

  private checkLength(end: number): void {
    if (end - this.start > MAX_LINE)
      throw new EddyError('input-invalid', `line ${this.number} has more than ${MAX_LINE} characters`);
  }

  private take(end: number, hasQuotes: boolean): Line {
    const text = this.text.slice(this.start, end);
    const line = { number: this.number, text, hasQuotes };
    this.isAfterCr = this.text.charCodeAt(end) === CR;
    this.start = Math.min(end + 1, this.text.length);
    this.number += hasQuotes ? text.split(/\r\n|\n|\r/).length : 1;
    return line;
  }
}
