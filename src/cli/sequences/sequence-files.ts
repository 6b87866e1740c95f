/** Sequences as files of other kinds: weights of other libraries in, an ONNX graph out. */
import { EddyError } from '../../errors.js';
import type { WeightSource } from '../../exchange/weight-source.js';
import { readSpec } from '../shared/spec-file.js';

export interface ForeignFlags {
  readonly as?: WeightSource | undefined;
  readonly model?: string | undefined;
  readonly map?: readonly string[] | undefined;
  readonly fields?: readonly string[] | undefined;
  readonly targets?: readonly string[] | undefined;
}

/**
 * Makes the file of a new sequence out of weights of another library.
 *
 * @throws EddyError `weights-invalid`, `spec-invalid`, `fields-invalid`
 */
export async function fileFromWeights(
  bytes: Uint8Array,
  name: string,
  as: WeightSource,
  { model: file, map = [], fields, targets }: ForeignFlags,
): Promise<Uint8Array> {
  const [{ readWeights, specFor }, { parseSchema }, { Model }, { Course }, { writeSequence }, { finish }] =
    await Promise.all([
      import('../../exchange/read-weights.js'),
      import('../../fields/sequence-schema.js'),
      import('../../rnn/model.js'),
      import('../../sequence/course.js'),
      import('../../sequence/sequence-file.js'),
      import('../../math/pieces.js'),
    ]);
  const network = readWeights(bytes, as, mapOf(map));
  const given = file === undefined ? {} : await readSpec(file);
  const { spec, schema } = parseSchema({
    spec: specFor(network, given),
    ...(fields && { fields }),
    ...(targets && { targets }),
  });
  const model = new Model(spec, { weights: network.weights });
  const course = new Course(model, 'imported', schema, fields !== undefined);
  return finish(writeSequence(name, course, Date.now()));
}

/** Reads what `--map from=to` says. @throws EddyError `setting-invalid` */
function mapOf(pairs: readonly string[]): Map<string, string> {
  const map = new Map<string, string>();
  for (const pair of pairs) {
    const at = pair.lastIndexOf('=');
    if (at < 1 || at === pair.length - 1)
      throw new EddyError('setting-invalid', `--map ${pair} has not the form FROM=TO`);
    map.set(pair.slice(0, at), pair.slice(at + 1));
  }
  return map;
}

/** Makes the ONNX graph of an exported sequence. @throws EddyError `weights-invalid` */
export async function onnxOf(file: Uint8Array): Promise<Uint8Array> {
  const { toOnnx } = await import('../../exchange/onnx-export.js');
  const { VERSION } = await import('../../version.js');
  return toOnnx(file, VERSION);
}
