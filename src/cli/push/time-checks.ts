import { EddyError } from '../../errors.js';
import type { Choice } from '../../reading/index.js';

/** Checks that there are times where something is made of them. @throws EddyError `input-invalid` */
export function checkTimes(
  { time }: Choice,
  {
    calendar,
    every,
    isFile,
  }: {
    readonly calendar?: readonly string[] | undefined;
    readonly every?: string | undefined;
    readonly isFile: boolean;
  },
): void {
  if (time !== null) return;
  const option = calendar ? '--calendar' : every === undefined ? null : '--every';
  // what comes live has the time of its arrival
  if (option === null || !isFile) return;
  throw new EddyError('input-invalid', `${option} needs a time; name its column with --timestamp`);
}
