/**
 * Walks the two trees of an LMDB file without LMDB, page by page: checks that every page they reach is in the file, has the right
 * kind and age, stays within its bounds and holds its entries in order, that the trees have as many pages and entries as their head
 * says, and that no free page is in use. Gives every entry of the data on the way.
 */
import type { Visit } from '../log/survey-entry.js';
import { HEAD_BYTES as VALUE_HEAD } from '../log/survey-entry.js';
import { LmdbEntry } from './lmdb-entry.js';
import type { ReadAt } from './lmdb-heads.js';
import {
  BIG,
  BRANCH,
  even,
  FIRST_PAGE,
  type Head,
  LEAF,
  NODE_HEADER,
  OVERFLOW,
  OVERFLOW_BYTES,
  PAGE_HEADER,
  type Tree,
} from './lmdb-layout.js';

/** Compares two keys of a tree. */
type Compare = (a: Buffer, aFrom: number, aEnd: number, b: Buffer, bFrom: number, bEnd: number) => number;

export interface WalkParts {
  readonly read: ReadAt;
  /** Fills a buffer from a place on. */
  readonly readInto: (into: Buffer, at: number) => void;
  readonly head: Head;
  /** Bytes of the file. */
  readonly size: number;
  readonly visit: Visit;
  /** What to do where something is wrong; if it returns, the walk goes on without it. */
  readonly fail: (why: string, where: WalkPlace) => void;
}

/** May the walk go on without what is wrong there? */
export type WalkPlace = 'leaf' | 'value' | 'order' | 'tree';

/** LMDB takes no longer keys. */
const MOST_KEY_BYTES = 1978;

/** A part of the walk is given up, after `fail` let it pass. */
class Skip extends Error {}

export class LmdbWalk {
  /** The pages reached so far, one bit for each. */
  private readonly reached: Uint8Array;
  private readonly entry: LmdbEntry;
  private readonly pages: number;
  /** The pages by their depth below the root; a recursion keeps those above its own. */
  private readonly buffers: Buffer[] = [];
  private compare: Compare = compareBytes;
  /** The last key met, and the least that the next one may be. */
  private readonly last = Buffer.alloc(MOST_KEY_BYTES);
  private lastBytes = 0;
  private least: Buffer | null = null;
  private counts = { branches: 0, leaves: 0, overflows: 0, entries: 0 };
  private isFree = false;
  private readonly freeLists: Buffer[] = [];
  private readonly valueHead = Buffer.alloc(PAGE_HEADER + VALUE_HEAD);

  constructor(private readonly parts: WalkParts) {
    const { head, size } = parts;
    this.pages = Math.floor(size / head.pageSize);
    this.reached = new Uint8Array(Math.ceil(Math.max(this.pages, head.lastPage + 1) / 8));
    this.entry = new LmdbEntry((page, bytes) => this.readValue(page, bytes));
  }

  walk(): void {
    const { data, free } = this.parts.head;
    this.tree(data, 'data', compareBytes);
    this.isFree = true;
    this.tree(free, 'free pages', compareNumbers);
    for (const list of this.freeLists) this.checkFree(list);
  }

  private tree(tree: Tree, name: string, compare: Compare): void {
    this.compare = compare;
    this.counts = { branches: 0, leaves: 0, overflows: 0, entries: 0 };
    this.lastBytes = 0;
    this.least = null;
    const { root, depth } = tree;
    if (root !== null) this.page(root, depth, this.parts.head.transaction);
    else if (depth !== 0) this.fail(`the tree of its ${name} has no root and a depth of ${depth}`, 'tree');
    for (const [what, found] of Object.entries(this.counts)) {
      const told = tree[what as keyof typeof this.counts];
      if (told !== found) this.fail(`its ${name} have ${found} ${what}; its head says ${told}`, 'order');
    }
  }

  /** Checks a page and all pages below it, `depth` levels including its own. @param newest the commit of the page above */
  private page(number: number, depth: number, newest: bigint): void {
    try {
      const kind = depth === 1 ? LEAF : BRANCH;
      if (depth < 1) this.give(`page ${number} is deeper than its tree`, 'tree');
      this.buffers[depth] ??= Buffer.alloc(this.parts.head.pageSize);
      const buffer = this.buffers[depth]!;
      const page = this.load(number, kind, 1, newest, buffer);
      const lower = page.readUInt16LE(20);
      const upper = page.readUInt16LE(22);
      const room = page.length - PAGE_HEADER;
      if (lower > upper || upper > room || lower % 2 !== 0)
        this.give(`page ${number} is damaged`, placeOf(kind));
      if (kind === LEAF) this.leaf(page, number, lower, upper);
      else this.branch(page, number, lower, upper, depth);
    } catch (error) {
      if (!(error instanceof Skip)) throw error;
    }
  }

