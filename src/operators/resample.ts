import { concat, concatMap, defer, type OperatorFunction } from 'rxjs';
import { EddyError } from '../errors.js';
import { type ResampledStep, Resampler } from '../features/resampler.js';
import { parseResampling, type ResamplingInput } from '../features/resampling.js';

/** What a sensor, or several of them, say at one time. */
export interface Reading {
  /** The event time, in milliseconds since 1970 UTC. */
  readonly t: number;
  /** The values of all fields in their order, or of some by name. NaN, null or absent is missing. */
  readonly x: ArrayLike<number | null> | Readonly<Record<string, number | null | undefined>>;
}

export interface ResampleOptions {
  /** Takes the readings that come after their bin was closed. Without it, the first one ends the stream. */
  readonly onLate?: ((late: EddyError, reading: Reading) => void) | undefined;
}

/**
 * Emits one step for each bin of `every` of event time, made from the readings in it, which may hold different fields.
 *
 * A bin is closed by a reading that is newer than its end by at least `lateness`, or by the end of the source; readings may
 * come in any order until then. A bin without readings is a step of NaN; of more than 256 in a row, those beyond are
 * `skipped`, and the next step counts them. No clock is involved: the same readings give the same steps.
 *
 * Errors: EddyError `step-late` without `onLate`, `step-shape`, `step-non-finite`, `input-invalid` for a time out of range.
 * An error drops the open bins.
 *
 * @throws EddyError `setting-invalid` when called with settings out of range, or of fields that do not exist
 * @example
 * import { resample } from 'eddy';
 * import { from } from 'rxjs';
 *
 * const readings = [
 *   { t: 1000, x: { pressure: 990 } },
 *   { t: 2000, x: { flow: 5 } },
 *   { t: 3000, x: { flow: 6 } },
 *   { t: 12_000, x: { pressure: 991 } },
 * ];
 * from(readings)
 *   .pipe(resample({ every: '10s', of: { flow: 'sum' } }, ['pressure', 'flow']))
 *   .subscribe(({ t, x }) => console.log(t, x)); // 0 [990, 11], 10000 [991, NaN]
 */
export function resample(
  settings: ResamplingInput,
  fields: readonly string[],
  { onLate }: ResampleOptions = {},
): OperatorFunction<Reading, ResampledStep> {
  const resampling = parseResampling(settings);
  const create = () => new Resampler(resampling, fields);
  create(); // refuses wrong settings before any subscription
  const names = new Set(fields);
  return (source) =>
    defer(() => {
      const resampler = create();
      const take = (reading: Reading): ResampledStep[] => {
        const x = valuesOf(reading.x, names);
        try {
          return resampler.take(reading.t, x);
        } catch (error) {
          if (!onLate || !(error instanceof EddyError) || error.code !== 'step-late') throw error;
          onLate(error, reading);
          return [];
        }
      };
      return concat(
        source.pipe(concatMap(take)),
        defer(() => resampler.flush()),
      );
    });
}

function valuesOf(x: Reading['x'], names: ReadonlySet<string>): ArrayLike<number | null> {
  if (Array.isArray(x) || ArrayBuffer.isView(x)) return x as ArrayLike<number | null>;
  const byName = x as Readonly<Record<string, number | null | undefined>>;
  const unknown = Object.keys(byName).filter((name) => !names.has(name));
  if (unknown.length > 0)
    throw new EddyError(
      'step-shape',
      `a reading has ${unknown.join(', ')}; the fields are ${[...names].join(', ')}`,
    );
  return Array.from(names, (name) => (Object.hasOwn(byName, name) ? (byName[name] ?? null) : null));
}
