/** Makes the model's input of a row of a file: its fields, and features of its time. */
import { EddyError } from '../../errors.js';
import { TimeFeatures, type TimeKind } from '../../features/time-features.js';
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
  /** Names of all features: fields of the file, then features of the time. */
  readonly features: readonly string[];
  /** The fields of the file. */
  readonly fields: readonly Field[];
  /** The features forecast by default: the targets asked for, else all fields. */
  readonly targets: readonly number[];
  readonly timestamp: string | null;
  private readonly time: TimeFeatures | null;

  /** @throws EddyError `input-invalid` if there is no time to make features of */
  constructor({ fields, time }: Choice, { target, calendar = [] }: InputOptions) {
    if (calendar.length > 0 && time === null)
      throw new EddyError('input-invalid', '--calendar needs a time; name its column with --timestamp');
    const names = fields.map(({ name }) => name);
    this.fields = fields;
    this.timestamp = time?.columns.join(' ') ?? null;
    this.targets = (target ?? names).map((name) => names.indexOf(name));
    this.time = calendar.length > 0 ? new TimeFeatures(calendar) : null;
    this.features = [...names, ...(this.time?.names ?? [])];
  }

  /** Makes a step of a row. */
  read({ line, timestamp, t, values }: SensorRow): EvalRow {
    const x = values.map((value) => (Number.isNaN(value) ? null : value));
    return { line, timestamp, time: t, x: this.time && t !== null ? [...x, ...this.time.of(t)] : x };
  }
}
