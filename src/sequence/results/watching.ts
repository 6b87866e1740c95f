/** The views of a sequence's watchers: from now on, or from their last position. */
import { concat, merge, type Observable, of } from 'rxjs';
import type { Clock } from '../../clock.js';
import { EddyError } from '../../errors.js';
import { outputLabels } from '../../fields/output-labels.js';
import type { Schema } from '../../fields/schema.js';
import { kindOf, type View, type ViewMessage } from '../../protocol/views/index.js';
import { type ModelSpec, outputsOf } from '../../rnn/spec/spec.js';
import type { SequenceStore } from '../../store/store.js';
import type { Course } from '../course.js';
import type { ModelRoom } from '../model-room.js';
import type { Past, Since } from '../past/past.js';
import { type Start, starts } from '../recovery.js';
import type { Turns } from '../turns.js';
import { catchUp } from './catch-up.js';
import { latestResult } from './latest-result.js';
import { pastResults, thenLive } from './past-results.js';
import { Results, type ResultView } from './results.js';
import { applyView, type ViewOptions } from './shape-view.js';
import { checkWeights, weightsView } from './weights-view.js';

/** A subscriber's position: it has seen everything up to this step. */
export interface After {
  readonly epoch: string;
  readonly seq: number;
}

export interface Rejoined {
  readonly results$: Observable<ViewMessage>;
  /** Does it resume at the subscriber's position? */
  readonly recovered: boolean;
}

export interface Begun {
  readonly results$: Observable<ViewMessage>;
  /** Number of the step that the results begin with. */
  readonly begins: number;
}

/** The watched sequence. */
export interface Watched {
  readonly name: string;
  readonly channel: number;
  readonly spec: ModelSpec;
  readonly schema: Schema;
  readonly seq: number;
  readonly epoch: string;
  /** Wakes it. */
  awake(): Course;
  /** Its model and epoch; null while it sleeps. */
  readonly course: Course | null;
}

export interface WatchingParts {
  readonly sequence: Watched;
  readonly results: Results;
  readonly log: SequenceStore;
  readonly past: Past;
  readonly turns: Turns;
  readonly models: ModelRoom;
  readonly clock: Clock;
  /** Reports a damaged checkpoint. */
  readonly onFault: (error: unknown) => void;
}

export class Watching {
  constructor(private readonly parts: WatchingParts) {}

  /** Gives a view of the results from now on. @throws EddyError `view-unavailable` */
  watch(view: View, options: ViewOptions): Observable<ViewMessage> {
    this.checkView(view);
    if (view !== 'weights') return this.shape(view, this.parts.results.of(view), options);
    const { sequence, results, clock } = this.parts;
    sequence.awake();
    const changes$ = merge(results.of('updates'), results.of('events'));
    return weightsView(changes$, sequence.channel, () => sequence.course, options.every, clock.scheduler);
  }

  /**
   * Gives a view from the subscriber's position: the missed results come first, from the log. If the log does
   * not reach back so far, the latest result comes first.
   *
   * @throws EddyError `view-unavailable`
   */
  rejoin(view: View, options: ViewOptions, after: After): Rejoined {
    if (view === 'weights') return { results$: this.watch(view, options), recovered: false };
    this.checkView(view);
    const { results$, recovered } = this.resultsAfter(view, after);
    return { results$: this.shape(view, results$, options), recovered };
  }

  /**
   * Gives a view from a place in the past on: what was comes out of the pages of the past, a page in each turn of the event
   * loop, and then the live results.
   *
   * @throws EddyError `view-unavailable`
   */
  since(view: View, options: ViewOptions, since: Since): Begun {
    const { sequence, results, past } = this.parts;
    if (view === 'weights' || view === 'updates')
      return { results$: this.watch(view, options), begins: sequence.seq + 1 };
    this.checkView(view);
    const oldest = view === 'states' ? past.oldestState : past.oldest;
    const begins = Math.max(past.startOf(since), oldest);
    return { results$: this.shape(view, this.fromPast(view, begins, results.of(view)), options), begins };
  }

  private fromPast(view: ResultView, start: number, live$: Observable<ViewMessage>): Observable<ViewMessage> {
    const { sequence, results, past, turns } = this.parts;
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
    return thenLive(pages, live$, turns);
  }

  private checkView(view: View): void {
    const { spec } = this.parts.sequence;
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

  private resultsAfter(view: ResultView, after: After): Rejoined {
    const { sequence, results: live, log, clock } = this.parts;
    const live$ = live.of(view);
    const isOf = after.epoch === sequence.epoch && after.seq <= sequence.seq;
    // a change of settings or a late target may follow the step, and has no number of its own
    const { isPerStep } = kindOf(view);
    if (isOf && isPerStep && after.seq === sequence.seq) return { results$: live$, recovered: true };
    if (isOf && isPerStep && this.isInPast(view, after.seq))
      return { results$: this.fromPast(view, after.seq + 1, live$), recovered: true };
    const start = isOf ? this.startBefore(isPerStep ? after.seq : after.seq - 1) : null;
    const latest = () => latestResult(view, sequence.channel, sequence.awake());
    if (!start) {
      const last = latest();
      return { results$: last ? concat(of(last), live$) : live$, recovered: false };
    }
    const replayed = new Results(sequence.channel, sequence.spec, sequence.schema);
    const seq = () => sequence.seq;
    const { scheduler } = clock;
    const results$ = catchUp(view, { start, after: after.seq, log, replayed, live, scheduler, latest, seq });
    return { results$, recovered: true };
  }

  /** Are the results of all steps after one kept? */
  private isInPast(view: ResultView, seq: number): boolean {
    const { past, sequence } = this.parts;
    const oldest = view === 'states' ? past.oldestState : past.oldest;
    return past.end === sequence.seq + 1 && oldest <= seq + 1;
  }

  /** Gives a start for a replay of everything after a step; null if the log no longer has it. */
  private startBefore(seq: number): Start | null {
    const { sequence, log, models, onFault } = this.parts;
    for (const start of starts(sequence.name, log, (spec) => models.make(spec), onFault)) {
      const { model } = start.course;
      if (model.seq <= seq || model.seq < 0) return start;
      model.free();
    }
    return null;
  }
}
