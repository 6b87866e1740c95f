/**
 * A whole sequence as one file: safetensors with all that it is, so that it goes on with the same bits elsewhere, and
 * with its weights once more by PyTorch's names and in its layout, so that `torch.nn.RNN` or `torch.nn.GRU` loads them.
 */
import { EddyError } from '../errors.js';
import { readSafetensors, type Tensor, writeSafetensors } from '../formats/safetensors.js';
import { flattenPlain, type Plain, unflattenPlain } from '../formats/typed-json.js';
import type { Reals } from '../kernels/kernels.js';
import type { Pieces } from '../math/pieces.js';
import type { CellKind } from '../rnn/cell/cell.js';
import { cellOf } from '../rnn/cell/cells.js';
import type { Model } from '../rnn/model.js';
import { outputsOf } from '../rnn/spec/spec.js';
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
  const { text, tensors } = flattenPlain({ state: yield* stateOf(course) });
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
    state: text,
  };
  return writeSafetensors({
    tensors: new Map([...weightsOf(model), ...tensors]),
    metadata: new Map(Object.entries(metadata)),
  });
}

/** Reads the state from an untrusted file; the model checks its contents. @throws EddyError `snapshot-invalid` */
export function* readSequence(bytes: Uint8Array): Pieces<Plain> {
  yield bytes.length;
  const { tensors, metadata } = readSafetensors(bytes);
  const [format, version] = [metadata.get('format'), metadata.get('version')];
  if (format !== FORMAT || version !== VERSION)
    throw new EddyError('snapshot-invalid', `the file is not a ${FORMAT} of version ${VERSION}`);
  const { state } = unflattenPlain({ text: metadata.get('state') ?? '', tensors });
  if (typeof state === 'object' && state !== null && !Array.isArray(state)) return state as Plain;
  throw new EddyError('snapshot-invalid', 'the file contains no state');
}

/**
 * Gives the weights under both names. PyTorch keeps each matrix as [outputs, inputs], with the rows of each gate together,
 * in the same order as the columns here; a cell with one bias has it as the input's.
 */
function weightsOf(model: Model): Map<string, Tensor> {
  const { batch: B, units: N, readout } = model.spec;
  const { W, b, Wy, by } = model.weights;
  const M = outputsOf(model.spec);
  const columns = cellOf(model.spec).gates.length * N;
  const F = W.length / columns - N;
  const [Wx, Wh] = [W.slice(0, F * columns), W.slice(F * columns)];
  const [bi, bh] = [b.slice(0, columns), b.slice(columns)];
  const all = new Map<string, Tensor>([
    ['Wx', tensor([F, columns], Wx)],
    ['Wh', tensor([N, columns], Wh)],
    ['b', tensor([b.length], b)],
    ['h', tensor([B, N], model.last().h)],
    ['rnn.weight_ih_l0', tensor([columns, F], transposed(Wx, F, columns))],
    ['rnn.weight_hh_l0', tensor([columns, N], transposed(Wh, N, columns))],
    ['rnn.bias_ih_l0', tensor([columns], bi)],
    ['rnn.bias_hh_l0', tensor([columns], bh.length > 0 ? bh : new Float32Array(columns))],
  ]);
  if (readout.kind === 'none' || Wy.length === 0) return all;
  all.set('Wy', tensor([N, M], Wy)).set('by', tensor([M], by));
  all.set('readout.weight', tensor([M, N], transposed(Wy, N, M))).set('readout.bias', tensor([M], by));
  return all;
}

const tensor = (shape: readonly number[], data: Reals): Tensor => ({ shape, data: Float32Array.from(data) });

function transposed(matrix: Reals, rows: number, columns: number): Float32Array {
  return Float32Array.from(
    { length: rows * columns },
    (_, i) => matrix[(i % rows) * columns + Math.floor(i / rows)]!,
  );
}
