/** The setting of a run, and the link that holds it: whoever opens the link gets the same run, to the bit. */
import { EddyError } from '../../../src/errors.js';
import { TIME_KINDS, type TimeKind } from '../../../src/features/time-features.js';
import { MAX_FIELD_NAME } from '../../../src/fields/field.js';
import { LEARNER_NAMES, OPTIMIZER_NAMES, parseSpec } from '../../../src/rnn/spec/spec.js';
import { type Field, list, numberIn, oneOf, points, someOf, text, whole } from './form-fields.js';
import { type RunnerSetting, specOf } from './model-spec.js';
import { READING, type ReadingSetting } from './reading-setting.js';

/** What a run may be fed with, and what a person reads of it. */
export const SIGNAL_LABELS = {
  sine: 'Noisy sine',
  'mackey-glass': 'Mackey-Glass (chaotic)',
  'random-walk': 'Random walk',
  'regime-change': 'Regime change',
  'add-task': 'Add task (memory)',
  drawing: 'Draw it yourself',
  csv: 'Sensor file',
  motion: 'Motion of this device',
  microphone: 'Microphone level',
};
export type SignalKind = keyof typeof SIGNAL_LABELS;
export const SIGNALS = Object.keys(SIGNAL_LABELS) as SignalKind[];

export interface Setting {
  readonly signal: SignalKind;
  /** Of the signal's own randomness. */
  readonly signalSeed: number;
  /** One turn of a drawn signal, in [0, 1]; empty before it is drawn. */
  readonly drawing: readonly number[];
  /** Name of the dropped file, and its columns: the file itself is not in the link. */
  readonly file: string;
  readonly columns: readonly string[];
  /** The column that is forecast; empty for all of them. */
  readonly target: string;
  /** What the network also gets of the times of the rows. */
  readonly calendar: readonly TimeKind[];
  /** How the file is read. */
  readonly reading: ReadingSetting;
  /** The run ends after so many. */
  readonly steps: number;
  /** Steps a second; 0 as fast as they go. */
  readonly speed: number;
  readonly a: RunnerSetting;
  /** The run beside it, where there is one. */
  readonly b: RunnerSetting | null;
}

/** Links of another version are refused: a default that changes makes a new one. */
const VERSION = 1;
export const DRAWING_POINTS = 64;
export const MAX_COLUMNS = 16;

type Fields<T> = { readonly [K in keyof T]: Field<T[K]> };

/** What of a run the form asks for, beside its networks. */
export const RUN = {
  signal: oneOf(SIGNALS, 'mackey-glass'),
  signalSeed: whole(0, 0xffff_ffff, 1),
  drawing: points(DRAWING_POINTS),
  file: text(200),
  columns: list(MAX_COLUMNS, MAX_FIELD_NAME),
  target: text(MAX_FIELD_NAME),
  calendar: someOf(TIME_KINDS),
  steps: whole(1, 200_000, 10_000),
  speed: whole(0, 10_000, 100),
} satisfies Fields<Omit<Setting, 'a' | 'b' | 'reading'>>;

/** What it asks for a network. */
export const LANE = {
  units: whole(1, 256, 32),
  horizon: whole(1, 64, 1),
  learner: oneOf(LEARNER_NAMES, 'tbptt'),
  k1: whole(1, 256, 4),
  k2: whole(1, 256, 16),
  optimizer: oneOf(OPTIMIZER_NAMES, 'adam'),
  rate: numberIn(1e-6, 10, 0.002),
  seed: whole(0, 0xffff_ffff, 1),
  where: oneOf(['browser', 'server'], 'browser'),
} satisfies Fields<RunnerSetting>;

/**
 * Reads the setting from a link.
 *
 * @throws EddyError `setting-invalid`, which names every part that cannot be read
 */
