/** A snapshot: all that a model is, as plain data that a store can keep. */
import { EddyError } from '../errors.js';
import type { Reals } from '../kernels/kernels.js';
import { inRanges, type Pieces, VISIT } from '../math/pieces.js';
import { DRAWS, type Draw } from './cell/random-matrix.js';
import { fitTogether } from './forecast/seasons.js';
import type { InputsState } from './io/cell-inputs.js';
import type { OutputsState } from './io/scaled-outputs.js';
import type { LearnerState } from './learning/learner.js';
import type { WindowState } from './learning/window.js';
import type { ErrorMonitorState } from './scoring/error-monitor.js';
import { isOfForm } from './scoring/prequential.js';
import { withOldDefaults } from './spec/old-defaults.js';
import { isSameSpec, type ModelSpec, type ModelSpecInput } from './spec/spec.js';
import { ArrayForm } from './state-copies.js';

export const SNAPSHOT_FORMAT = 2;

export interface ModelSnapshot {
  readonly format: typeof SNAPSHOT_FORMAT;
  readonly spec: ModelSpec;
  /** Which kernels made it: influences that a learner carries forward lie in the order of these. */
  readonly kernels: string;
  /** How the model draws weights; version 0.1, which had one way only, does not say. */
  readonly draw?: Draw;
  /** Weights, moments, window, what the learner carries forward: the model's memory as it lies, with matrices row after row. */
  readonly numbers: Reals;
  readonly window: WindowState;
  readonly learner: LearnerState | null;
  readonly random: readonly number[];
  readonly inputs: InputsState;
  readonly outputs: OutputsState | null;
  readonly judge: ErrorMonitorState;
  /** Version 0.1 had none. */
  readonly watch?: Float64Array;
}

/** How a model draws weights after it was restored. */
export const drawOf = ({ draw = 'reflections' }: ModelSnapshot): Draw => draw;

/**
 * Checks that a snapshot is one that the model could have made: it has the form `own` of the model's present one, holds
 * finite numbers throughout, and its window and learner fit together.
 *
 * @throws EddyError `snapshot-invalid`
 */
export function* checkSnapshot(snapshot: ModelSnapshot, own: ModelSnapshot): Pieces<void> {
  const fail = (why: string): never => {
    throw new EddyError('snapshot-invalid', `the snapshot cannot be restored: ${why}`);
  };
  if (typeof snapshot !== 'object' || snapshot === null) fail('it is not an object');
  if (snapshot.format !== SNAPSHOT_FORMAT) fail(`its format is ${snapshot.format}, not ${SNAPSHOT_FORMAT}`);
  if (own.spec.learner.kind !== 'tbptt' && snapshot.kernels !== own.kernels)
    fail(`it was made by the kernels ${snapshot.kernels}, and these are ${own.kernels}`);
  if (!isOfSpec(snapshot.spec, own.spec)) fail('it is of another model spec');
  if (!DRAWS.includes(drawOf(snapshot))) fail('it draws weights in a way that is not known');
  const { spec: _spec, kernels: _kernels, draw: _draw, ...form } = own;
  const misfit = yield* findMisfit(snapshot, form, '');
  if (misfit) fail(`${misfit} is not of this model's form, or holds a number that is not finite`);

  if (!isOfForm(snapshot.judge.metrics.columns, own.judge.metrics.columns))
    fail("judge.metrics.columns is not of this model's form");
  const { origin, start, next, targets } = snapshot.window;
  const blockStart = snapshot.learner?.blockStart ?? next;
  const areSteps = [origin, start, next, blockStart].every((step) => Number.isInteger(step) && step >= 0);
  const oldest = Math.max(origin, start);
  if (!areSteps || oldest > blockStart || blockStart > next || next > origin + targets.length)
    fail('its step numbers do not fit together');
  const { values, known, seen, slot } = snapshot.inputs.history;
  const isIn = (number: number, end: number) => Number.isInteger(number) && number >= 0 && number < end;
  const rows = values.length / known.length;
  const most = own.inputs.history.values.length / known.length;
  if (!isIn(seen, Number.MAX_SAFE_INTEGER) || !isIn(rows, most + 1) || !isIn(slot, rows))
    fail('its history does not fit together');
  const seasons = snapshot.outputs?.forecaster?.seasons;
  if (seasons && !fitTogether(seasons)) fail('its seasons do not fit together');
}

