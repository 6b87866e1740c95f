import type { PageStore } from '../../store/store.js';

/** How far back pages are kept. A page goes as a whole, as soon as it exceeds any of these; the newest page stays. */
export interface Retention {
  /** Steps in newer pages. */
  readonly steps: number;
  /** Milliseconds since it was written. */
  readonly ms: number;
  /** Bytes of it and all newer pages. */
  readonly bytes: number;
}

/**
 * Deletes the pages that need not be kept any more. While the pages of all sequences have more bytes than the store is to
 * hold, only the newest is kept.
 *
 * @param now in milliseconds since 1970
 */
export function trim(store: PageStore, { steps, ms, bytes }: Retention, now: number): void {
  const { heads, isFull } = store;
  let [newerSteps, bytesSoFar] = [0, 0];
  for (let i = heads.length - 1; i >= 0; i--) {
    const head = heads[i]!;
    bytesSoFar += head.bytes;
    const isOver = isFull || newerSteps >= steps || bytesSoFar > bytes || now - head.savedAt > ms;
    if (isOver && i < heads.length - 1) {
      store.dropBefore(heads[i + 1]!.first);
      return;
    }
    newerSteps += head.count;
  }
}
