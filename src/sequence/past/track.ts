/** One kind of pages of a sequence: the unfinished one in memory, with those that wait to be stored, all others in the store. */
import { EddyError } from '../../errors.js';
import { indexFrom } from '../../store/page-index.js';
import type { PageHead, PageStore } from '../../store/store.js';
import type { PastEntry } from './entry.js';
import type { Numbers } from './pack-field.js';
import { latestOf, readPage, writePage } from './page-codec.js';
import { type ColumnShape, Page, type Source } from './past-page.js';
import { type Retention, trim } from './retention.js';

/** Consecutive rows of one page. The arrays must not be changed, and are valid until the sequence takes a step. */
export interface PageRows {
  /** Number of the first step. */
  readonly first: number;
  readonly count: number;
  readonly epoch: string;
  /** The columns, as many rows as `count`. */
  readonly columns: readonly Numbers[];
  readonly entries: readonly PastEntry[];
  /** How many events of the page are not kept, by name. */
  readonly leftOut: Readonly<Record<string, number>>;
}

export interface TrackParts {
  readonly store: PageStore;
  readonly shapes: readonly ColumnShape[];
  /** The most rows of a page. */
  readonly rows: number;
  /** Shall pages take time to be small, unless they fill fast? */
  readonly isPacked: boolean;
  /** How many rows in finished pages wait for `keep`; beyond, the oldest pages are lost. With 0 they are stored at once. */
  readonly waiting: number;
  readonly retention: Retention;
  /** The time, in milliseconds since 1970. */
  readonly wall: () => number;
  /** Reports a damaged page; it counts as a gap. */
  readonly onDamage: (error: EddyError) => void;
}

export class Track {
  /** The pages in memory; the last one may be unfinished. */
  private pages: Page[] = [];
  private isLoaded = false;
  /** Pages written since they were trimmed last. */
  private untrimmed = 0;
  /** Full pages that are stored or forgotten: the next ones may have their arrays. */
  private spares: Page[] = [];
  /** The latest time so far. */
  private latest = Number.NEGATIVE_INFINITY;

  constructor(private readonly parts: TrackParts) {}

  /** Number of the step after the last one held; 0 if none is. */
  get end(): number {
    return this.pages.at(-1)?.end ?? endOf(this.parts.store.heads.at(-1));
  }

  /** Number of the oldest step held; `end` if none is. */
  get oldest(): number {
    return this.parts.store.heads[0]?.first ?? this.pages[0]?.first ?? 0;
  }

  /** What happened in the unfinished page. */
  get entries(): readonly PastEntry[] {
    this.load();
    return this.pages.at(-1)?.entries.all ?? [];
  }

  /** Takes `count` steps from number `first` on, except those that it holds; gives how many it took. */
  add(first: number, count: number, epoch: string, sources: readonly Source[]): number {
    const last = this.pages.at(-1);
    if (last && last.epoch === epoch && last.end === first && last.count + count < this.parts.rows) {
      last.add(sources, 0, count);
      this.latest = last.latest;
      return count;
    }
    return this.addAcrossPages(first, count, epoch, sources);
  }

  private addAcrossPages(first: number, count: number, epoch: string, sources: readonly Source[]): number {
    this.load();
    const { rows } = this.parts;
    const skipped = Math.max(0, this.end - first);
    for (let from = skipped; from < count; ) {
      const page = this.pageAt(first + from, epoch);
      const to = Math.min(count, from + rows - page.count);
      page.add(sources, from, to);
      this.latest = page.latest;
      from = to;
      if (page.isFull && this.parts.waiting === 0) this.keep();
    }
    return Math.max(0, count - skipped);
  }

  /** Keeps an entry beside the steps. */
  note(entry: PastEntry): void {
    this.load();
    this.pageAt(Math.max(this.end, entry.seq + 1), entry.epoch).note(entry);
  }

  /** Hands the pages to the store; the unfinished one goes on. */
  keep(): void {
    const { store, isPacked, retention, wall } = this.parts;
    const changed = this.pages.filter((page) => page.isChanged && !page.isEmpty);
    if (changed.length === 0) return;
    const savedAt = wall();
    for (const page of changed) {
      const { first, count } = page;
      const isSlow = savedAt - page.begunAt >= count * UNPACKED_MS;
      store.write({ first, count, savedAt }, writePage(page.content(), isPacked && isSlow));
      page.isChanged = false;
    }
    const last = this.pages.at(-1)!;
    this.spares = this.pages.filter(({ isFull }) => isFull);
    this.pages = last.isFull ? [] : [last];
    // to look at many pages for each one written would cost more than a few pages too many
    if (!store.isFull && store.heads.length >= MANY && ++this.untrimmed < MANY / 4) return;
    this.untrimmed = 0;
    trim(store, retention, savedAt);
  }

  /** Frees its memory. What was not kept is lost. */
  free(): void {
    this.pages = [];
    this.isLoaded = false;
    this.spares = [];
    this.latest = Number.NEGATIVE_INFINITY;
  }

  /** Forgets the steps from a number on. */
  dropFrom(end: number): void {
    this.load();
    const { store } = this.parts;
    store.dropFrom(end);
    this.pages = this.pages.filter(({ first }) => first < end);
    const last = store.heads.at(-1);
    if (this.pages.length === 0 && last && endOf(last) > end) {
      const page = this.stored(last);
      if (page) this.pages.push(page);
      else store.dropFrom(last.first);
    }
    const cut = this.pages.at(-1);
    if (cut && cut.end > end) cut.cut(end, this.latestBefore(cut.first));
    this.latest = cut?.latest ?? this.latestBefore(end);
    this.keep();
  }

