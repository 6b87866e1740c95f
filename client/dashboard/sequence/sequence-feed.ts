/** Watches a sequence for a page, over all connections, and keeps what comes. */
import {
  BehaviorSubject,
  catchError,
  EMPTY,
  exhaustMap,
  filter,
  from,
  map,
  merge,
  type Observable,
  Subject,
  Subscription,
  switchMap,
  timer,
  withLatestFrom,
} from 'rxjs';
import { seasonsText, type ToldSeason } from '../../../src/fields/told-seasons.js';
import type { Client, CodedError, Joined, Watch } from '../../sdk/index.js';
import { Flow } from './flow.js';
import { SequenceRecord } from './sequence-record.js';

export interface FeedParts {
  readonly name: string;
  /** The client of now. */
  readonly client$: Observable<Client>;
  readonly now: () => number;
  readonly isHidden: () => boolean;
}

/** Milliseconds between two deliveries: as often as the page is drawn. */
const DRAWN_MS = 50;
const METRICS_MS = 250;
const LOOK_MS = 1000;
/** The most seasons that are named. */
const MOST_SEASONS = 8;

type Watched = Parameters<Watch['view']>[0];

export class SequenceFeed {
  /** Null until the server has said what the sequence is. Another one where the sequence is another one. */
  readonly record$ = new BehaviorSubject<SequenceRecord | null>(null);
  /** Views that the server does not give, and why. */
  readonly refused$ = new BehaviorSubject<ReadonlyMap<Watched, CodedError>>(new Map());
  flow = new Flow();
  /** When the last step came, in milliseconds; null before the first. */
  lastAt: number | null = null;
  private readonly changes = new Subject<void>();
  private row = 0;

  constructor(private readonly parts: FeedParts) {}

  get changes$(): Observable<void> {
    return this.changes.asObservable();
  }

  /** Watches until the subscription ends. */
  start(): Subscription {
    const { client$, name } = this.parts;
    const all = new Subscription();
    all.add(
      client$
        .pipe(
          switchMap((client) => {
            this.refused$.next(new Map());
            return merge(this.watch(client.watch(name)), this.connection(client), this.looks(client));
          }),
        )
        .subscribe(() => this.changes.next()),
    );
    return all;
  }

  showRow(row: number): void {
    this.row = row;
    const before = this.record$.value;
    if (!before) return;
    const record = new SequenceRecord(before.shown, row);
    // weights and what happened are of all rows
    record.firstWeights = before.firstWeights;
    record.weights = before.weights;
    record.events = before.events;
    this.record$.next(record);
  }

  private watch(watch: Watch): Observable<unknown> {
    const drawn = { every: DRAWN_MS };
    const keep = <T>(view: Watched, items$: Observable<T>, add: (record: SequenceRecord, item: T) => void) =>
      items$.pipe(
        map((item) => this.record$.value && add(this.record$.value, item)),
        catchError((error: CodedError) => {
          this.refused$.next(new Map([...this.refused$.value, [view, error]]));
          return EMPTY;
        }),
      );
    return merge(
      // before the views: what they bring belongs to the record that this makes
      watch.joined$.pipe(
        map((joined) => this.join(joined)),
        catchError(() => EMPTY),
      ),
      keep('states', watch.view('states', drawn), (record, item) => {
        this.lastAt = this.parts.now();
        record.addState(item);
      }),
      keep('inputs', watch.view('inputs', drawn), (record, item) => record.addInput(item)),
      keep('predictions', watch.view('predictions', drawn), (record, item) => record.addPrediction(item)),
      keep('updates', watch.view('updates', drawn), (record, item) => record.addUpdate(item)),
      keep('metrics', watch.view('metrics', { every: METRICS_MS, delivery: 'latest' }), (record, item) =>
        record.addMetrics(item),
      ),
      keep('weights', watch.weights$, (record, item) => record.addWeights(item)),
      keep('events', watch.events$, (record, item) => record.addEvent(item)),
    );
  }

  /** Begins a new record where the model is another one, or the server has gone back behind what was shown. */
  private join({ spec, fields, targets, resample, seq, recovered }: Joined): void {
    const shown = { spec, fields, targets, resample };
    const record = this.record$.value;
    const isSame = record && JSON.stringify(record.shown) === JSON.stringify(shown);
    // a view that goes on tells where it was itself, and another one may be further
    if (isSame && (recovered || seq >= record.lastStep)) return;
    this.flow = new Flow();
    this.record$.next(new SequenceRecord(shown, Math.min(this.row, spec.batch - 1)));
  }

  /** Notes when this page was cut off, and came back. */
  private connection(client: Client): Observable<unknown> {
    let wasOpen = false;
    return client.state$.pipe(
      map(({ status }) => {
        const isOpen = status === 'open';
        const { events, lastStep, clock } = this.record$.value ?? {};
        if (isOpen !== wasOpen && status !== 'connecting' && lastStep !== undefined)
          events?.note(
            isOpen ? 'page-connected' : 'page-disconnected',
            lastStep,
            timeOrNull(clock?.lastTime),
          );
        if (status !== 'connecting') wasOpen = isOpen;
      }),
    );
  }

  private looks(client: Client): Observable<unknown> {
    const { now, isHidden } = this.parts;
    return timer(LOOK_MS, LOOK_MS).pipe(
      withLatestFrom(client.state$),
      // a request that waits for a connection is no round trip
      filter(([, { status }]) => status === 'open' && !isHidden()),
      exhaustMap(() => {
        const asked = now();
        return from(client.list({ sequence: this.parts.name })).pipe(
          map(({ sequences: [told] }) => ({ trip: now() - asked, seasons: told?.seasons })),
          catchError(() => EMPTY),
        );
      }),
      map(({ trip, seasons }) => {
        const record = this.record$.value;
        if (!record) return;
        if (seasons) record.seasons = seasonsWords(seasons);
        const { lastStep: step, metrics, skipped } = record;
        this.flow.add({ at: now(), step, updates: metrics?.updates ?? 0, skipped, trip });
      }),
    );
  }
}

const timeOrNull = (t = Number.NaN) => (Number.isNaN(t) ? null : t);

/** Says by which seasons a sequence forecasts. */
function seasonsWords(seasons: readonly ToldSeason[]): string {
  if (seasons.length === 0) return 'No season found so far.';
  const more = seasons.length - MOST_SEASONS;
  const rest = more > 0 ? `; and ${more} more` : '';
  return `Seasons: ${seasonsText(seasons.slice(0, MOST_SEASONS))}${rest}.`;
}