/** A spec that is no spec at all, or none of today, is of another model. */
function isOfSpec(given: ModelSpec, own: ModelSpec): boolean {
  try {
    return isSameSpec(given, own) || isSameSpec(withOldDefaults(given) as ModelSpecInput, own);
  } catch (error) {
    if (error instanceof EddyError) return false;
    throw error;
  }
}

/** Looks at all numbers; at float32, of which there are millions, as bits: those of what is not finite have the exponent 255. */
function* areFinite(numbers: ArrayLike<number>): Pieces<boolean> {
  let areAll = true;
  const bits =
    numbers instanceof Float32Array
      ? new Int32Array(numbers.buffer, numbers.byteOffset, numbers.length)
      : null;
  yield* inRanges(numbers.length, VISIT, (from, to) => {
    if (!areAll) return;
    if (bits) areAll = areFiniteBits(bits, from, to);
    else if (numbers instanceof Float64Array) areAll = areFiniteNumbers(numbers, from, to);
    else for (let i = from; i < to; i++) areAll &&= Number.isFinite(numbers[i]);
  });
  return areAll;
}

function areFiniteBits(bits: Int32Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if ((bits[i]! & 0x7f800000) === 0x7f800000) return false;
  return true;
}

/** What is not finite is not 0 when it is taken from itself. */
function areFiniteNumbers(numbers: Float64Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (numbers[i]! - numbers[i]! !== 0) return false;
  return true;
}

/** The parts of a snapshot that version 0.1 did not have. */
const LATER = new Set([
  'window.exact',
  'inputs.time',
  'inputs.scaler.low',
  'inputs.changeScaler.low',
  'outputs.scaler.low',
  'judge.health',
  'judge.episode',
  'judge.untold',
  'judge.anomalies.numbers',
  'watch',
  'inputs.wild',
  'inputs.interval',
  'inputs.relevance',
  'inputs.scaler.aside',
  'inputs.changeScaler.aside',
  'outputs.scaler.aside',
  'outputs.forecaster',
  'outputs.intervals',
]);

/** Arrays that grow with what was seen, or were shorter in version 0.1. */
const OF_ANY_LENGTH =
  /^(inputs\.history\.values|judge\.metrics\.columns|outputs\.forecaster\.seasons\.(finder\.values|smoothings\.seasons))$/;

/** Gives the path of the first part of `value` whose form differs from that of `own`, or null where none does. */
function* findMisfit(value: unknown, own: unknown, path: string): Pieces<string | null> {
  if (value === undefined && LATER.has(path)) return null;
  if (own instanceof ArrayForm || ArrayBuffer.isView(own) || Array.isArray(own)) {
    const [mine, other] = [own as Reals | ArrayForm, value as Reals | null | undefined];
    const isLong = other?.length === mine.length || OF_ANY_LENGTH.test(path);
    if (!other || other.constructor !== (mine instanceof ArrayForm ? mine.kind : mine.constructor) || !isLong)
      return path;
    if (!Array.isArray(own) || typeof own[0] === 'number') return (yield* areFinite(other)) ? null : path;
  }
  if (typeof own === 'number') return Number.isFinite(value) ? null : path;
  if (typeof own !== 'object' || own === null) return typeof value === typeof own ? null : path;
  if (typeof value !== 'object' || value === null) return path;
  for (const [key, part] of Object.entries(own)) {
    const misfit: string | null = yield* findMisfit(
      (value as Record<string, unknown>)[key],
      part,
      path ? `${path}.${key}` : key,
    );
    if (misfit) return misfit;
  }
  return null;
}
