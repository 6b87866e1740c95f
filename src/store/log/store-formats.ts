/** The formats of a store: what keys.ts describes is 2; 1 has no ledgers. */
import { EddyError } from '../../errors.js';
import type { Survey } from './survey.js';

/** The format that is written, and the older ones that are read. */
export const FORMAT = 2;
export const OLDER_FORMATS: readonly number[] = [1];

/** Formats since 2 have a roster: a store that has one is of that format, even if it does not say so. */
export const hasLostFormat = ({ format, roster }: Survey): boolean =>
  format === null && roster !== null && roster !== 'damaged';

/** @throws EddyError `store-damaged` */
export function checkFormat(survey: Survey): void {
  const { format, foreign, entries, sequences, roster } = survey;
  if (format === null) {
    if ((entries === 0 && sequences.size === 0 && roster === null) || hasLostFormat(survey)) return;
    const [other = 'without the format of a store'] = foreign;
    throw new EddyError('store-damaged', `this is not an Eddy store: it has a key ${other}`);
  }
  if (![...OLDER_FORMATS, FORMAT].map(String).includes(format))
    throw new EddyError(
      'store-damaged',
      `the store has format ${format}; this version of Eddy reads the formats ${[...OLDER_FORMATS, FORMAT].join(' and ')}`,
    );
}
