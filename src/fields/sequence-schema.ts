/**
 * What a sequence is asked to be when it is opened: the model spec, in which fields may be named, the fields themselves,
 * and how readings become steps.
 */
import { EddyError } from '../errors.js';
import { Resampler } from '../features/resampler.js';
import { parseResampling, type Resampling } from '../features/resampling.js';
import { withOldDefaults } from '../rnn/spec/old-defaults.js';
import { type ModelSpec, outputsOf, parseSpec } from '../rnn/spec/spec.js';
import { type Field, type FieldInput, listOf, numberedFields, orderOf, parseFields } from './field.js';

/** What the numbers of a sequence mean, and how its readings become steps. */
export interface Schema {
  /** Of x, in order: B rows of them. */
  readonly fields: readonly Field[];
  /** Of the target of a supervised task, in order: its numbers, or the classes of a softmax. */
  readonly targets: readonly Field[];
  /** How readings are resampled to steps; null where each is a step. */
  readonly resample: Resampling | null;
}

/** What is asked for. */
export interface SchemaInput {
  readonly spec?: unknown;
  readonly fields?: readonly FieldInput[] | undefined;
  readonly targets?: readonly FieldInput[] | undefined;
  readonly resample?: unknown;
}

type Plain = Readonly<Record<string, unknown>>;

/**
 * Gives the spec and the schema of a new sequence. Without names the fields are x0, x1 …, and the targets y0, y1 …
 *
 * @throws EddyError `spec-invalid`, `learner-unsupported`, `fields-invalid`, `field-unknown`, `setting-invalid`
 */
export function parseSchema({ spec: input, ...given }: SchemaInput): { spec: ModelSpec; schema: Schema } {
  const named = given.fields && parseFields(given.fields, 'fields');
  const targets = given.targets && parseFields(given.targets, 'targets');
  const spec = parseSpec(withGaps(withNames(input, named, targets), 'hold'));
  const fields = named ?? numberedFields(spec.features);
  const outputs = spec.task?.kind === 'supervised' ? outputsOf(spec) : 0;
  checkCount('fields', fields, spec.features, 'features');
  if (targets && spec.task?.kind !== 'supervised')
    throw new EddyError('fields-invalid', 'targets: only a supervised task has targets of its own');
  if (targets) checkCount('targets', targets, outputs, 'outputs');
  const resample = given.resample === undefined ? null : resamplingOf(given.resample, fields);
  if (resample && spec.inputs.missing !== 'hold')
    throw new EddyError(
      'setting-invalid',
      'a resampled sequence has gaps: leave inputs.missing out, or make it hold',
    );
  if (resample && spec.batch > 1)
    throw new EddyError('setting-invalid', 'a sequence of several batch rows cannot be resampled');
  if (resample && outputs > 0)
    throw new EddyError('setting-invalid', 'a sequence with a supervised task cannot be resampled');
  return { spec, schema: { fields, targets: targets ?? numberedFields(outputs, 'y'), resample } };
}

/** The schema of a sequence of version 0.1, whose numbers have no names. */
export const unnamedSchema = (spec: ModelSpec): Schema => ({
  fields: numberedFields(spec.features),
  targets: numberedFields(spec.task?.kind === 'supervised' ? outputsOf(spec) : 0, 'y'),
  resample: null,
});

/**
 * Compares what is asked for with what a sequence is. Gives the order of the fields as `orderOf` does.
 *
 * @throws EddyError `spec-conflict`, `fields-conflict`, or as `parseSchema`
 */
