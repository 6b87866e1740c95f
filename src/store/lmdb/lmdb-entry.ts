import { HEAD_BYTES, type SurveyedEntry } from '../log/survey-entry.js';

/** One entry of a leaf, valid while it is visited: the same object shows all of them. */
export class LmdbEntry implements SurveyedEntry {
  key: Buffer = Buffer.alloc(0);
  keyFrom = 0;
  keyEnd = 0;
  head: Buffer = Buffer.alloc(0);
  headFrom = 0;
  headEnd = 0;
  size = 0;
  /** The page of a value that has pages of its own. */
  private page = 0;

  /** @param readValue reads a value that has pages of its own */
  constructor(private readonly readValue: (page: number, bytes: number) => Buffer) {}

  inLeaf(page: Buffer, keyFrom: number, keyEnd: number, size: number): void {
    this.key = this.head = page;
    this.keyFrom = keyFrom;
    this.keyEnd = this.headFrom = keyEnd;
    this.headEnd = keyEnd + Math.min(size, HEAD_BYTES);
    this.size = size;
    this.page = 0;
  }

  /** @param head what was read of the value's first page @param from where the value begins in it */
  onPages(page: number, head: Buffer, from: number, size: number): void {
    this.head = head;
    this.headFrom = from;
    this.headEnd = from + Math.min(size, HEAD_BYTES);
    this.size = size;
    this.page = page;
  }

  value(): Buffer {
    if (this.page !== 0) return this.readValue(this.page, this.size);
    return this.head.subarray(this.headFrom, this.headFrom + this.size);
  }

  text(): string {
    return this.key.toString('latin1', this.keyFrom, this.keyEnd);
  }
}
