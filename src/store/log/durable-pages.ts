import { PageIndex, type PageRoom } from '../page-index.js';
import type { PageHead, PageKind, PageStore } from '../store.js';
import type { Sweep } from './background-deletes.js';
import type { GroupCommit } from './group-commit.js';
import { type KeyedPage, keyedPage, pageKey, within } from './keys.js';

/** What the pages of a sequence need from its store. */
export interface PageOwner {
  readonly commit: GroupCommit;
  readonly room: PageRoom;
  sweep(sweep: Sweep): void;
}

/** The sequence whose pages they are. */
export interface PagedSequence {
  /** Null if it has none yet. */
  readonly id: string | null;
  /** Gives its id, after registering it if necessary. */
  know(): string;
}

/** The pages of one kind that a sequence has on the disk. Only their keys are in memory, from the first use on. */
export class DurablePages implements PageStore {
  private loaded: PageIndex | null = null;

  constructor(
    private readonly owner: PageOwner,
    private readonly sequence: PagedSequence,
    private readonly kind: PageKind,
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
    this.sequence.know();
    const { first, count } = page;
    const head = { first, count, savedAt: Math.max(0, Math.floor(page.savedAt)), bytes: bytes.length };
    const replaced = this.index.put(head);
    if (replaced) this.erase(replaced);
    this.owner.commit.set(this.keyOf(head), bytes);
    this.owner.room.bytes += bytes.length;
  }

  dropBefore(first: number): void {
    const dropped = this.index.dropBefore(first);
    if (dropped.length === 0) return;
    this.owner.sweep({
      keys: (limit) => dropped.splice(0, limit).map((head) => this.erase(head)),
      done: () => undefined,
    });
  }

  /** Deletes them in the next write: pages that are written after may have their keys. */
  dropFrom(first: number): void {
    for (const head of this.index.dropFrom(first)) this.erase(head);
  }

  private get index(): PageIndex {
    this.loaded ??= new PageIndex(this.stored());
    return this.loaded;
  }

  private stored(): PageHead[] {
    const { id } = this.sequence;
    if (id === null) return [];
    const folder = within(`past/${id}/${this.kind}`);
    return this.owner.commit
      .keys({ ...folder, limit: Number.MAX_SAFE_INTEGER })
      .flatMap((key) => keyedPage(key) ?? []);
  }

  private keyOf(head: PageHead): string {
    const { key = pageKey(this.sequence.id ?? '', this.kind, head) } = head as KeyedPage;
    return key;
  }

  /** Deletes a page, unless it is gone already, as with its sequence; gives its key. */
  private erase(head: PageHead): string {
    const { commit, room } = this.owner;
    const key = this.keyOf(head);
    if (commit.has(key)) room.bytes -= head.bytes;
    commit.set(key, null);
    return key;
  }
}
