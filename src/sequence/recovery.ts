/** Restores a sequence: the last intact checkpoint, then a replay of the records after it. */
import { EddyError } from '../errors.js';
import { type Schema, unnamedSchema } from '../fields/sequence-schema.js';
import type { Plain } from '../formats/typed-json.js';
import type { Pieces } from '../math/pieces.js';
import type { Model, ModelStart } from '../rnn/model.js';
import type { ModelSnapshot } from '../rnn/snapshot.js';
import { withOldDefaults } from '../rnn/spec/old-defaults.js';
import type { ModelSpec } from '../rnn/spec/spec.js';
import type { SequenceStore, StoredCheckpoint } from '../store/store.js';
import { Course } from './course.js';
import { keepRun } from './past/keep-run.js';
import type { Past } from './past/past.js';
import { Replaying } from './replaying.js';

/** Makes a model of a spec: from a snapshot, or with first weights, drawn as in version 0.1 if `draw` says so. */
export type MakeModel = (spec: Plain, from: ModelStart) => Pieces<Model>;

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
  readonly events?: number;
}

/** The state of a sequence in a checkpoint. */
/** Gives the state of a sequence in a checkpoint, in pieces between which the sequence must not change. */
export function* stateOf(course: Course): Pieces<Plain> {
  const { epoch, model, schema, isNamed, times, keys, recent, filled, events } = course;
  return {
    epoch,
    snapshot: yield* model.snapshotInPieces(),
    ...(isNamed && { schema }),
    times: times.state(),
    keys: keys.state(),
    recent: recent.state(),
    filled: Number.isNaN(filled) ? null : filled,
    events,
  };
}

/**
 * Restores a sequence to the end of its log. A damaged checkpoint is skipped in favour of the one before it; the history
 * ends before a damaged record.
 *
 * @throws EddyError `store-damaged` if there is nothing to start from; the store is unchanged
 */
export function* recover(
  name: string,
  log: SequenceStore,
  make: MakeModel,
  pastOf: (spec: ModelSpec) => Past,
): Pieces<Recovered> {
  const { doubt } = log;
  const damage: EddyError[] = [];
  const start = yield* startOf(name, log, make, (error) => damage.push(error));
  if (!start) {
    const why = damage.map(({ message }) => message);
    if (log.oldest > 0) why.push('no checkpoint is usable, and the log starts later');
    throw new EddyError('store-damaged', `${name} cannot be restored: ${why.join('; ')}`);
  }
  const { course } = start;
  let isWhole = false;
  try {
    if (course.recent.isEmpty) yield* recall(course, log, start.position);
    const before = course.seq;
    const past = pastOf(course.model.spec);
    const reached = yield* replayFrom(course, past, log, start.position);
    if (reached.fault !== null && !isDamage(reached.fault)) throw reached.fault;
    if (reached.fault) {
      damage.push(reached.fault);
      log.abandon(reached.position);
    }
    if (past.end > course.seq + 1) past.dropAfter(course.seq);
    // what was found while reading says it better
    if (doubt && (doubt.isUncertain || damage.length === 0)) damage.unshift(...doubt.errors);
    log.settle();
    isWhole = true;
    const isCut = reached.fault !== null || doubt?.isUncertain === true;
    return { course, past, replayed: course.seq - before, damage, isCut };
  } finally {
    if (!isWhole) course.model.free();
  }
}

/** Takes the last steps from the log, as far as it goes back: a checkpoint of version 0.1 has none. */
function* recall({ recent }: Course, log: SequenceStore, end: number): Pieces {
  try {
    for (const { position, record } of log.records(log.oldest)) {
      if (position >= end) return;
      if (record.kind === 'steps') recent.add(record.first, record.x, record.targets, record.t);
      yield RECORD_WORK;
    }
  } catch (error) {
    // what is damaged before the checkpoint is not needed
    if (!isDamage(error)) throw error;
  }
}

/** What it costs to read a record, in multiply-adds. */
const RECORD_WORK = 2 ** 12;

/** Replays the log over a course from a position on, and gives how far it got, and what stopped it before the end. */
function* replayFrom(
  course: Course,
  past: Past,
  log: SequenceStore,
  from: number,
): Pieces<{ position: number; fault: unknown }> {
  let position = from;
  let fault: unknown = null;
  const replaying = new Replaying(course, past, {
    next: (run) => {
      keepRun(past, run, course);
      if (run.isLast) position++;
    },
    error: (error) => {
      fault = error;
    },
  });
  try {
    for (const { record } of log.records(from)) {
      yield* replaying.apply(record);
      if (fault !== null) break;
    }
  } catch (error) {
    fault = error;
  } finally {
    replaying.end();
  }
  return { position, fault };
}

/**
 * Gives the latest start of a replay that is wanted: a readable checkpoint, or the first record; null if there is none.
 *
 * @param isWanted is it early enough?
 */
export function* startOf(
  name: string,
  log: SequenceStore,
  make: MakeModel,
  onDamage: (error: EddyError) => void,
  isWanted: (course: Course) => boolean = () => true,
): Pieces<Start | null> {
  for (const checkpoint of log.checkpoints()) {
    const start = yield* unlessDamaged(fromCheckpoint(checkpoint, make), onDamage);
    if (start && isWanted(start.course)) return start;
    start?.course.model.free();
  }
  if (log.oldest > 0) return null;
  return yield* unlessDamaged(fromCreation(name, log, make), onDamage);
}

function* fromCheckpoint(checkpoint: StoredCheckpoint, make: MakeModel): Pieces<Start> {
  const { state } = yield* checkpoint.readInPieces();
  return yield* fromState(state, checkpoint.position, make);
}

/** @throws EddyError `snapshot-invalid`, `spec-invalid` */
export function* fromState(state: Plain, position: number, make: MakeModel): Pieces<Start> {
  const {
    epoch,
    snapshot,
    schema,
    times,
    keys,
    recent,
    filled,
    events = 0,
  } = state as unknown as SequenceState;
  if (typeof epoch !== 'string' || typeof snapshot !== 'object' || snapshot === null)
    throw new EddyError('snapshot-invalid', 'the state is not that of a sequence');
  const course = courseOf(yield* make(storedSpec(snapshot.spec), { snapshot }), epoch, schema);
  try {
    course.times.restore(times);
    course.keys.restore(keys);
    course.recent.restore(recent);
  } catch (error) {
    course.model.free();
    throw error;
  }
  course.filled = filled ?? Number.NaN;
  course.events = events;
  return { course, position };
}

/** A spec as it is stored: what it does not say is what version 0.1 did. */
const storedSpec = (spec: unknown): Plain => withOldDefaults(spec) as Plain;

/** Makes a course; the fields of a sequence of version 0.1 have no names. */
const courseOf = (model: Model, epoch: string, schema: Schema | undefined) =>
  new Course(model, epoch, schema ?? unnamedSchema(model.spec), schema !== undefined);

function* fromCreation(name: string, log: SequenceStore, make: MakeModel): Pieces<Start> {
  for (const { position, record } of log.records(0)) {
    if (record.kind === 'created') {
      // a sequence that began without fields began in version 0.1
      const draw = record.schema ? 'rotations' : 'reflections';
      const model = yield* make(storedSpec(record.spec), { draw });
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

function* unlessDamaged<T>(pieces: Pieces<T>, onDamage: (error: EddyError) => void): Pieces<T | null> {
  try {
    return yield* pieces;
  } catch (error) {
    if (!isDamage(error)) throw error;
    onDamage(error);
    return null;
  }
}
