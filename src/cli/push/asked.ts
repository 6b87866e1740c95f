/** What eddy push asks of its sequence: the fields of the file and, of a new one, the model; an option that says more is compared. */
import type { NamedSpec, Opened, OpenOptions } from '../../../client/sdk/index.js';
import { EddyError } from '../../errors.js';
import type { TimeKind } from '../../features/time-features.js';
import { listOf } from '../../fields/field.js';
import type { Choice } from '../../reading/index.js';
import { countOf } from '../shared/terminal.js';

type Plain = Readonly<Record<string, unknown>>;

export interface ModelFlags {
  /** Hidden units, where they were told. */
  readonly units?: number | undefined;
  readonly calendar?: readonly TimeKind[] | undefined;
}

export interface ResampleFlags {
  readonly every?: string | undefined;
  readonly aggregate?: Resample['of'] | undefined;
  readonly lateness?: string | undefined;
}

type Resample = NonNullable<OpenOptions['resample']>;
type AskedOptions = ModelFlags & ResampleFlags & { readonly file: Plain | null };

/** Hidden units of a new sequence if nothing says how many. */
const UNITS = 32;

export interface Asked {
  /** Have the rows no names of their own? */
  readonly isUnnamed: boolean;
  /** To open a sequence that exists: rows without names are taken in the order of its fields. */
  readonly existing: OpenOptions;
  /** To make a new one. */
  readonly created: OpenOptions;
  /** Compares the options with the sequence that was opened. @throws EddyError `spec-conflict` */
  check(opened: Opened): void;
}

/**
 * @param options `file` is the model spec of `--model`
 * @throws EddyError `setting-invalid` if options contradict each other
 */
export function askedOf(choice: Choice, options: AskedOptions): Asked {
  const { fields } = choice;
  const { file, units, calendar } = options;
  const targets = choice.classes ?? (choice.targets.length > 0 ? choice.targets : undefined);
  const resample = resampleOf(options);
  const spec = specOf(file ?? {}, { units, calendar }, { isSupervised: targets !== undefined, choice });
  const isUnnamed = fields.every(({ name }, i) => name === `x${i}`);
  const same = { ...(targets && { targets }), ...(resample && { resample }) };
  return {
    isUnnamed,
    created: { mode: 'either', spec, fields, ...same },
    existing: {
      mode: 'resume',
      ...(isUnnamed ? {} : { fields }),
      ...same,
      ...(file && { spec: { features: fields.length, ...spec } }),
    },
    check: ({ sequence, spec, fields: kept }) => {
      const { time } = spec.inputs;
      if (kept.length !== fields.length)
        throw new EddyError(
          'fields-conflict',
          `sequence ${sequence} has the fields ${listOf(kept)}; the rows have ${countOf(fields.length, 'number')}`,
        );
      if (units !== undefined && spec.units !== units)
        throw conflict(sequence, `${spec.units} hidden units`, '--units', String(units));
      if (calendar && time.join() !== calendar.join())
        throw conflict(
          sequence,
          time.length > 0 ? `the features of the time ${time.join(',')}` : 'no features of the time',
          '--calendar',
          calendar.join(','),
        );
    },
  };
}

const conflict = (sequence: string, has: string, option: string, wanted: string) =>
  new EddyError(
    'spec-conflict',
    `sequence ${sequence} exists with ${has}, not ${option} ${wanted}; without the option it is taken as it is`,
  );

function specOf(
  file: Plain,
  { units, calendar }: ModelFlags,
  { isSupervised, choice }: { isSupervised: boolean; choice: Choice },
): NamedSpec {
  const task = plain(file.task);
  if (isSupervised && task.kind === 'forecast')
    throw new EddyError(
      'spec-invalid',
      '--target makes the task supervised, and that of --model is a forecast; say which fields it forecasts in task.targets',
    );
  if (!isSupervised && task.kind === 'supervised')
    throw new EddyError(
      'spec-invalid',
      'the task of --model is supervised: say with --target which column holds its targets',
    );
  return {
    ...file,
    units: units ?? file.units ?? UNITS,
    ...(calendar && { inputs: { ...plain(file.inputs), time: calendar } }),
    ...(isSupervised && { task: { ...task, kind: 'supervised' } }),
    ...(choice.classes && { readout: { ...plain(file.readout), kind: 'softmax' } }),
  } as NamedSpec;
}

function resampleOf({ every, aggregate, lateness }: ResampleFlags): Resample | undefined {
  if (every !== undefined)
    return {
      every,
      ...(aggregate !== undefined && { of: aggregate }),
      ...(lateness !== undefined && { lateness }),
    };
  if (aggregate === undefined && lateness === undefined) return undefined;
  throw new EddyError('setting-invalid', '--aggregate and --lateness need --every, the length of a step');
}

const plain = (value: unknown): Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Plain) : {};
