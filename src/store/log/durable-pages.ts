import { PageIndex, type PageRoom } from '../page-index.js';
import type { PageHead, PageKind, PageStore } from '../store.js';
import type { Sweep } from './background-deletes.js';
import type { GroupCommit } from './group-commit.js';
import { pageHead, pageKey, within } from './keys.js';

/** What the pages of a sequence need from its store. */
export interface PageOwner {
  readonly commit: GroupCommit;
  readonly room: PageRoom;
  sweep(sweep: Sweep): void;
}

/** The pages of one kind that a sequence has on the disk. Only their keys are in memory, from the first use on. */
export class DurablePages implements PageStore {
  private loaded: PageIndex | null = null;

  /** @param id gives the sequence's id, null if it has none yet */
  constructor(
    private readonly owner: PageOwner,
    private readonly kind: PageKind,
    private readonly id: () => string | null,
    /** Gives the id, after registering the sequence if necessary. */
    private readonly know: () => string,
  ) {}

  get heads(): readonly PageHead[] {
    return this.index.heads;
  }

  get isFull(): boolean {
    return this.owner.room.isFull;
  }

  read(head: PageHead): Uint8Array | null {
    return this.owner.commit.get(this.keyOf(head)) ?? null;
  }

  write(page: Omit<PageHead, 'bytes'>, bytes: Uint8Array): void {
    this.know();
    const head = { ...page, savedAt: Math.max(0, Math.floor(page.savedAt)), bytes: bytes.length };
    const replaced = this.index.put(head);
    if (replaced) this.erase(this.keyOf(replaced), replaced);
    this.owner.commit.set(this.keyOf(head), bytes);
    this.owner.room.bytes += bytes.length;
  }

  dropBefore(first: number): void {
    const dropped = this.index.dropBefore(first);
    if (dropped.length === 0) return;
    const { owner } = this;
    owner.sweep({
      keys: (limit) =>
        dropped.splice(0, limit).map((head) => {
          const key = this.keyOf(head);
          // the sequence may have been removed since
          if (owner.commit.has(key)) owner.room.bytes -= head.bytes;
          return key;
        }),
      done: () => undefined,
    });
  }

  /** Deletes them in the next write: pages that are written after may have their keys. */
  dropFrom(first: number): void {
    for (const head of this.index.dropFrom(first)) this.erase(this.keyOf(head), head);
  }

  private get index(): PageIndex {
    const id = this.id();
    const folder = within(`past/${id}/${this.kind}`);
    this.loaded ??= new PageIndex(
      id === null ? [] : this.owner.commit.keys({ ...folder, limit: Number.MAX_SAFE_INTEGER }).map(pageHead),
    );
    return this.loaded;
  }

  private keyOf(head: PageHead): string {
    return pageKey(this.id() ?? '', this.kind, head);
  }

  private erase(key: string, { bytes }: PageHead): void {
    this.owner.commit.set(key, null);
    this.owner.room.bytes -= bytes;
  }
}
