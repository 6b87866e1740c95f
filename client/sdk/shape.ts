/** What a step and a target have to look like, checked before they are taken. */
import { EddyError, type ErrorCode } from '../../src/errors.js';
import type { Limits } from '../../src/limits.js';
import type { Encoding } from '../../src/protocol/codec.js';
import type { ModelSpec, ModelSpecInput } from '../../src/rnn/spec/spec.js';

export type Numbers = Float32Array<ArrayBuffer>;

/** Numbers in a step (B * F) and in a target (B * M; 0: the model takes none). */
export interface Shape {
  readonly step: number;
  readonly target: number;
}

export function shapeOf({ features, batch = 1, task }: ModelSpecInput): Shape {
  return { step: batch * features, target: task?.kind === 'supervised' ? batch * task.outputs : 0 };
}

/** Gives the spec in a message, which the protocol carries as plain data: the server has checked it. */
export const specIn = ({ spec }: { readonly spec: object }): ModelSpec => spec as ModelSpec;

/** Bytes of a number on the wire, at most. */
export const bytesPerReal = (encoding: Encoding): number => (encoding === 'json' ? 26 : 4);

/** Gives how many numbers go into a message: half of what it may be, so that nothing else can make it too long. */
export const roomOf = (bytes: number, perReal: number): number => Math.floor(bytes / 2 / perReal);

/** Copies x [B,F]; what is missing (null) becomes NaN. @throws EddyError `step-shape`, `step-non-finite` */
export function copyStep(x: ArrayLike<number | null>, shape: Shape | null): Numbers {
  if (x.length === 0 || (shape && x.length !== shape.step))
    throw new EddyError('step-shape', `x has ${x.length} numbers; a step has ${shape?.step ?? 'at least 1'}`);
  const copy = copyFinite(x, 'step-non-finite', 'x');
  for (let i = 0; i < x.length; i++) if (x[i] === null) copy[i] = Number.NaN;
  return copy;
}

/** Copies a target [B,M]. @throws EddyError `target-unexpected`, `target-shape`, `target-non-finite` */
export function copyTarget(target: ArrayLike<number>, shape: Shape | null): Numbers {
  if (shape?.target === 0)
    throw new EddyError('target-unexpected', 'the model makes its own targets, or learns from none');
  if (target.length === 0 || (shape && target.length !== shape.target))
    throw new EddyError('target-shape', `the target has ${target.length} numbers; ${shape?.target} expected`);
  return copyFinite(target, 'target-non-finite', 'target');
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

function copyFinite(values: ArrayLike<number | null>, code: ErrorCode, name: string): Numbers {
  const copy = new Float32Array(values as ArrayLike<number>);
  const at = copy.findIndex((value) => !Number.isFinite(value));
  if (at >= 0) throw new EddyError(code, `${name}[${at}] is ${values[at]}, no finite float32`);
  return copy;
}
