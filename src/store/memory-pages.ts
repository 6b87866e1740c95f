import { PageIndex, type PageRoom } from './page-index.js';
import type { PageHead, PageStore } from './store.js';

/** The pages of one kind that a sequence has in memory. */
export class MemoryPages implements PageStore {
  private readonly index = new PageIndex();
  private readonly contents = new Map<number, Uint8Array>();

  constructor(private readonly room: PageRoom) {}

  get heads(): readonly PageHead[] {
    return this.index.heads;
  }

  get isFull(): boolean {
    return this.room.isFull;
  }

  read({ first }: PageHead): Uint8Array | null {
    return this.contents.get(first) ?? null;
  }

  write(page: Omit<PageHead, 'bytes'>, bytes: Uint8Array): void {
    const replaced = this.index.put({ ...page, bytes: bytes.length });
    this.contents.set(page.first, bytes);
    this.room.bytes += bytes.length - (replaced?.bytes ?? 0);
  }

  dropBefore(first: number): void {
    this.forget(this.index.dropBefore(first));
  }

  dropFrom(first: number): void {
    this.forget(this.index.dropFrom(first));
  }

  private forget(heads: readonly PageHead[]): void {
    for (const { first, bytes } of heads) {
      this.contents.delete(first);
      this.room.bytes -= bytes;
    }
  }
}
