/** Restores a sequence: the last intact checkpoint, then a replay of the records after it. */
import { defer, map } from 'rxjs';
import { EddyError } from '../errors.js';
import { type Schema, unnamedSchema } from '../fields/sequence-schema.js';
import type { Plain } from '../formats/typed-json.js';
import type { Model, ModelStart } from '../rnn/model.js';
import type { ModelSnapshot } from '../rnn/snapshot.js';
import { withOldDefaults } from '../rnn/spec/old-defaults.js';
import type { ModelSpec } from '../rnn/spec/spec.js';
import type { SequenceStore } from '../store/store.js';
import { replayed } from './change.js';
import { Course } from './course.js';
import { keepRun } from './past/keep-run.js';
import type { Past } from './past/past.js';
import { replay } from './pipeline.js';

/** Makes a model of a spec: from a snapshot, or with first weights, drawn as in version 0.1 if `draw` says so. */
export type MakeModel = (spec: Plain, from: ModelStart) => Model;

/** The start of a replay. */
export interface Start {
  readonly course: Course;
  /** Position of the first record to apply. */
  readonly position: number;
}

export interface Recovered {
  readonly course: Course;
  readonly past: Past;
  /** Replayed steps. */
  readonly replayed: number;
  /** Damage that was found; the damaged parts are not used. */
  readonly damage: readonly EddyError[];
  /** Were records discarded, so that the history ends earlier than before? */
  readonly isCut: boolean;
}

interface SequenceState {
  readonly epoch: string;
  readonly snapshot: ModelSnapshot;
  readonly schema?: Schema;
  readonly times?: unknown;
  readonly keys?: unknown;
  readonly recent?: unknown;
  readonly filled?: number | null;
}

/** The state of a sequence in a checkpoint. */
export const stateOf = ({ epoch, model, schema, isNamed, times, keys, recent, filled }: Course): Plain => ({
  epoch,
  snapshot: model.snapshot(),
  ...(isNamed && { schema }),
  times: times.state(),
  keys: keys.state(),
  recent: recent.state(),
  filled: Number.isNaN(filled) ? null : filled,
});

/**
 * Restores a sequence to the end of its log. A damaged checkpoint is skipped in favour of the one before it; the history
 * ends before a damaged record.
 *
 * @throws EddyError `store-damaged` if there is nothing to start from; the store is unchanged
 */
export function recover(
  name: string,
  log: SequenceStore,
  make: MakeModel,
  pastOf: (spec: ModelSpec) => Past,
): Recovered {
  const { doubt } = log;
  const damage: EddyError[] = [];
  for (const start of starts(name, log, make, (error) => damage.push(error))) {
    const { course } = start;
    if (course.recent.isEmpty) recall(course, log, start.position);
    const before = course.seq;
    const past = pastOf(course.model.spec);
    const reached = replayFrom(course, past, log, start.position);
    if (reached.fault !== null && !isDamage(reached.fault)) {
      course.model.free();
      throw reached.fault;
    }
    if (reached.fault) {
      damage.push(reached.fault);
      log.abandon(reached.position);
    }
    if (past.end > course.seq + 1) past.dropAfter(course.seq);
    // what was found while reading says it better
    if (doubt && (doubt.isUncertain || damage.length === 0)) damage.unshift(...doubt.errors);
    log.settle();
    const isCut = reached.fault !== null || doubt?.isUncertain === true;
    return { course, past, replayed: course.seq - before, damage, isCut };
  }
  const why = damage.map(({ message }) => message);
  if (log.oldest > 0) why.push('no checkpoint is usable, and the log starts later');
  throw new EddyError('store-damaged', `${name} cannot be restored: ${why.join('; ')}`);
}

/** Takes the last steps from the log, as far as it goes back: a checkpoint of version 0.1 has none. */
function recall({ recent }: Course, log: SequenceStore, end: number): void {
  const read = () => {
    for (const { position, record } of log.records(log.oldest)) {
      if (position >= end) return;
      if (record.kind === 'steps') recent.add(record.first, record.x, record.targets, record.t);
    }
  };
  // what is damaged before the checkpoint is not needed
  attempt(read, () => undefined);
}

/** Replays the log over a course from a position on, and gives how far it got, and what stopped it before the end. */
function replayFrom(
  course: Course,
  past: Past,
  log: SequenceStore,
  from: number,
): { position: number; fault: unknown } {
  let position = from;
  let fault: unknown = null;
  defer(() => log.records(from))
    .pipe(
      map(({ record }) => replayed(record)),
      replay(course, past),
    )
    .subscribe({
      next: (run) => {
        keepRun(past, run, course);
        if (run.isLast) position++;
      },
      error: (error) => {
        fault = error;
      },
    });
  return { position, fault };
}

/** Gives the possible starts of a replay, the latest first: the readable checkpoints, then the first record. */
export function* starts(
  name: string,
  log: SequenceStore,
  make: MakeModel,
  onDamage: (error: EddyError) => void,
): Iterable<Start> {
  for (const checkpoint of log.checkpoints()) {
    const start = attempt(() => fromState(checkpoint.read().state, checkpoint.position, make), onDamage);
    if (start) yield start;
  }
  if (log.oldest > 0) return;
  const start = attempt(() => fromCreation(name, log, make), onDamage);
  if (start) yield start;
}

/** @throws EddyError `snapshot-invalid`, `spec-invalid` */
export function fromState(state: Plain, position: number, make: MakeModel): Start {
  const { epoch, snapshot, schema, times, keys, recent, filled } = state as unknown as SequenceState;
  if (typeof epoch !== 'string' || typeof snapshot !== 'object' || snapshot === null)
    throw new EddyError('snapshot-invalid', 'the state is not that of a sequence');
  const course = courseOf(make(storedSpec(snapshot.spec), { snapshot }), epoch, schema);
  course.times.restore(times);
  course.keys.restore(keys);
  course.recent.restore(recent);
  course.filled = filled ?? Number.NaN;
  return { course, position };
}

/** A spec as it is stored: what it does not say is what version 0.1 did. */
const storedSpec = (spec: unknown): Plain => withOldDefaults(spec) as Plain;

/** Makes a course; the fields of a sequence of version 0.1 have no names. */
const courseOf = (model: Model, epoch: string, schema: Schema | undefined) =>
  new Course(model, epoch, schema ?? unnamedSchema(model.spec), schema !== undefined);

function fromCreation(name: string, log: SequenceStore, make: MakeModel): Start {
  for (const { position, record } of log.records(0)) {
    if (record.kind === 'created') {
      // a sequence that began without fields began in version 0.1
      const model = make(storedSpec(record.spec), { draw: record.schema ? 'rotations' : 'reflections' });
      const course = courseOf(model, record.epoch, record.schema as Schema | undefined);
      return { course, position: position + 1 };
    }
    break;
  }
  throw new EddyError('store-damaged', `${name}: the log does not start with its creation`);
}

/** Codes that mean damage; any other error is rethrown. */
const DAMAGE = ['store-damaged', 'snapshot-invalid', 'spec-invalid', 'learner-unsupported'];

const isDamage = (error: unknown): error is EddyError =>
  error instanceof EddyError && DAMAGE.includes(error.code);

function attempt<T>(act: () => T, onDamage: (error: EddyError) => void): T | null {
  try {
    return act();
  } catch (error) {
    if (!isDamage(error)) throw error;
    onDamage(error);
    return null;
  }
}
