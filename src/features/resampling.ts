/** The settings of resampling, as plain JSON. */
import { z } from 'zod';
import { EddyError } from '../errors.js';
import { AGGREGATES } from './aggregates.js';
import { duration } from './duration.js';

/** Bins that may be open at a time. */
const MAX_OPEN_BINS = 1024;

const aggregate = z.enum(AGGREGATES, { error: `must be ${AGGREGATES.join(', ')}` });

const settings = z.strictObject({
  /** The length of a bin: from 1 ms to 366 days. */
  every: duration(1),
  /**
   * How long a bin stays open, by the times of the readings, for those that come out of order. By default not at all: steps
   * come as early as they can, a stream in the order of its times loses nothing, and any other is told so.
   */
  lateness: duration(0).default(0),
  /** How the readings of a field become one number: for all fields, or by name (`last` for those not named). */
  of: z
    .union([aggregate, z.record(z.string(), aggregate)], {
      error: `must be one of ${AGGREGATES.join(', ')}, or one of them for each field by name`,
    })
    .default('last')
    .transform((of) => (typeof of === 'string' ? of : inOrder(of))),
});

export const resamplingSchema = settings.superRefine((resampling, context) => {
  const bins = openBins(resampling);
  if (bins > MAX_OPEN_BINS)
    context.addIssue({
      code: 'custom',
      path: ['lateness'],
      message: `would keep ${bins} bins open; the limit is ${MAX_OPEN_BINS}: choose a larger every or a smaller lateness`,
    });
});

export type ResamplingInput = z.input<typeof resamplingSchema>;
export type Resampling = z.output<typeof resamplingSchema>;

/**
 * Checks the settings of resampling and fills in their defaults; durations become milliseconds. The result is always the
 * same text, whatever the order it was written in; parsing it again changes nothing.
 *
 * @throws EddyError `setting-invalid`, which names the wrong settings and what is wrong with them
 * @example
 * parseResampling({ every: '10s' }) // { every: 10000, lateness: 0, of: 'last' }
 */
export function parseResampling(input: unknown): Resampling {
  const result = resamplingSchema.safeParse(input);
  if (result.success) return result.data;
  const named = result.error.issues
    .slice(0, 10)
    .map(({ path, message }) => `${['resampling', ...path].join('.')}: ${message}`);
  throw new EddyError('setting-invalid', named.join('; '));
}

/** Gives how many bins may be open at a time. */
export const openBins = ({ every, lateness }: Pick<Resampling, 'every' | 'lateness'>): number =>
  Math.floor(lateness / every) + 2;

const inOrder = <T>(record: Record<string, T>): Record<string, T> =>
  Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
