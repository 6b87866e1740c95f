/**
 * A whole sequence as one file: safetensors with all that it is, so that it goes on with the same bits elsewhere; with
 * its weights once more by PyTorch's names and in its layout, so that `torch.nn.RNN` or `torch.nn.GRU` loads them; and
 * with all that is computed of raw x, so that somebody else can run it. docs/formats.md tells what is what.
 */
import { EddyError } from '../errors.js';
import { inputLabels } from '../fields/input-labels.js';
import { outputLabels } from '../fields/output-labels.js';
import type { Schema } from '../fields/sequence-schema.js';
import { readSafetensorsInPieces, type Tensor, writeSafetensorsInPieces } from '../formats/safetensors.js';
import { flattenInPieces, type Plain, unflattenInPieces } from '../formats/typed-json.js';
import type { Reals } from '../kernels/kernels.js';
import { inRanges, type Pieces, VISIT } from '../math/pieces.js';
import type { CellKind } from '../rnn/cell/cell.js';
import { cellOf } from '../rnn/cell/cells.js';
import { EXPERTS } from '../rnn/forecast/experts.js';
import type { Model } from '../rnn/model.js';
import { recipeOf } from '../rnn/recipe/recipe.js';
import type { ModelSnapshot } from '../rnn/snapshot.js';
import { type ModelSpec, outputsOf } from '../rnn/spec/spec.js';
import type { Course } from './course.js';
import { stateOf } from './recovery.js';

const FORMAT = 'eddy-sequence';
const VERSION = '1';

const aboutCell = ({ formula, torch }: CellKind): string =>
  `${formula}; z is what the cell gets of a step: x, its changes and lags, each in deviations, and features of its time. ` +
  `rnn.* and readout.* are the same weights as ${torch} and torch.nn.Linear name and lay them; state.* is all that Eddy keeps.`;

/** Writes a sequence. @param savedAt milliseconds since 1970 */
export function* writeSequence(name: string, course: Course, savedAt: number): Pieces<Uint8Array> {
  const { epoch, model, schema } = course;
  const state = yield* stateOf(course);
  const { text, tensors } = yield* flattenInPieces({ state });
  const recipe = yield* recipeOf((state as unknown as { snapshot: ModelSnapshot }).snapshot);
  const metadata = {
    format: FORMAT,
    version: VERSION,
    name,
    seq: String(model.seq),
    epoch,
    spec: JSON.stringify(model.spec),
    fields: JSON.stringify(schema.fields),
    targets: JSON.stringify(schema.targets),
    savedAt: new Date(savedAt).toISOString(),
    about: aboutCell(cellOf(model.spec)),
    recipe: JSON.stringify(recipeText(model.spec, schema)),
    state: text,
  };
  return yield* writeSafetensorsInPieces({
    tensors: new Map<string, Tensor>([
      ...(yield* weightsOf(model)),
      ...[...recipe].map(([name, array]): [string, Tensor] => [name, array as Tensor]),
      ...tensors,
    ]),
    metadata: new Map(Object.entries(metadata)),
  });
}

/** What the numbers of the recipe are, by name. */
const recipeText = (spec: ModelSpec, { fields, targets }: Schema) => ({
  version: 1,
  inputs: inputLabels(spec, fields),
  outputs: outputLabels(spec, fields, targets),
  ...(spec.task?.kind === 'forecast' && spec.task.forecaster === 'mixture' && { forecasters: EXPERTS }),
});

/** Reads the state from an untrusted file; the model checks its contents. @throws EddyError `snapshot-invalid` */
export function* readSequence(bytes: Uint8Array): Pieces<Plain> {
  const { tensors, metadata } = yield* readSafetensorsInPieces(bytes);
  const [format, version] = [metadata.get('format'), metadata.get('version')];
  if (format !== FORMAT || version !== VERSION)
    throw new EddyError('snapshot-invalid', `the file is not a ${FORMAT} of version ${VERSION}`);
  const { state } = yield* unflattenInPieces({ text: metadata.get('state') ?? '', tensors });
  if (typeof state === 'object' && state !== null && !Array.isArray(state)) return state as Plain;
  throw new EddyError('snapshot-invalid', 'the file contains no state');
}

/**
 * Gives the weights under both names. PyTorch keeps each matrix as [outputs, inputs], with the rows of each gate together,
 * in the same order as the columns here; a cell with one bias has it as the input's.
 */
function* weightsOf(model: Model): Pieces<Map<string, Tensor>> {
  const { batch: B, units: N, readout } = model.spec;
  const { W, b, Wy, by } = yield* model.weightsInPieces();
  const M = outputsOf(model.spec);
  const columns = cellOf(model.spec).gates.length * N;
  const F = W.length / columns - N;
  const [Wx, Wh] = [W.subarray(0, F * columns), W.subarray(F * columns)];
  const [bi, bh] = [b.subarray(0, columns), b.subarray(columns)];
  const all = new Map<string, Tensor>([
    ['Wx', tensor([F, columns], Wx)],
    ['Wh', tensor([N, columns], Wh)],
    ['b', tensor([b.length], b)],
    ['h', tensor([B, N], model.last().h)],
    ['rnn.weight_ih_l0', tensor([columns, F], yield* transposed(Wx, F, columns))],
    ['rnn.weight_hh_l0', tensor([columns, N], yield* transposed(Wh, N, columns))],
    ['rnn.bias_ih_l0', tensor([columns], bi)],
    ['rnn.bias_hh_l0', tensor([columns], bh.length > 0 ? bh : new Float32Array(columns))],
  ]);
  if (readout.kind === 'none' || Wy.length === 0) return all;
  all.set('Wy', tensor([N, M], Wy)).set('by', tensor([M], by));
  all.set('readout.weight', tensor([M, N], yield* transposed(Wy, N, M)));
  return all.set('readout.bias', tensor([M], by));
}

/** A tensor of float32, as the kernels of every server compute in. */
const tensor = (shape: readonly number[], data: Reals): Tensor => ({
  shape,
  data: data instanceof Float32Array ? (data as Float32Array<ArrayBuffer>) : Float32Array.from(data),
});

/** Rows of the transposed matrix that are written together: each number that is read is near the one read before. */
const STRIP = 16;

function* transposed(matrix: Reals, rows: number, columns: number): Pieces<Float32Array> {
  const out = new Float32Array(rows * columns);
  yield* inRanges(Math.ceil(columns / STRIP), VISIT * rows * STRIP, (from, to) => {
    for (let first = from * STRIP; first < Math.min(columns, to * STRIP); first += STRIP)
      transposeStrip(out, matrix, rows, columns, first, Math.min(columns, first + STRIP));
  });
  return out;
}

function transposeStrip(
  out: Float32Array,
  matrix: Reals,
  rows: number,
  columns: number,
  first: number,
  end: number,
): void {
  for (let row = 0; row < rows; row++)
    for (let column = first; column < end; column++)
      out[column * rows + row] = matrix[row * columns + column]!;
}
