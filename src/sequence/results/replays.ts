/**
 * The results that subscribers missed, from the log: a second model replays the records from a checkpoint before the
 * earliest of their positions, gives the same bits, and hands over to the live results when it has caught up. One replay at
 * a time serves all who wait for one.
 */
import { Observable, type Subscriber, Subscription } from 'rxjs';
import { EddyError } from '../../errors.js';
import type { Pieces } from '../../math/pieces.js';
import type { ViewMessage } from '../../protocol/views/index.js';
import type { LogRecord, SequenceStore } from '../../store/store.js';
import type { Change } from '../change.js';
import type { Course } from '../course.js';
import type { Start } from '../recovery.js';
import { Replaying } from '../replaying.js';
import { rows } from '../rows-of.js';
import type { FairTurns } from '../work/fair-turns.js';
import type { Results, ResultView } from './results.js';

/** What somebody missed. */
export interface Missed {
  readonly view: ResultView;
  /** Do predictions come with their ranges? */
  readonly ranges: boolean;
  /** Number of the last step that was seen. */
  readonly after: number;
  /** The replay has to begin after this step at the latest. */
  readonly begins: number;
}

export interface ReplaysParts {
  /** Gives a start from which everything after a step can be replayed; null if the log no longer has it. */
  readonly startBefore: (seq: number) => Pieces<Start | null>;
  /** Makes what takes the results of a replay. */
  readonly results: () => Results;
  readonly live: Results;
  readonly log: SequenceStore;
  /** How far the live results have gone out, and the change of which more are to come. */
  readonly sequence: { readonly shown: number; readonly unfinished: Change | null };
  /** Gives the latest live result of a view, with how many steps after one were skipped, and then the live ones. */
  readonly latest: (missed: Pick<Missed, 'view' | 'ranges'>, seen: number) => Observable<ViewMessage>;
  readonly turns: FairTurns;
  /** Told how many steps were replayed. */
  readonly onReplayed?: (steps: number) => void;
}

interface Waiting extends Missed {
  readonly out: Subscriber<ViewMessage>;
  readonly tap: Subscription;
  isHeard: boolean;
}

export class Replays {
  /** Those for whom the next replay is. */
  private waiting: Waiting[] = [];
  private running: Replay | null = null;

  constructor(private readonly parts: ReplaysParts) {}

  /** Gives the results after a step: first the missed ones, then the live ones. */
  after(missed: Missed): Observable<ViewMessage> {
    return new Observable((out) => {
      const tap = new Subscription();
      const waiting: Waiting = { ...missed, out, tap, isHeard: false };
      // what was promised must still be there when its turn comes
      tap.add(this.parts.log.hold());
      try {
        if (!this.running?.join(waiting)) this.wait(waiting);
      } catch (error) {
        out.error(error);
      }
      return tap;
    });
  }

  private wait(waiting: Waiting): void {
    if (!this.running && this.waiting.length === 0) this.beginLater();
    this.waiting.push(waiting);
  }

  private beginLater(): void {
    const pieces = this.replay();
    const piece = () => {
      const { done, value } = pieces.next();
      return done ? null : value;
    };
    this.parts.turns.add({ kind: 'beside', owner: this, piece });
  }

  private *replay(): Pieces {
    const all = this.waiting.filter(({ tap }) => !tap.closed);
    this.waiting = [];
    try {
      if (all.length === 0) return;
      this.running = new Replay(this.parts, all);
      yield* this.running.pieces();
    } catch (error) {
      for (const { out } of all) out.error(error);
    } finally {
      this.running = null;
      if (this.waiting.length > 0) this.beginLater();
    }
  }
}

/** One replay of the log. */
class Replay {
  private course: Course | null = null;
  private results: Results | null = null;
  private readonly begins: number;

  constructor(
    private readonly parts: ReplaysParts,
    private readonly all: Waiting[],
  ) {
    this.begins = all.reduce((least, { begins }) => Math.min(least, begins), Number.POSITIVE_INFINITY);
  }

  /** Takes one more, unless it has passed what was missed. */
  join(waiting: Waiting): boolean {
    const { course, begins } = this;
    if (waiting.begins < begins || (course && course.seq >= waiting.after)) return false;
    this.all.push(waiting);
    return true;
  }