  private leaf(page: Buffer, number: number, lower: number, upper: number): void {
    this.counts.leaves++;
    const room = page.length - PAGE_HEADER;
    let used = 0;
    for (let i = 0; i < lower / 2; i++) {
      const at = this.node(page, number, upper, i);
      if (at < 0) continue;
      const size = page.readUInt32LE(at);
      const flags = page.readUInt16LE(at + 4);
      const keyFrom = at + NODE_HEADER;
      const keyEnd = keyFrom + page.readUInt16LE(at + 6);
      const bytes = flags === BIG ? OVERFLOW_BYTES : size;
      if ((flags !== 0 && flags !== BIG) || keyEnd === keyFrom || keyEnd + bytes > page.length) {
        this.fail(`page ${number} is damaged at its entry ${i}`, 'leaf');
        continue;
      }
      used += even(NODE_HEADER + keyEnd - keyFrom + bytes);
      this.inOrder(page, number, keyFrom, keyEnd);
      this.counts.entries++;
      this.entry.inLeaf(page, keyFrom, keyEnd, bytes);
      const isThere = flags !== BIG || this.overflow(page, keyEnd, size);
      if (!isThere) continue;
      if (this.isFree) this.freeLists.push(Buffer.from(this.entry.value()));
      else this.parts.visit(this.entry);
    }
    if (used !== room - upper)
      this.fail(`page ${number} has ${room - upper} bytes of entries, not ${used}`, 'leaf');
  }

  private branch(page: Buffer, number: number, lower: number, upper: number, depth: number): void {
    this.counts.branches++;
    const room = page.length - PAGE_HEADER;
    const commit = page.readBigUInt64LE(8);
    if (lower < 4) this.give(`page ${number} leads to fewer than two pages`, 'tree');
    let used = 0;
    for (let i = 0; i < lower / 2; i++) {
      const at = this.node(page, number, upper, i);
      if (at < 0) continue;
      const below = page.readUInt32LE(at) + page.readUInt16LE(at + 4) * 2 ** 32;
      const keyFrom = at + NODE_HEADER;
      const keyEnd = keyFrom + page.readUInt16LE(at + 6);
      if (keyEnd > page.length) this.give(`page ${number} is damaged at its entry ${i}`, 'tree');
      used += even(keyEnd - at);
      if (i > 0) {
        if (this.compare(this.last, 0, this.lastBytes, page, keyFrom, keyEnd) >= 0)
          this.fail(`page ${number} leads astray at its entry ${i}`, 'order');
        this.least = Buffer.from(page.subarray(keyFrom, keyEnd));
      }
      this.page(below, depth - 1, commit);
    }
    if (used !== room - upper)
      this.fail(`page ${number} has ${room - upper} bytes of entries, not ${used}`, 'order');
  }

  /** Gives where a node begins, or -1. */
  private node(page: Buffer, number: number, upper: number, i: number): number {
    const node = page.readUInt16LE(PAGE_HEADER + 2 * i);
    if (node >= upper && node + NODE_HEADER <= page.length - PAGE_HEADER) return PAGE_HEADER + node;
    this.fail(
      `page ${number} is damaged at its entry ${i}`,
      page.readUInt16LE(18) === LEAF ? 'leaf' : 'tree',
    );
    return -1;
  }

  /** Keys rise strictly, also from page to page and past the keys of the pages above. */
  private inOrder(page: Buffer, number: number, from: number, end: number): void {
    const { last, lastBytes, least, compare } = this;
    const isRising = lastBytes === 0 || compare(last, 0, lastBytes, page, from, end) < 0;
    const isAbove = least === null || compare(least, 0, least.length, page, from, end) <= 0;
    this.least = null;
    if (!isRising || !isAbove) this.fail(`page ${number} has keys out of order`, 'order');
    this.lastBytes = Math.min(end - from, MOST_KEY_BYTES);
    for (let i = 0; i < this.lastBytes; i++) last[i] = page[from + i]!;
  }

