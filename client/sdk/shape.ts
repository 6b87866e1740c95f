/** What a step and a target have to look like, checked before they are taken. */
import { EddyError, type ErrorCode } from '../../src/errors.js';
import type { Resampling } from '../../src/features/resampling.js';
import { type Field, readingsToX } from '../../src/fields/field.js';
import type { Limits } from '../../src/limits.js';
import type { Encoding } from '../../src/protocol/codec.js';
import type { ServerMessageOf } from '../../src/protocol/messages.js';
import type { ModelSpec } from '../../src/rnn/spec/spec.js';
import type { Described, NamedSpec, StepInput, StepValues } from './api.js';

export type Numbers = Float64Array<ArrayBuffer>;

/** Numbers in a step (B * F) and in a target (B * M; 0: the model takes none). */
export interface Shape {
  readonly step: number;
  readonly target: number;
  /** Does the model take gaps? */
  readonly holds: boolean;
}

export function shapeOf({ features = 0, batch = 1, task, inputs }: NamedSpec): Shape {
  const target = task?.kind === 'supervised' ? batch * (task.outputs ?? 0) : 0;
  return { step: batch * features, target, holds: inputs?.missing !== 'refuse' };
}

/** Gives what a sequence is, as a message tells it: the server has checked it. */
export const describedIn = ({ spec, fields, targets = [], resample }: Told): Described => ({
  spec: spec as ModelSpec,
  fields,
  targets,
  resample: (resample as Resampling | undefined) ?? null,
});

type Told = Pick<ServerMessageOf<'opened'>, 'spec' | 'fields' | 'targets' | 'resample'>;

/** Takes a step apart: x [B,F], its target and its time. @throws EddyError `field-unknown`, `fields-invalid` */
export function partsOf(step: StepInput, fields: readonly Field[] | null) {
  // an array has a method of the name `values`
  if ('length' in step) return { x: step, target: undefined, t: Number.NaN };
  const { target, t = Number.NaN } = step;
  if ('x' in step) return { x: step.x, target, t };
  if (!fields)
    throw new EddyError(
      'fields-invalid',
      'readings by name need the names of the fields: give them to open, or wait for `opened`',
    );
  return { x: readingsToX(step.values, fields), target, t };
}

/** Bytes of a number on the wire, at most. */
export const bytesPerReal = (encoding: Encoding): number => (encoding === 'json' ? 26 : 8);

/** Gives how many numbers go into a message: half of what it may be, so that nothing else can make it too long. */
export const roomOf = (bytes: number, perReal: number): number => Math.floor(bytes / 2 / perReal);

/** Copies x [B,F]; a gap, null or NaN, becomes NaN. @throws EddyError `step-shape`, `step-non-finite` */
export function copyStep(x: StepValues, shape: Shape | null): Numbers {
  if (x.length === 0 || (shape && x.length !== shape.step))
    throw new EddyError('step-shape', `x has ${x.length} numbers; a step has ${shape?.step ?? 'at least 1'}`);
  const copy = Float64Array.from(x, (value) => value ?? Number.NaN);
  const takesGaps = shape?.holds ?? true;
  checkFinite(copy, 'step-non-finite', 'x', takesGaps);
  return copy;
}

/** Copies a target [B,M]. @throws EddyError `target-unexpected`, `target-shape`, `target-non-finite` */
export function copyTarget(target: ArrayLike<number>, shape: Shape | null): Numbers {
  if (shape?.target === 0)
    throw new EddyError('target-unexpected', 'the model makes its own targets, or learns from none');
  if (target.length === 0 || (shape && target.length !== shape.target))
    throw new EddyError('target-shape', `the target has ${target.length} numbers; ${shape?.target} expected`);
  const copy = new Float64Array(target);
  checkFinite(copy, 'target-non-finite', 'target', false);
  return copy;
}

/** @throws EddyError `message-too-large` where a step could never be sent */
export function checkRoom(
  x: Numbers | null,
  target: Numbers | null,
  limits: Pick<Limits, 'frameBytes' | 'messageBytes'>,
  perReal: number,
): void {
  const frame = roomOf(limits.frameBytes, perReal);
  const message = roomOf(limits.messageBytes, perReal);
  const size = (x?.length ?? 0) + (target?.length ?? 0);
  const most = x ? frame : message;
  if (size > most) throw new EddyError('message-too-large', `${size} numbers; ${most} go into one message`);
}

/** From here on float32, in which a model computes, knows only infinity. */
const FLOAT32_OVERFLOW = 2 ** 128 - 2 ** 103;

function checkFinite(values: Numbers, code: ErrorCode, name: string, takesGaps: boolean): void {
  const at = values.findIndex(
    (value) => !(Math.abs(value) < FLOAT32_OVERFLOW || (takesGaps && Number.isNaN(value))),
  );
  if (at >= 0) throw new EddyError(code, `${name}[${at}] is ${values[at]}, no finite float32`);
}
