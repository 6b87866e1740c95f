/**
 * Checks an LMDB file before LMDB maps it into memory, where a missing page kills the process and a damaged one may. LMDB keeps
 * no checksums of its pages. What is checked here is the structure; whether all entries are there, and what they should be, is
 * what the ledgers of log/ say.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { EddyError } from '../../errors.js';
import type { Visit } from '../log/survey-entry.js';
import { headsFault, type ReadAt, readHead, rootFault } from './lmdb-heads.js';
import { HEAD_BYTES, type Head } from './lmdb-layout.js';
import { LmdbWalk, type WalkPlace } from './lmdb-walk.js';

/** An LMDB file that is open for reading, by its bytes. */
export class LmdbFile {
  private readonly file: number;

  constructor(readonly path: string) {
    this.file = openSync(path, 'r');
  }

  get size(): number {
    return fstatSync(this.file).size;
  }

  readonly read: ReadAt = (at, bytes) => {
    const buffer = Buffer.allocUnsafe(bytes);
    const read = readSync(this.file, buffer, 0, bytes, at);
    return read === bytes ? buffer : buffer.subarray(0, read);
  };

  private readonly readInto = (into: Buffer, at: number): void => {
    const read = readSync(this.file, into, 0, into.length, at);
    if (read < into.length) into.fill(0, read);
  };

  /**
   * Gives the head that LMDB takes: the newer one.
   *
   * @throws EddyError `store-damaged` if either of the two is damaged
   */
  head(): Head {
    const [first, second] = this.heads();
    if (typeof first === 'string') this.damaged(this.size < HEAD_BYTES ? this.tooShort : headWords(0, first));
    if (typeof second === 'string')
      this.damaged(this.size < 2 * first.pageSize ? this.tooShort : headWords(1, second));
    const apart = headsFault(first, second);
    if (apart) this.damaged(apart);
    for (const head of [first, second]) {
      const fault = rootFault(this.read, head);
      if (fault) this.damaged(headWords(head.number, fault));
    }
    return first.transaction > second.transaction ? first : second;
  }

  /** Gives both heads, or in their place what is wrong with them. */
  heads(): [Head | string, Head | string] {
    const first = readHead(this.read, 0, HEAD_BYTES);
    return [first, readHead(this.read, 1, typeof first === 'string' ? HEAD_BYTES : first.pageSize)];
  }

  /** Walks from a head. @param fail what to do about damage; by default it is thrown */
  walk(head: Head, visit: Visit, fail?: (why: string, place: WalkPlace) => void): void {
    const { read, readInto, size } = this;
    new LmdbWalk({ read, readInto, head, size, visit, fail: fail ?? ((why) => this.damaged(why)) }).walk();
  }

  close(): void {
    closeSync(this.file);
  }

  private get tooShort(): string {
    return `it has ${this.size} bytes, too few for its two heads`;
  }

  private damaged(why: string): never {
    throw new EddyError('store-damaged', `the file ${this.path} is damaged: ${why}`);
  }
}

const headWords = (number: number, fault: string): string =>
  fault === 'is not a head'
    ? 'it is not an LMDB file'
    : fault.startsWith("has LMDB's format")
      ? `it ${fault}`
      : `its ${number === 0 ? 'first' : 'second'} head ${fault}`;

/**
 * Checks an LMDB file, and gives all its entries. A missing or empty one is valid: LMDB initialises it.
 *
 * @throws EddyError `store-damaged`, which names the file and what is wrong
 */
export function checkLmdbFile(path: string, visit: Visit = () => undefined): void {
  let file: LmdbFile;
  try {
    file = new LmdbFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    if (file.size > 0) file.walk(file.head(), visit);
  } finally {
    file.close();
  }
}