  /** Checks the pages of a value that has pages of its own, and shows the entry its head. */
  private overflow(page: Buffer, at: number, size: number): boolean {
    try {
      const number = Number(page.readBigUInt64LE(at));
      const commit = page.readBigUInt64LE(at + 8);
      const count = Number(page.readBigUInt64LE(at + 16));
      const head = this.valueHead;
      this.load(number, OVERFLOW, count, commit, head);
      const isRight = head.readUInt32LE(20) === count && head.readBigUInt64LE(8) === commit;
      if (!isRight || count !== Math.ceil((PAGE_HEADER + size) / page.length))
        this.give(`the ${count} pages of a value from ${number} on are damaged`, 'value');
      this.counts.overflows += count;
      this.entry.onPages(number, head, PAGE_HEADER, size);
      return true;
    } catch (error) {
      if (error instanceof Skip) return false;
      throw error;
    }
  }

  /** Reads a page, which must have the right kind and be reached for the first time, and its overflow pages. */
  private load(number: number, kind: number, count: number, newest: bigint, into: Buffer): Buffer {
    const { head, readInto, size } = this.parts;
    const place = placeOf(kind);
    if (number < FIRST_PAGE || !(count >= 1) || number + count - 1 > head.lastPage)
      this.give(`it refers to page ${number}; its last is ${head.lastPage}`, place);
    if (number + count > this.pages)
      this.give(
        `it is truncated: it has ${size} bytes; page ${number + count - 1} ends at ${(number + count) * head.pageSize}`,
        place,
      );
    for (let i = number; i < number + count; i++) this.reach(i, place);
    readInto(into, number * head.pageSize);
    const isRight = Number(into.readBigUInt64LE(0)) === number && into.readUInt16LE(18) === kind;
    if (!isRight || into.readBigUInt64LE(8) > newest) this.give(`page ${number} is damaged`, place);
    return into;
  }

  private reach(page: number, place: WalkPlace): void {
    const { reached } = this;
    if ((reached[page >> 3]! >> (page & 7)) & 1) this.give(`page ${page} is reached twice`, place);
    reached[page >> 3]! |= 1 << (page & 7);
  }

  private readValue(page: number, bytes: number): Buffer {
    const { head, read } = this.parts;
    return read(page * head.pageSize + PAGE_HEADER, bytes);
  }

  /** Checks a list of free pages: a count of words, then pages; a negative word is the length of a run that begins with the next. */
  private checkFree(list: Buffer): void {
    const { lastPage } = this.parts.head;
    const words = Math.floor(list.length / 8);
    const count = words === 0 ? -1 : Number(list.readBigInt64LE(0));
    if (!(count >= 0 && count < words)) {
      this.fail('a list of its free pages is damaged', 'order');
      return;
    }
    for (let i = 1; i <= count; i++) {
      const word = Number(list.readBigInt64LE(8 * i));
      if (word === 0) continue;
      const run = word < 0 ? -word : 1;
      const first = word < 0 && i < count ? Number(list.readBigInt64LE(8 * ++i)) : word;
      if (!(first >= FIRST_PAGE && first + run - 1 <= lastPage)) {
        this.fail(`its list of free pages has page ${first}; its last is ${lastPage}`, 'order');
        return;
      }
      for (let page = first; page < first + run; page++) {
        const { reached } = this;
        if ((reached[page >> 3]! >> (page & 7)) & 1) {
          this.fail(`page ${page} is free and in use`, 'order');
          return;
        }
        reached[page >> 3]! |= 1 << (page & 7);
      }
    }
  }

  private fail(why: string, place: WalkPlace): void {
    this.parts.fail(why, place);
  }

  private give(why: string, place: WalkPlace): never {
    this.parts.fail(why, place);
    throw new Skip(why);
  }
}

const placeOf = (kind: number): WalkPlace => (kind === BRANCH ? 'tree' : kind === LEAF ? 'leaf' : 'value');

const compareBytes: Compare = (a, aFrom, aEnd, b, bFrom, bEnd) => {
  const length = Math.min(aEnd - aFrom, bEnd - bFrom);
  for (let i = 0; i < length; i++) {
    const difference = a[aFrom + i]! - b[bFrom + i]!;
    if (difference !== 0) return difference;
  }
  return aEnd - aFrom - (bEnd - bFrom);
};

const compareNumbers: Compare = (a, aFrom, aEnd, b, bFrom, bEnd) => {
  if (aEnd - aFrom !== 8 || bEnd - bFrom !== 8) return aEnd - aFrom === bEnd - bFrom ? 0 : -1;
  const [left, right] = [a.readBigUInt64LE(aFrom), b.readBigUInt64LE(bFrom)];
  return left < right ? -1 : left > right ? 1 : 0;
};
