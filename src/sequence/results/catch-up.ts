/**
 * The results that a subscriber missed, from the log: a second model replays the records from a checkpoint before the
 * subscriber's position, gives the same bits, and hands over to the live results when it has caught up.
 */
import { Observable, type SchedulerLike, Subject, Subscription } from 'rxjs';
import { EddyError } from '../../errors.js';
import type { ViewMessage } from '../../protocol/views/index.js';
import { stepWork } from '../../rnn/spec/spec.js';
import type { LogRecord, SequenceStore } from '../../store/store.js';
import { type Change, replayed as changeOf } from '../change.js';
import type { Course } from '../course.js';
import { replay } from '../pipeline.js';
import type { Start } from '../recovery.js';
import { rows } from '../rows-of.js';
import type { Results, ResultView } from './results.js';

/** Multiply-adds of one slice, during which all other sequences wait. */
const SLICE_WORK = 2 ** 25;

export interface CatchUpParts {
  readonly start: Start;
  /** Number of the last step that the subscriber has seen. */
  readonly after: number;
  readonly log: SequenceStore;
  /** Takes the results of the replay. */
  readonly replayed: Results;
  readonly live: Results;
  /** Do predictions come with their ranges? */
  readonly ranges?: boolean | undefined;
  /** Gives the latest live result of the view, and the number of the last live step. */
  readonly latest: () => ViewMessage | null;
  readonly seq: () => number;
  readonly scheduler: SchedulerLike;
}

/** Gives the results of a view after a step: first the missed ones, then the live ones. */
export function catchUp(view: ResultView, parts: CatchUpParts): Observable<ViewMessage> {
  return new Observable((subscriber) => {
    const { start, replayed, live, ranges, scheduler } = parts;
    const { course } = start;
    const waiting = new Subscription();
    const tap = new Subscription();
    const listen = () => tap.add(replayed.of(view, ranges).subscribe((message) => subscriber.next(message)));
    const changes = new Subject<Change>();
    let fault: unknown = null;
    changes.pipe(replay(course, replayed)).subscribe({
      next: (run) => replayed.add(run, course),
      error: (error) => {
        fault = error;
      },
    });
    const apply = (record: LogRecord) => {
      changes.next(changeOf(record));
      if (fault !== null) throw fault;
    };
    const pieces = piecesOf(parts, course, listen, apply);
    let isRunning = false;
    let isFinished = false;
    // a subscriber may leave in the middle of a slice, while the model is still in use
    const finish = () => {
      if (isRunning || isFinished) return;
      isFinished = true;
      course.model.free();
    };
    const goLive = () => {
      tap.unsubscribe();
      waiting.add(live.of(view, ranges).subscribe(subscriber));
    };
    const skipTheRest = () => {
      try {
        const latest = parts.latest();
        if (latest) subscriber.next({ ...latest, skipped: Math.max(0, parts.seq() - course.seq - 1) });
        goLive();
      } catch (error) {
        subscriber.error(error);
      }
    };
    const slice = (): void => {
      isRunning = true;
      let isDone = true;
      try {
        isDone = runFor(SLICE_WORK, pieces, () => subscriber.closed);
        if (isDone && !subscriber.closed) goLive();
      } catch (error) {
        // the log was truncated meanwhile, so the rest counts as skipped; or the sequence has ended
        if (error instanceof EddyError) skipTheRest();
        else subscriber.error(error);
      } finally {
        isRunning = false;
      }
      if (isDone || subscriber.closed) finish();
      else waiting.add(scheduler.schedule(slice));
    };
    slice();
    return () => {
      waiting.unsubscribe();
      tap.unsubscribe();
      finish();
    };
  });
}

/** Runs pieces of work up to a total cost; true when there are no more, or nobody wants them. */
function runFor(work: number, pieces: Iterator<number>, isUnwanted: () => boolean): boolean {
  for (let spent = 0; spent < work; ) {
    const piece = pieces.next();
    if (piece.done || isUnwanted()) return true;
    spent += piece.value;
  }
  return false;
}

/** Replays the log in pieces, up to its end; gives the cost of each. @param listen called where the missed results begin */
function* piecesOf(
  { log, start, after }: CatchUpParts,
  course: Course,
  listen: () => void,
  apply: (record: LogRecord) => void,
): Generator<number> {
  const { spec } = course.model;
  const work = stepWork(spec);
  const most = Math.max(1, Math.floor(SLICE_WORK / work));
  let isHeard = false;
  const hear = () => {
    if (!isHeard) listen();
    isHeard = true;
  };
  for (const { record } of log.records(start.position)) {
    if (record.kind !== 'steps') {
      if (course.seq >= after) hear();
      apply(record);
      yield 0;
      continue;
    }
    const count = record.x.length / (spec.batch * spec.features);
    for (let from = 0; from < count; ) {
      const seen = after - record.first + 1;
      if (from >= seen) hear();
      const to = Math.min(count, from + most, from < seen ? seen : count);
      apply(part(record, count, from, to));
      yield (to - from) * work;
      from = to;
    }
  }
}

type Steps = Extract<LogRecord, { kind: 'steps' }>;

/** Gives the steps from `from` to `to` of a run of `count`. */
const part = ({ first, t, x, targets }: Steps, count: number, from: number, to: number): Steps => ({
  kind: 'steps',
  first: first + from,
  t: t && rows(t, 1, from, to),
  x: rows(x, x.length / count, from, to),
  targets: targets && rows(targets, targets.length / count, from, to),
});
