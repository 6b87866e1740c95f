/** What a sequence may be called. */
import { EddyError } from '../errors.js';
import { SEQUENCE_NAME } from '../protocol/messages.js';

/** @throws EddyError `sequence-name-invalid` */
export function checkName(name: string): void {
  if (!SEQUENCE_NAME.test(name))
    throw new EddyError(
      'sequence-name-invalid',
      `${JSON.stringify(name.slice(0, 140))} is not a name: 1 to 128 of A-Z a-z 0-9 . _ : / -, a letter or digit first`,
    );
}
