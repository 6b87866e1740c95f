/** Makes the model's input of a row of a file: its fields, and its time where the model makes features of it. */
import { EddyError } from '../../errors.js';
import type { TimeKind } from '../../features/time-features.js';
import type { Choice, Field, SensorRow } from '../../reading/index.js';

export interface EvalRow extends Pick<SensorRow, 'line' | 'timestamp'> {
  /** The time in milliseconds since 1970, or null if unknown. */
  readonly time: number | null;
  /** The features [F] of the step; null is a gap. */
  readonly x: readonly (number | null)[];
}

export interface InputOptions {
  readonly target?: readonly string[] | undefined;
  readonly calendar?: readonly TimeKind[] | undefined;
}

export class StepInputs {
  /** Names of all features. */
  readonly features: readonly string[];
  /** The fields of the file, which are the features. */
  readonly fields: readonly Field[];
  /** The features forecast by default: the targets asked for, else all. */
  readonly targets: readonly number[];
  readonly timestamp: string | null;

  /** @throws EddyError `input-invalid` if there is no time to make features of */
  constructor({ fields, time }: Choice, { target, calendar = [] }: InputOptions) {
    if (calendar.length > 0 && time === null)
      throw new EddyError('input-invalid', '--calendar needs a time; name its column with --timestamp');
    this.features = fields.map(({ name }) => name);
    this.fields = fields;
    this.timestamp = time?.columns.join(' ') ?? null;
    this.targets = (target ?? this.features).map((name) => this.features.indexOf(name));
  }

  /** Makes a step of a row. */
  read({ line, timestamp, t, values }: SensorRow): EvalRow {
    return { line, timestamp, time: t, x: values.map((value) => (Number.isNaN(value) ? null : value)) };
  }
}
