/**
 * Checks an LMDB file before LMDB maps it into memory, where a missing page kills the process and a damaged one may.
 * LMDB keeps no checksums of its pages; this walks its two trees (the data and the free pages) and checks
 * that every page they reach is in the file, has the right kind, and stays within its bounds. It does not check the
 * contents of the pages: records and checkpoints have checksums of their own.
 *
 * The layout is that of data format 2 as `lmdb` 3 builds it (64 bits, little-endian): see MDB_page_header, MDB_meta,
 * MDB_db, MDB_node and MDB_ovpage in its mdb.c.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { EddyError } from '../../errors.js';

const MAGIC = 0xbeefc0de;
const VERSION = 2;
const PAGE_HEADER = 24;
const NODE_HEADER = 8;
/** Bytes of a leaf's node that refer to a value on pages of its own. */
const OVERFLOW_BYTES = 24;
const BRANCH = 1;
const LEAF = 2;
const OVERFLOW = 4;
const META = 8;
/** Flag of a node whose value is on pages of its own; Eddy's nodes have no other flag. */
const BIG = 1;
const NO_PAGE = 0xffff_ffff_ffff_ffffn;

interface Tree {
  readonly depth: number;
  readonly root: bigint;
}

interface Meta {
  readonly pageSize: number;
  readonly transaction: bigint;
  readonly lastPage: number;
  readonly trees: readonly Tree[];
}

/**
 * Checks an LMDB file. A missing or empty one is valid: LMDB initialises it.
 *
 * @throws EddyError `store-damaged`, which names the file and what is wrong
 */
export function checkLmdbFile(path: string): void {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    const { size } = fstatSync(file);
    if (size > 0) new FileCheck(path, file, size).check();
  } finally {
    closeSync(file);
  }
}

class FileCheck {
  private page = Buffer.alloc(0);
  private meta: Meta | null = null;
  private pages = 0;
  /** The pages reached so far, one bit for each. */
  private reached = new Uint8Array(0);

  constructor(
    private readonly path: string,
    private readonly file: number,
    private readonly size: number,
  ) {}

  check(): void {
    const first = this.readMeta(0, 4096);
    const { pageSize } = first;
    const second = this.readMeta(pageSize, pageSize);
    if (second.pageSize !== pageSize) this.fail('its two heads disagree on the page size');
    // commits write the two heads alternately
    const behind = first.transaction - second.transaction;
    if (behind < -1n || behind > 1n) this.fail('its two heads are not from consecutive commits');
    const meta = behind < 0n ? second : first;
    this.meta = meta;
    this.pages = Math.floor(this.size / pageSize);
    this.reached = new Uint8Array(Math.ceil(this.pages / 8));
    this.page = Buffer.alloc(pageSize);
    for (const { root, depth } of meta.trees) if (root !== NO_PAGE) this.walk(Number(root), depth);
  }

  private readMeta(at: number, bytes: number): Meta {
    const page = Buffer.alloc(bytes);
    if (readSync(this.file, page, 0, bytes, at) < bytes)
      this.fail(`it has ${this.size} bytes, too few for its two heads`);
    if ((page.readUInt16LE(18) & META) === 0 || page.readUInt32LE(24) !== MAGIC)
      this.fail('it is not an LMDB file');
    const version = page.readUInt32LE(28) & 0xffff;
    if (version !== VERSION)
      this.fail(`it has LMDB's format ${version}; this version of Eddy reads ${VERSION}`);
    const pageSize = page.readUInt32LE(48);
    if (pageSize < 512 || pageSize > 65536 || (pageSize & (pageSize - 1)) !== 0)
      this.fail(`its page size of ${pageSize} bytes is impossible`);
    const tree = (offset: number): Tree => ({
      depth: page.readUInt16LE(offset + 6),
      root: page.readBigUInt64LE(offset + 40),
    });
    const lastPage = Number(page.readBigUInt64LE(144));
    const mapSize = Number(page.readBigUInt64LE(40));
    if ((lastPage + 1) * pageSize > mapSize)
      this.fail(`its last page is ${lastPage}, beyond its mapped size`);
    return { pageSize, transaction: page.readBigUInt64LE(152), lastPage, trees: [tree(48), tree(96)] };
  }

  /** Checks a page and all pages below it, `depth` levels including its own. */
  private walk(number: number, depth: number): void {
    if (depth < 1) this.fail(`page ${number} is deeper than its tree`);
    const kind = depth === 1 ? LEAF : BRANCH;
    const page = this.read(number, kind, 1);
    const lower = page.readUInt16LE(20);
    const upper = page.readUInt16LE(22);
    const room = page.length - PAGE_HEADER;
    if (lower > upper || upper > room || lower % 2 !== 0) this.fail(`page ${number} is damaged`);
    const below: number[] = [];
    for (let i = 0; i < lower / 2; i++) {
      const node = page.readUInt16LE(PAGE_HEADER + 2 * i);
      if (node < upper || node + NODE_HEADER > room) this.fail(`page ${number} is damaged at its entry ${i}`);
      const at = PAGE_HEADER + node;
      const low = page.readUInt32LE(at);
      const flags = page.readUInt16LE(at + 4);
      const value = at + NODE_HEADER + page.readUInt16LE(at + 6);
      if (kind === BRANCH) below.push(low + flags * 2 ** 32);
      else if (flags !== 0 && flags !== BIG) this.fail(`page ${number} has a foreign entry ${i}`);
      const bytes = kind === BRANCH ? 0 : flags === BIG ? OVERFLOW_BYTES : low;
      if (value + bytes > page.length) this.fail(`page ${number} is damaged at its entry ${i}`);
      if (flags === BIG && kind === LEAF) this.checkOverflow(page, value, low);
    }
    // the recursion reuses this page's buffer
    for (const child of below) this.walk(child, depth - 1);
  }

  /** Checks the pages of a value that occupies pages of its own. */
  private checkOverflow(page: Buffer, at: number, bytes: number): void {
    const number = Number(page.readBigUInt64LE(at));
    const pages = Number(page.readBigUInt64LE(at + 16));
    const head = Buffer.alloc(PAGE_HEADER);
    this.read(number, OVERFLOW, pages, head);
    if (head.readUInt32LE(20) !== pages || pages * page.length < PAGE_HEADER + bytes)
      this.fail(`the ${pages} pages of a value from ${number} on are damaged`);
  }

  /** Reads a page, which must have the right kind and be reached for the first time, and its overflow pages. */
  private read(number: number, kind: number, count: number, into = this.page): Buffer {
    const { meta, pages, reached } = this;
    if (!meta) throw new TypeError('no head was read');
    if (number < 2 || !(count >= 1) || number + count - 1 > meta.lastPage)
      this.fail(`it refers to page ${number}; its last is ${meta.lastPage}`);
    if (number + count > pages)
      this.fail(
        `it is truncated: it has ${this.size} bytes; page ${number + count - 1} ends at ${(number + count) * meta.pageSize}`,
      );
    for (let i = number; i < number + count; i++) {
      if ((reached[i >> 3]! >> (i & 7)) & 1) this.fail(`page ${i} is reached twice`);
      reached[i >> 3]! |= 1 << (i & 7);
    }
    readSync(this.file, into, 0, into.length, number * meta.pageSize);
    const isRight = Number(into.readBigUInt64LE(0)) === number && (into.readUInt16LE(18) & 0xf) === kind;
    if (!isRight || into.readBigUInt64LE(8) > meta.transaction) this.fail(`page ${number} is damaged`);
    return into;
  }

  private fail(why: string): never {
    throw new EddyError('store-damaged', `the file ${this.path} is damaged: ${why}`);
  }
}