  *pieces(): Pieces {
    const start = yield* this.parts.startBefore(this.begins);
    if (!start) return this.skip();
    const { course } = start;
    const began = course.seq;
    const results = this.parts.results();
    const faults: unknown[] = [];
    const replaying = new Replaying(course, results, {
      next: (run) => results.add(run, course),
      error: (fault) => faults.push(fault),
    });
    this.course = course;
    this.results = results;
    try {
      for (let next = start.position; !this.isUnwanted; ) {
        for (const { position, record } of this.parts.log.records(next)) {
          yield* this.apply(replaying, record);
          next = position + 1;
          if (faults.length > 0) throw faults[0];
          if (this.isUnwanted) return;
        }
        yield* this.applyUnfinished(replaying, course);
        if (this.parts.log.end === next && this.isLevel(course)) return this.goLive();
      }
    } catch (error) {
      if (!(error instanceof EddyError)) throw error;
      // the log was truncated meanwhile, so the rest counts as skipped; or the sequence has ended
      this.skip();
    } finally {
      this.parts.onReplayed?.(course.seq - began);
      replaying.end();
      this.course = null;
      course.model.free();
    }
  }

  private get isUnwanted(): boolean {
    return this.all.every(({ tap }) => tap.closed);
  }

  /** Applies a record, up to a step; whoever missed something hears from there on. */
  private *apply(replaying: Replaying, record: LogRecord, end = Number.POSITIVE_INFINITY): Pieces {
    const { all } = this;
    const course = this.course!;
    if (record.kind !== 'steps') {
      this.hear(course.seq);
      return yield* replaying.apply(record);
    }
    const count = record.x.length / (course.model.spec.batch * course.model.spec.features);
    const last = Math.min(record.first + count - 1, end);
    while (course.seq < last) {
      this.hear(course.seq);
      const from = course.seq + 1;
      let to = last;
      for (const { after, isHeard } of all) if (!isHeard && after >= from) to = Math.min(to, after);
      yield* replaying.apply(part(record, count, from - record.first, to - record.first + 1));
      if (course.seq < to) return;
    }
  }

  /** Whoever has seen the steps up to one hears what follows. */
  private hear(seq: number): void {
    for (const one of this.all) {
      if (one.isHeard || one.after > seq) continue;
      one.isHeard = true;
      const { view, ranges, out, tap } = one;
      tap.add(this.results!.of(view, ranges).subscribe((message) => out.next(message)));
    }
  }

  /** Applies what has gone out already of a change that is not in the log yet; late targets are waited for. */
  private *applyUnfinished(replaying: Replaying, course: Course): Pieces {
    const { sequence } = this.parts;
    const record = sequence.unfinished?.record;
    if (record?.kind === 'steps' && course.seq < sequence.shown)
      yield* this.apply(replaying, record, sequence.shown);
    else if (record?.kind === 'targets') yield WAIT_WORK;
  }

  /** Is it where the live results are? */
  private isLevel(course: Course): boolean {
    const { shown, unfinished } = this.parts.sequence;
    return course.seq === shown && unfinished?.record?.kind !== 'targets';
  }

  private goLive(): void {
    const { live } = this.parts;
    for (const { view, ranges, out, tap } of this.all) {
      if (tap.closed) continue;
      tap.unsubscribe();
      out.add(live.of(view, ranges).subscribe(out));
    }
  }

  private skip(): void {
    const seen = this.course?.seq ?? -1;
    for (const one of this.all) {
      if (one.tap.closed) continue;
      one.tap.unsubscribe();
      one.out.add(this.parts.latest(one, Math.max(seen, one.after)).subscribe(one.out));
    }
  }
}

/** To wait for others ends a slice. */
const WAIT_WORK = 2 ** 24;

type Steps = Extract<LogRecord, { kind: 'steps' }>;

/** Gives the steps from `from` to `to` of a run of `count`. */
const part = ({ first, t, x, targets }: Steps, count: number, from: number, to: number): Steps => ({
  kind: 'steps',
  first: first + from,
  t: t && rows(t, 1, from, to),
  x: rows(x, x.length / count, from, to),
  targets: targets && rows(targets, targets.length / count, from, to),
});
