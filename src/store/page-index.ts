/** Which pages a sequence has, in order, and how many bytes the pages of all sequences have. */
import type { PageHead } from './store.js';

/** What all sequences of a store have in pages. */
export class PageRoom {
  bytes = 0;

  /** @param most bytes that all pages together are to have */
  constructor(private readonly most: number) {}

  get isFull(): boolean {
    return this.bytes > this.most;
  }
}

export class PageIndex {
  /** @param heads in the order of their first steps */
  constructor(readonly heads: PageHead[] = []) {}

  /** Adds a page; gives the one it replaces. */
  put(head: PageHead): PageHead | null {
    const { heads } = this;
    const at = indexFrom(heads, head.first);
    const isSame = heads[at]?.first === head.first;
    const [replaced = null] = heads.splice(at, isSame ? 1 : 0, head);
    return replaced;
  }

  /** Takes out the pages before a step, and gives them. */
  dropBefore(first: number): PageHead[] {
    return this.heads.splice(0, indexFrom(this.heads, first));
  }

  /** Takes out the pages from a step on, and gives them. */
  dropFrom(first: number): PageHead[] {
    return this.heads.splice(indexFrom(this.heads, first));
  }
}

/** Gives the index of the first page that begins at a step or after it. */
export function indexFrom(heads: readonly PageHead[], first: number): number {
  let [low, high] = [0, heads.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (heads[middle]!.first < first) low = middle + 1;
    else high = middle;
  }
  return low;
}
