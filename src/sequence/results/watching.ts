/** The views of a sequence's watchers: from now on, or from their last position. */
import { defer, EMPTY, finalize, merge, Observable } from 'rxjs';
import type { Clock } from '../../clock.js';
import { EddyError } from '../../errors.js';
import { outputLabels } from '../../fields/output-labels.js';
import type { Pieces } from '../../math/pieces.js';
import { countOf, kindOf, type View, type ViewMessage } from '../../protocol/views/index.js';
import { outputsOf } from '../../rnn/spec/spec.js';
import type { SequenceStore } from '../../store/store.js';
import type { Refused } from '../change.js';
import type { Course } from '../course.js';
import type { ModelRoom } from '../model-room.js';
import type { Past } from '../past/past.js';
import { type Start, startOf } from '../recovery.js';
import type { SequenceCounters } from '../sequence-counters.js';
import type { FairTurns } from '../work/fair-turns.js';
import { latestResult } from './latest-result.js';
import { pastResults, type Reader, thenLive } from './past-results.js';
import { Replays } from './replays.js';
import { Results, type ResultView } from './results.js';
import { applyView, type ViewOptions } from './shape-view.js';
import { type Told, type ToldUpTo, toldAfter } from './told-steps.js';
import { unseen } from './unseen-events.js';
import type { After, Begun, From, Rejoined, Watched } from './watched.js';
import { checkWeights, weightsView } from './weights-view.js';

export interface WatchingParts {
  readonly sequence: Watched;
  readonly results: Results;
  readonly log: SequenceStore;
  readonly past: Past;
  readonly turns: FairTurns;
  readonly counters: SequenceCounters;
  readonly models: ModelRoom;
  readonly clock: Clock;
  /** Reports a damaged checkpoint. */
  readonly onFault: (error: unknown) => void;
}

export class Watching {
  private readers = 0;
  private readonly replays: Replays;
  /** A reader in this process, which keeps up. */
  private readonly anybody: Reader = { owner: this, hasRoom: () => true };

  constructor(private readonly parts: WatchingParts) {
    const { sequence, results: live, log, turns } = parts;
    this.replays = new Replays({
      startBefore: (seq) => this.startBefore(seq),
      results: () => new Results(sequence.channel, sequence.spec, sequence.schema),
      live,
      log,
      sequence,
      latest: ({ view, ranges }, seen) => this.latest(view, ranges, seen),
      turns,
      onReplayed: (steps) => {
        parts.counters.catchUps++;
        parts.counters.catchUpSteps += steps;
      },
    });
  }

  /** Does anybody read what was? */
  get isRead(): boolean {
    return this.readers > 0;
  }

  /** Gives a view of the results from now on. @throws EddyError `view-unavailable` */
  watch(view: View, options: ViewOptions): Observable<ViewMessage> {
    this.checkView(view);
    if (view !== 'weights') return this.shape(view, this.parts.results.of(view, options.ranges), options);
    const { sequence, results, clock } = this.parts;
    const changes$ = merge(results.of('updates'), results.of('events'));
    const look = (isIdle: boolean) => this.looked(isIdle);
    return weightsView(changes$, sequence.channel, look, options.every, clock.scheduler);
  }

  /**
   * Gives a view from the subscriber's position: the missed results come first, from the log. If the log does
   * not reach back so far, the latest result comes first.
   *
   * @throws EddyError `view-unavailable`
   */
  rejoin(view: View, options: ViewOptions, after: After, reader = this.anybody): Rejoined {
    if (view === 'weights') return { results$: this.watch(view, options), recovered: false };
    this.checkView(view);
    const { results$, recovered } = this.resultsAfter(view, options.ranges ?? false, after, reader);
    return { results$: this.shape(view, results$, options), recovered };
  }

  /**
   * Gives a view from a place in the past on, or from a subscriber's position if that is earlier: what was comes out of the
   * pages of the past, whole and in order, a page in each turn of the event loop, and then the live results as the options
   * say. Updates and weights have no past.
   *
   * @param reader who reads it
   * @throws EddyError `view-unavailable`
   */
  since(
    view: View,
    options: ViewOptions,
    { after, isOver = false, ...since }: From,
    reader = this.anybody,
  ): Begun {
    const { sequence, results, past } = this.parts;
    if (view === 'weights' || view === 'updates') {
      const rejoined = after && this.rejoin(view, options, after);
      const begins = (rejoined?.recovered ? after!.seq : sequence.seq) + 1;
      return { begins, results$: isOver ? EMPTY : this.watch(view, options), ...rejoined };
    }
    this.checkView(view);
    const oldest = this.oldestOf(view);
    const seen = after && this.isOf(after) ? after.seq : Number.POSITIVE_INFINITY;
    const begins = Math.max(oldest, Math.min(past.startOf(since), seen + 1));
    const recovered = oldest <= seen + 1 && seen <= sequence.seq;
    // what happened right after a step has its number
    const start = view === 'events' && recovered ? Math.min(begins, seen) : begins;
    const live$ = isOver ? EMPTY : this.shape(view, results.of(view, options.ranges), options);
    return { results$: this.fromPast(view, start, live$, reader), begins, ...(after && { recovered }) };
  }

  /** Gives all that is told of each step after a position, and of what happened. */
  told(after: ToldUpTo, reader = this.anybody): Observable<readonly Told[]> {
    const { sequence, past, results, turns, clock } = this.parts;
    sequence.checkAlive();
    return this.held(toldAfter(past, results.teller, after, { turns, scheduler: clock.scheduler, reader }));
  }

