/** What a page of the past keeps beside its rows. */

interface EntryPlace {
  /** Number of the last step when it happened, or of the step it is about. */
  readonly seq: number;
  /** Time of that step in milliseconds since 1970, if it has one. */
  readonly t: number | null;
  readonly epoch: string;
}

/** Something that happened, or the scores after a step. Both are JSON. */
export type PastEntry = EntryPlace &
  (
    | { readonly kind: 'event'; readonly event: string; readonly detail: unknown; readonly number?: number }
    | { readonly kind: 'metrics'; readonly metrics: unknown }
  );

/** Is an event, which may have a number, among the entries already? */
export const isKept = (
  { number, epoch }: Pick<Extract<PastEntry, { kind: 'event' }>, 'number' | 'epoch'>,
  entries: readonly PastEntry[],
): boolean =>
  number !== undefined &&
  entries.some((one) => one.kind === 'event' && one.number === number && one.epoch === epoch);

/** How many events one page keeps. */
const MOST_EVENTS = 1024;

/** The entries of one page: the newest of each kind of event, as many as fit, and how many older ones were left out. */
export class Entries {
  constructor(
    readonly all: PastEntry[] = [],
    /** How many are not kept, by their event. */
    readonly leftOut: Record<string, number> = {},
  ) {}

  add(entry: PastEntry): void {
    this.all.push(entry);
    if (this.all.length <= MOST_EVENTS || entry.kind !== 'event') return;
    const events = this.all.filter(({ kind }) => kind === 'event');
    if (events.length <= MOST_EVENTS) return;
    const isOfKind = (other: PastEntry) => other.kind === 'event' && other.event === entry.event;
    const same = this.all.findIndex(isOfKind);
    const at = this.all[same] === entry ? this.all.indexOf(events[0]!) : same;
    const [gone] = this.all.splice(at, 1);
    if (gone?.kind === 'event') this.leftOut[gone.event] = (this.leftOut[gone.event] ?? 0) + 1;
  }

  /** Forgets what belongs to a step or comes after it. */
  cut(end: number): void {
    const kept = this.all.filter(({ seq }) => seq < end);
    this.all.splice(0, this.all.length, ...kept);
  }
}