export function parseSetting(query: string): Setting {
  const given = new URLSearchParams(query);
  const version = given.get('v');
  if (version !== null && version !== String(VERSION))
    throw new EddyError(
      'setting-invalid',
      `the link is of version ${version}, and this page reads version ${VERSION}`,
    );
  const problems: string[] = [];
  const read = <T>(fields: Fields<T>, prefix: string, defaults: Partial<T>): T =>
    Object.fromEntries(
      Object.entries<Field<unknown>>(fields).map(([name, field]) => {
        const said = given.get(prefix + name);
        const value = said === null ? defaults[name as keyof T] : field.parse(said);
        if (said !== null && value === undefined) problems.push(`${prefix}${name}: ${field.expected}`);
        return [name, value ?? field.initial];
      }),
    ) as T;
  const under = (prefix: string, fields: object) => Object.keys(fields).map((name) => prefix + name);
  const known = new Set([
    ...['v', 'compare', ...under('', RUN), ...under('', LANE)],
    ...[...under('b.', LANE), ...under('read.', READING)],
  ]);
  for (const name of new Set(given.keys())) if (!known.has(name)) problems.push(`${name}: not known`);
  const compares = given.get('compare');
  if (compares !== null && compares !== '1') problems.push('compare: 1, or left out');
  const run = read(RUN, '', {});
  const reading = read<ReadingSetting>(READING, 'read.', {});
  const a = read(LANE, '', {});
  const b = compares === null ? null : read(LANE, 'b.', a);
  const setting = { ...run, reading, a, b };
  if (problems.length === 0) problems.push(...problemsOf(setting));
  if (problems.length > 0) throw new EddyError('setting-invalid', problems.join('; '));
  return setting;
}

/** Tells what is wrong with a setting whose parts are right each for itself. */
export function problemsOf(setting: Setting): string[] {
  const problems: string[] = [];
  const { signal, columns, target } = setting;
  if (signal === 'csv' && target !== '' && columns.length > 0 && !columns.includes(target))
    problems.push(`target: ${target} is not among the columns`);
  for (const [name, runner] of runnersOf(setting)) {
    try {
      parseSpec(specOf(setting, { features: Math.max(1, columns.length) }, runner));
    } catch (error) {
      if (!(error instanceof EddyError)) throw error;
      problems.push(`${name}: ${error.message}`);
    }
  }
  return problems;
}

export const runnersOf = ({ a, b }: Setting): [name: 'A' | 'B', runner: RunnerSetting][] =>
  b
    ? [
        ['A', a],
        ['B', b],
      ]
    : [['A', a]];

/** Writes the link of a setting; what is as it would be anyway is left out. */
export function formatSetting(setting: Setting): string {
  const query = new URLSearchParams();
  const write = <T extends object>(fields: Fields<T>, prefix: string, values: T, defaults: Partial<T>) => {
    for (const [name, field] of Object.entries<Field<unknown>>(fields)) {
      const key = name as keyof T;
      const said = field.format(values[key]);
      if (said !== field.format(defaults[key] ?? field.initial)) query.set(prefix + name, said);
    }
  };
  const { a, b, reading, ...run } = setting;
  write(RUN, '', run, {});
  write<ReadingSetting>(READING, 'read.', reading, {});
  write(LANE, '', a, {});
  if (b) {
    query.set('compare', '1');
    write(LANE, 'b.', b, a);
  }
  const said = query.toString();
  return said ? `v=${VERSION}&${said}` : '';
}

/** Does the link give others the same run, or does the run depend on this device? */
export const isReproducible = ({ signal }: Setting): boolean =>
  signal !== 'motion' && signal !== 'microphone';

export const PRESETS: readonly { readonly name: string; readonly about: string; readonly query: string }[] = [
  {
    name: 'How far back does it learn to look?',
    about:
      'The add task needs a memory of 3 and of 8 steps. Gradients go back 2 steps on the left, 12 on the right.',
    query: 'v=1&signal=add-task&steps=40000&speed=2000&units=16&k1=2&k2=2&rate=0.005&compare=1&b.k2=12',
  },
  {
    name: 'The same bits in browser and server?',
    about: 'One run in this page, one in the server. The hash over every hidden state tells.',
    query: 'v=1&steps=2000&speed=500&compare=1&b.where=server',
  },
  {
    name: 'What happens when the world changes?',
    about: 'A sine changes its period and size at step 2,000; the error jumps, and is learned away.',
    query: 'v=1&signal=regime-change&steps=5000&speed=200',
  },
];