  /**
   * Gives the rows from a step on, page by page, up to the newest at the time of the last one. Steps that are not held are
   * left out. Between two pages anything may happen to the sequence.
   *
   * @param from number of the first step; entries that are of an earlier one are left out too
   */
  *read(from: number): Generator<PageRows> {
    let seq = from;
    let last: Page | null = null;
    let seen = 0;
    for (let page = this.pageFrom(seq); page; page = this.pageFrom(seq)) {
      if (page.first !== last?.first) seen = 0;
      const rows = this.rowsOf(page, Math.max(seq, page.first), from, seen);
      [last, seen, seq] = [page, page.entries.all.length, page.end];
      yield rows;
    }
    // what happened after the last step
    const newest = this.newest();
    if (!newest || (newest.first !== last?.first && newest.count > 0)) return;
    const rows = this.rowsOf(newest, newest.end, from, newest.first === last?.first ? seen : 0);
    if (rows.entries.length > 0) yield rows;
  }

  /** Gives the number of the first step at a time or after it; `end` if there is none. */
  seqAt(t: number): number {
    const { store } = this.parts;
    let [low, high] = [0, store.heads.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const bytes = store.read(store.heads[middle]!);
      if (bytes && latestOf(bytes) < t) low = middle + 1;
      else high = middle;
    }
    for (const { first, columns } of this.read(store.heads[low]?.first ?? this.pages[0]?.first ?? this.end)) {
      const at = columns[0]!.findIndex((time) => time >= t);
      if (at >= 0) return first + at;
    }
    return this.end;
  }

  /** Goes on with the newest stored page if it is unfinished. */
  private load(): void {
    if (this.isLoaded) return;
    this.isLoaded = true;
    const last = this.parts.store.heads.at(-1);
    if (!last) return;
    const page = last.count < this.parts.rows ? this.stored(last) : null;
    if (page) this.pages.push(page);
    this.latest = this.latestBefore(last.first + 1);
  }

  /** Gives the page that takes a step. */
  private pageAt(first: number, epoch: string): Page {
    const { store, shapes, rows, waiting, wall } = this.parts;
    const last = this.pages.at(-1);
    if (last && last.epoch === epoch && last.end === first && !last.isFull) return last;
    const page = new Page(
      first,
      epoch,
      shapes,
      rows,
      this.latest,
      last?.count === 0 ? last.entries : undefined,
      wall(),
      this.spares.pop(),
    );
    if (last?.count === 0) {
      // a page without steps moves on with what happened so far
      this.pages.pop();
      store.dropFrom(last.first);
    } else if (waiting === 0) {
      this.keep();
      this.pages = [];
    } else this.forgetBeyond(waiting);
    this.pages.push(page);
    return page;
  }

  /** Forgets the oldest pages while those in memory have too many rows, and what is stored before them. */
  private forgetBeyond(most: number): void {
    const { pages } = this;
    let rows = pages.reduce((sum, { count }) => sum + count, 0);
    const before = pages.length;
    while (pages.length > 1 && rows > most) {
      const gone = pages.shift()!;
      this.spares.push(gone);
      rows -= gone.count;
    }
    if (pages.length < before) this.parts.store.dropBefore(pages[0]!.first);
  }

  /** Gives the first page that ends after a step. */
  private pageFrom(seq: number): Page | null {
    const { heads } = this.parts.store;
    let i = indexFrom(heads, seq + 1) - 1;
    if (i < 0 || endOf(heads[i]) <= seq) i++;
    for (; ; i++) {
      const head = heads[i];
      const page = this.pages.find(({ end }) => end > seq);
      if (page && (!head || head.first >= page.first)) return page;
      if (!head) return null;
      const stored = head.count > 0 ? this.stored(head) : null;
      if (stored) return stored;
    }
  }

  private newest(): Page | null {
    const last = this.parts.store.heads.at(-1);
    return this.pages.at(-1) ?? (last ? this.stored(last) : null);
  }

  /** Gives a page out of the store, or null if it is damaged or no longer there. */
  private stored(head: PageHead): Page | null {
    const { store, shapes, rows, onDamage } = this.parts;
    const bytes = store.read(head);
    if (!bytes) return null;
    try {
      return Page.of(readPage(bytes), shapes, rows);
    } catch (error) {
      if (!(error instanceof EddyError)) throw error;
      onDamage(error);
      return null;
    }
  }

  private rowsOf(page: Page, start: number, from: number, seen: number): PageRows {
    const { first, count, epoch, columns, entries } = page;
    return {
      first: start,
      count: page.end - start,
      epoch,
      columns: this.parts.shapes.map(({ width }, i) =>
        columns[i]!.subarray((start - first) * width, count * width),
      ),
      leftOut: start === first && seen === 0 ? entries.leftOut : {},
      entries: entries.all.slice(seen).filter(({ seq }) => seq >= from),
    };
  }

  /** Gives the latest time in the stored pages that begin before a step. */
  private latestBefore(first: number): number {
    const { store } = this.parts;
    const head = store.heads[indexFrom(store.heads, first) - 1];
    const bytes = head && store.read(head);
    return bytes ? latestOf(bytes) : Number.NEGATIVE_INFINITY;
  }
}

const MANY = 64;
/** A page whose steps come faster than one in this many milliseconds is stored as it is: to pack it would slow them. */
const UNPACKED_MS = 5;

const endOf = (head: PageHead | undefined): number => (head ? head.first + head.count : 0);
