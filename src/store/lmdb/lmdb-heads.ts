/**
 * The two heads of an LMDB file. Commits write them alternately, so that the last two commits are in the file. LMDB takes the
 * head with the greater number of its commit and keeps no checksum of it: a damaged one would silently
 * give the file as it was a commit earlier. So everything that a head says is held against something else: the other head, the
 * place it lies at, and the pages it leads to.
 */
import {
  FIRST_PAGE,
  HEAD_BYTES,
  type Head,
  LEAF,
  MAGIC,
  META,
  NO_PAGE,
  PAGE_HEADER,
  type Tree,
  VERSION,
} from './lmdb-layout.js';

/** Reads a part of the file: fewer bytes where it ends. */
export type ReadAt = (at: number, bytes: number) => Buffer;

const FREE_FLAGS = 8;
/** No file of Eddy's is larger. */
const MOST_BYTES = 2 ** 46;
const BOOT_ID_END = 168;

/** Reads a head, or says what is wrong with it. */
export function readHead(read: ReadAt, number: number, pageSize: number): Head | string {
  const page = read(number * pageSize, HEAD_BYTES);
  if (page.length < HEAD_BYTES) return 'is not there';
  if (page.readUInt32LE(PAGE_HEADER) !== MAGIC || (page.readUInt16LE(18) & META) === 0)
    return 'is not a head';
  const version = page.readUInt32LE(28) & 0xffff;
  if (version !== VERSION) return `has LMDB's format ${version}; this version of Eddy reads ${VERSION}`;
  const size = page.readUInt32LE(48);
  if (size < 512 || size > 65536 || (size & (size - 1)) !== 0)
    return `has a page size of ${size} bytes, which is impossible`;
  const head: Head = {
    number,
    pageSize: size,
    mapSize: Number(page.readBigUInt64LE(40)),
    transaction: page.readBigUInt64LE(152),
    lastPage: Number(page.readBigUInt64LE(144)),
    free: readTree(page, 48),
    data: readTree(page, 96),
  };
  const rest = page.subarray(BOOT_ID_END, Math.min(size, HEAD_BYTES));
  const isForeign =
    page.readBigUInt64LE(0) !== BigInt(number) ||
    page.readUInt16LE(18) !== META ||
    page.readUInt32LE(96) !== 0 ||
    head.free.flags !== FREE_FLAGS ||
    head.data.flags !== 0 ||
    rest.some((byte) => byte !== 0);
  if (isForeign) return 'is damaged';
  if (head.mapSize > MOST_BYTES || head.mapSize % size !== 0 || (head.lastPage + 1) * size > head.mapSize)
    return `has ${head.lastPage} as its last page, beyond its mapped size`;
  return head;
}

function readTree(page: Buffer, at: number): Tree {
  const count = (offset: number) => Number(page.readBigUInt64LE(at + offset));
  const root = page.readBigUInt64LE(at + 40);
  return {
    flags: page.readUInt16LE(at + 4),
    depth: page.readUInt16LE(at + 6),
    branches: count(8),
    leaves: count(16),
    overflows: count(24),
    entries: count(32),
    root: root === NO_PAGE ? null : Number(root),
  };
}

/** Says what is wrong with a head by the page it leads to, or gives null: each commit rewrites the root of the data. */
export function rootFault(read: ReadAt, { data, pageSize, transaction, lastPage }: Head): string | null {
  const { root, depth } = data;
  if (root === null) return null;
  if (root < FIRST_PAGE || root > lastPage) return `leads to page ${root}; its last is ${lastPage}`;
  const page = read(root * pageSize, PAGE_HEADER);
  if (page.length < PAGE_HEADER) return null;
  const isLeaf = (page.readUInt16LE(18) & LEAF) !== 0;
  if (page.readBigUInt64LE(0) !== BigInt(root) || isLeaf !== (depth === 1)) return null;
  const written = page.readBigUInt64LE(8);
  return written === transaction ? null : `is of commit ${transaction}, its first page of commit ${written}`;
}

/** Says why two heads cannot belong to one file, or gives null. */
export function headsFault(first: Head, second: Head): string | null {
  if (first.pageSize !== second.pageSize) return 'its two heads disagree on the page size';
  const behind = first.transaction - second.transaction;
  // a file that was never written to has two equal ones
  const isNew = behind === 0n && first.transaction === 0n;
  if (!isNew && behind !== 1n && behind !== -1n) return 'its two heads are not from consecutive commits';
  const [even] = first.transaction > second.transaction ? [first] : [second];
  if (!isNew && BigInt(even.number) !== (even.transaction & 1n))
    return 'its two heads are the wrong way round';
  return null;
}
