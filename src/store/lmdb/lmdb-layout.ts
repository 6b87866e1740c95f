/**
 * The layout of an LMDB file: data format 2 as `lmdb` 3 builds it (64 bits, little-endian). See MDB_page_header, MDB_meta,
 * MDB_db, MDB_node and MDB_ovpage in its mdb.c. All offsets are in bytes.
 */
export const MAGIC = 0xbeefc0de;
export const VERSION = 2;
export const PAGE_HEADER = 24;
export const NODE_HEADER = 8;
/** Bytes of a leaf's node that refer to a value on pages of its own. */
export const OVERFLOW_BYTES = 24;
export const BRANCH = 1;
export const LEAF = 2;
export const OVERFLOW = 4;
export const META = 8;
/** Flag of a node whose value is on pages of its own; Eddy's nodes have no other flag. */
export const BIG = 1;
export const NO_PAGE = 0xffff_ffff_ffff_ffffn;
/** The first page after the two heads. */
export const FIRST_PAGE = 2;
/** The largest page LMDB has; a head is in the first 4096 bytes of its own. */
export const HEAD_BYTES = 4096;

/** What a head says of a tree. */
export interface Tree {
  readonly flags: number;
  readonly depth: number;
  readonly branches: number;
  readonly leaves: number;
  readonly overflows: number;
  readonly entries: number;
  /** Null for an empty tree. */
  readonly root: number | null;
}

/** One of the two heads: what a commit made valid. */
export interface Head {
  readonly number: number;
  readonly pageSize: number;
  readonly mapSize: number;
  readonly transaction: bigint;
  readonly lastPage: number;
  /** The tree of free pages, and the tree of the data. */
  readonly free: Tree;
  readonly data: Tree;
}

/** An even number: nodes begin at one. */
export const even = (bytes: number): number => bytes + (bytes & 1);