export function checkSchema(
  sequence: string,
  { spec: kept, schema }: { readonly spec: ModelSpec; readonly schema: Schema },
  { spec: input, ...given }: SchemaInput,
): Int32Array | null {
  const named = given.fields && parseFields(given.fields, 'fields');
  const targets = given.targets && parseFields(given.targets, 'targets');
  const order = named ? orderOf(schema.fields, named, sequence) : null;
  if (targets && orderOf(schema.targets, targets, sequence))
    throw new EddyError(
      'fields-conflict',
      `sequence ${sequence} has the targets ${listOf(schema.targets)} in this order; these were given: ${listOf(targets)}`,
    );
  if (given.resample !== undefined) checkResampling(sequence, schema, given.resample);
  if (input !== undefined) {
    const asked = withGaps(withNames(input, named, targets), kept.inputs.missing);
    const specOf = (given: unknown) => {
      const wanted = parseSpec(given);
      return order ? reordered(wanted, order) : wanted;
    };
    const own = specOf(asked);
    if (!isSame(own, kept) && !isSame(specOf(withOldDefaults(asked)), kept))
      throw new EddyError(
        'spec-conflict',
        `sequence ${sequence} exists with a different model spec: ${differences(own, kept)}`,
      );
  }
  return order;
}

/** @throws EddyError `setting-invalid`, also where it names a field that there is not */
function resamplingOf(input: unknown, fields: readonly Field[]): Resampling {
  const names = fields.map(({ name }) => name);
  return new Resampler(parseResampling(input), names).settings;
}

function checkCount(what: string, fields: readonly Field[], count: number, of: string): void {
  if (fields.length === count) return;
  throw new EddyError(
    'fields-invalid',
    `${what}: ${fields.length} are named (${listOf(fields)}); the spec has ${count} ${of}`,
  );
}

function checkResampling(sequence: string, { resample, fields }: Schema, input: unknown): void {
  const wanted = resamplingOf(input, fields);
  if (isSame(wanted, resample)) return;
  const kept = resample ? `is resampled as ${JSON.stringify(resample)}` : 'is not resampled';
  throw new EddyError(
    'spec-conflict',
    `sequence ${sequence} ${kept}; this was asked for: ${JSON.stringify(wanted)}`,
  );
}

/** Fills in what the fields tell, and turns the names in a spec into numbers. */
function withNames(
  input: unknown,
  fields: readonly Field[] | undefined,
  targets: readonly Field[] | undefined,
): unknown {
  if (!isPlain(input)) return input;
  const { features = fields?.length, task } = input;
  if (!isPlain(task)) return { ...input, ...(features !== undefined && { features }) };
  const names = fields ?? (typeof features === 'number' ? numberedFields(features) : []);
  const isSupervised = task.kind === 'supervised';
  const { outputs = isSupervised ? targets?.length : undefined } = task;
  const forecast = Array.isArray(task.targets) && task.targets.map((target) => indexOf(target, names));
  return {
    ...input,
    ...(features !== undefined && { features }),
    task: { ...task, ...(outputs !== undefined && { outputs }), ...(forecast && { targets: forecast }) },
  };
}

/** Sensors have gaps, so a sequence holds them where its spec does not say otherwise. */
function withGaps(input: unknown, missing: ModelSpec['inputs']['missing']): unknown {
  if (!isPlain(input) || (input.inputs !== undefined && !isPlain(input.inputs))) return input;
  return { ...input, inputs: { missing, ...input.inputs } };
}

function indexOf(target: unknown, fields: readonly Field[]): unknown {
  if (typeof target !== 'string') return target;
  const index = fields.findIndex(({ name }) => name === target);
  if (index >= 0) return index;
  throw new EddyError(
    'field-unknown',
    `task.targets: there is no field ${JSON.stringify(target)}; the fields are ${listOf(fields)}`,
  );
}

/** A spec for fields in another order. */
function reordered(spec: ModelSpec, order: Int32Array): ModelSpec {
  const { task } = spec;
  if (task?.kind !== 'forecast' || !task.targets) return spec;
  return { ...spec, task: { ...task, targets: task.targets.map((target) => order.indexOf(target)) } };
}

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Names the parts in which two specs differ. */
function differences(wanted: ModelSpec, kept: ModelSpec): string {
  const parts = (Object.keys({ ...kept, ...wanted }) as (keyof ModelSpec)[]).filter(
    (part) => !isSame(wanted[part], kept[part]),
  );
  return parts
    .map((part) => `${part} is ${JSON.stringify(kept[part])}, not ${JSON.stringify(wanted[part])}`)
    .join('; ')
    .slice(0, 400);
}

const isPlain = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