  private fromPast(
    view: ResultView,
    start: number,
    live$: Observable<ViewMessage>,
    reader: Reader,
  ): Observable<ViewMessage> {
    const { sequence, results, past, turns, clock } = this.parts;
    const { batch, features, units } = sequence.spec;
    const { fields, targets } = sequence.schema;
    const pages = pastResults(view, start, {
      past,
      channel: sequence.channel,
      labels: outputLabels(sequence.spec, fields, targets),
      sizes: { x: batch * features, y: batch * outputsOf(sequence.spec), h: batch * units },
      capacity: results.capacityOf(view),
      interval: sequence.course?.times.interval ?? null,
    });
    return this.held(thenLive(pages, live$, { turns, scheduler: clock.scheduler, reader }, countOf));
  }

  /** Counts those who read what was, so that the sequence is not dropped from memory meanwhile. */
  private held<M>(results$: Observable<M>): Observable<M> {
    return defer(() => {
      this.readers++;
      return results$.pipe(
        finalize(() => {
          this.readers--;
        }),
      );
    });
  }

  /** Number of the oldest step whose results are kept; of the next one if none is. */
  private oldestOf(view: ResultView): number {
    const { past, sequence } = this.parts;
    if (past.end !== sequence.seq + 1) return sequence.seq + 1;
    return view === 'states' ? past.oldestState : past.oldest;
  }

  /** Is a position one of this history? */
  private isOf({ epoch, seq, event = -1 }: After): boolean {
    const { sequence } = this.parts;
    const isKnown = seq <= sequence.seq && event < (sequence.events ?? Number.POSITIVE_INFINITY);
    return epoch === sequence.epoch && isKnown;
  }

  private checkView(view: View): void {
    const { spec } = this.parts.sequence;
    this.parts.sequence.checkAlive();
    if (spec.readout.kind === 'none' && kindOf(view).needsReadout)
      throw new EddyError('view-unavailable', `a model without a readout has no ${view}`);
    if (view === 'weights') checkWeights(spec);
  }

  private shape(
    view: ResultView,
    results$: Observable<ViewMessage>,
    options: ViewOptions,
  ): Observable<ViewMessage> {
    const { results, clock } = this.parts;
    return applyView(results$, options, results.capacityOf(view), clock.scheduler);
  }

  private resultsAfter(view: ResultView, ranges: boolean, after: After, reader: Reader): Rejoined {
    const { sequence, results } = this.parts;
    const live$ = results.of(view, ranges);
    const isOf = this.isOf(after);
    // a change of settings or a late target may follow the step, and has no number of its own
    const { isPerStep } = kindOf(view);
    if (isOf && isPerStep && after.seq === sequence.shown) return { results$: live$, recovered: true };
    const seen = view === 'events' ? after.event : undefined;
    if (isOf && seen !== undefined && seen + 1 === sequence.events)
      return { results$: live$, recovered: true };
    if (isOf && this.isInPast(view, after.seq)) {
      const first = isPerStep ? after.seq + 1 : after.seq;
      return { results$: unseen(this.fromPast(view, first, live$, reader), seen), recovered: true };
    }
    const begins = isPerStep ? after.seq : after.seq - 1;
    const oldest = isOf ? this.oldestStart() : 0;
    if (!isOf || (oldest >= 0 && begins < oldest))
      return { results$: this.latest(view, ranges), recovered: false };
    const missed = { view, ranges, after: after.seq, begins };
    return { results$: unseen(this.held(this.replays.after(missed)), seen), recovered: true };
  }

  /** Gives the latest result, and then the live ones. @param seen the last step that was seen, where those since count as skipped */
  private latest(view: ResultView, ranges: boolean, seen?: number): Observable<ViewMessage> {
    const { sequence, results } = this.parts;
    return new Observable((out) => {
      const look = (course: Course) => {
        const last = latestResult(view, sequence.channel, course, ranges);
        if (last)
          out.next(seen === undefined ? last : { ...last, skipped: Math.max(0, course.seq - seen - 1) });
        out.add(results.of(view, ranges).subscribe(out));
        return null;
      };
      sequence.look(look, { durable: () => undefined, refused: ([refused]) => out.error(refused?.error) });
    });
  }

  /** Gives the course while nothing changes it. */
  private looked(isIdle: boolean): Observable<Course> {
    return new Observable((out) => {
      const asker = {
        durable: () => out.complete(),
        refused: ([refused]: readonly Refused[]) => out.error(refused?.error),
      };
      const look = (course: Course) => {
        out.next(course);
        return null;
      };
      this.parts.sequence.look(look, asker, isIdle);
    });
  }

  /** Are the results of all steps after one kept? */
  private isInPast(view: ResultView, seq: number): boolean {
    if (view === 'updates' || view === 'metrics') return false;
    const oldest = this.oldestOf(view);
    return view === 'events' ? oldest <= seq : oldest <= seq + 1;
  }

  /** Number of the last step before the oldest start of a replay; -1 if the whole log is there. */
  private oldestStart(): number {
    const { log, sequence } = this.parts;
    if (log.oldest === 0) return -1;
    let position = log.end;
    for (const checkpoint of log.checkpoints()) position = Math.min(position, checkpoint.position);
    try {
      for (const { record } of log.records(position)) if (record.kind === 'steps') return record.first - 1;
    } catch (error) {
      // damage is met again, and told, where it is in the way
      if (!(error instanceof EddyError)) throw error;
    }
    return sequence.seq;
  }

  /** Gives a start for a replay of everything after a step; null if the log no longer has it. */
  private startBefore(seq: number): Pieces<Start | null> {
    const { sequence, log, models, onFault } = this.parts;
    const isWanted = ({ model }: Course) => model.seq <= seq || model.seq < 0;
    return startOf(sequence.name, log, (spec, from) => models.replay(spec, from), onFault, isWanted);
  }
}
