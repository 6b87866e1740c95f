/** JSON in pieces: the values that JSON.parse gives, of a text that may be long and come from anybody. */
import { type Pieces, VISIT } from '../math/pieces.js';

/** Up to so many characters, and so many at a time of a longer string, are left to JSON.parse and JSON.stringify. */
const CHUNK = 65_536;
/** Values after which a piece ends, and what one costs. */
const VALUES = 4096;
const VALUE = 1000;

const SPACE = /[\t\n\r ]*/y;
/** A number, true, false or null; which of them are none, JSON.parse says. */
const WORD = /[-+.\w]+/y;

/** Thrown where there are more values than allowed, or where they are nested deeper. */
export class TooManyValues extends Error {}
export class TooDeep extends Error {}

/**
 * Parses a text.
 *
 * @param most values that it may have if it is long, keys not counted. @param depth how deep they may be nested
 * @throws SyntaxError where it is no JSON; TooManyValues, TooDeep
 */
export function* parseInPieces(text: string, most: number, depth: number): Pieces<unknown> {
  if (text.length <= CHUNK) return JSON.parse(text);
  const reader = new Reader(text, most, depth);
  const value = yield* reader.value(0);
  if (reader.next() !== '') throw new SyntaxError('there is something behind the value');
  return value;
}

class Reader {
  private at = 0;
  private values = 0;

  constructor(
    private readonly text: string,
    private readonly most: number,
    private readonly deepest: number,
  ) {}

  /** Gives the next character that is no space; '' at the end. */
  next(): string {
    SPACE.lastIndex = this.at;
    SPACE.test(this.text);
    this.at = SPACE.lastIndex;
    return this.text.charAt(this.at);
  }

  *value(depth: number): Pieces<unknown> {
    if (depth > this.deepest) throw new TooDeep();
    if (++this.values > this.most) throw new TooManyValues();
    if (this.values % VALUES === 0) yield VALUES * VALUE;
    const first = this.next();
    if (first === '"') return yield* this.string();
    if (first === '[') return yield* this.array(depth);
    if (first === '{') return yield* this.object(depth);
    WORD.lastIndex = this.at;
    const [word = ''] = WORD.exec(this.text) ?? [];
    this.at += word.length;
    return JSON.parse(word);
  }

  private *array(depth: number): Pieces<unknown[]> {
    const items: unknown[] = [];
    this.at++;
    if (this.next() === ']') return this.end(items);
    for (;;) {
      items.push(yield* this.value(depth + 1));
      if (this.isLast(']')) return items;
    }
  }

  private *object(depth: number): Pieces<object> {
    const entries: [string, unknown][] = [];
    this.at++;
    if (this.next() === '}') return this.end({});
    for (;;) {
      if (this.next() !== '"') throw new SyntaxError('there is no key');
      const key = yield* this.string();
      if (this.next() !== ':') throw new SyntaxError('there is no colon behind a key');
      this.at++;
      entries.push([key, yield* this.value(depth + 1)]);
      // own fields of any name, `__proto__` too; of one that comes twice the last
      if (this.isLast('}')) return Object.fromEntries(entries);
    }
  }

  private end<T>(value: T): T {
    this.at++;
    return value;
  }

  /** Is there the end of an array or object, and not a comma? */
  private isLast(end: string): boolean {
    const found = this.next();
    this.at++;
    if (found !== end && found !== ',') throw new SyntaxError(`there is neither a comma nor ${end}`);
    return found === end;
  }

  private *string(): Pieces<string> {
    const { text } = this;
    const parts: string[] = [];
    let from = this.at + 1;
    let close = closing(text, from, from + CHUNK);
    for (; close < 0; close = closing(text, from, from + CHUNK)) {
      const cut = cutOf(text, from, from + CHUNK);
      if (cut >= text.length) throw new SyntaxError('a string does not end');
      parts.push(JSON.parse(`"${text.slice(from, cut)}"`));
      from = cut;
      yield VISIT * CHUNK;
    }
    parts.push(JSON.parse(`"${text.slice(from, close)}"`));
    this.at = close + 1;
    return parts.length === 1 ? parts[0]! : parts.join('');
  }
}

/** Gives where the string ends whose characters go on at `from`, which begins no escape's rest; -1 if not before `end`. */
function closing(text: string, from: number, end: number): number {
  for (let at = from; at < end && at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x5c) at++;
    else if (code === 0x22) return at;
  }
  return -1;
}

/** Gives where a string can be cut at or shortly before `end`: not within an escape. */
function cutOf(text: string, from: number, end: number): number {
  if (end >= text.length) return text.length;
  let at = from;
  while (at < end) {
    const length = text.charCodeAt(at) === 0x5c ? (text.charCodeAt(at + 1) === 0x75 ? 6 : 2) : 1;
    if (at + length > end) break;
    at += length;
  }
  return at;
}

/** Writes a string as JSON.stringify does. */
export function* stringInPieces(text: string): Pieces<string> {
  if (text.length <= CHUNK) return JSON.stringify(text);
  const parts: string[] = [];
  for (let from = 0; from < text.length; ) {
    let to = Math.min(text.length, from + CHUNK);
    // a pair of surrogates stays together
    if ((text.charCodeAt(to - 1) & 0xfc00) === 0xd800) to++;
    parts.push(JSON.stringify(text.slice(from, to)).slice(1, -1));
    from = to;
    yield VISIT * CHUNK;
  }
  return `"${parts.join('')}"`;
}
