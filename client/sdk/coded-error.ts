import { EddyError, ERRORS, isErrorCode } from '../../src/errors.js';

/** An error with a code that this version of Eddy's registry does not know. */
export class ClientError extends Error {
  override readonly name = 'ClientError';

  constructor(
    readonly code: string,
    message: string,
    readonly temporary: boolean,
  ) {
    super(message);
  }
}

/** What the client rejects with, throws and reports. */
export type CodedError = EddyError | ClientError;

/** Makes an error of what the server said. */
export function codedError(code: string, message: string, temporary: boolean): CodedError {
  return isErrorCode(code) ? new EddyError(code, message) : new ClientError(code, message, temporary);
}

/** Tells whether an error is the server's farewell: its close code follows. */
export const isFarewell = ({ code }: CodedError): boolean => isErrorCode(code) && 'close' in ERRORS[code];

/** Tells whether a socket closed with `code` is not to be replaced. */
export const isFinalClose = (code: number): boolean => code >= 3500 && code <= 3999;

/** Makes an error of a close code. */
export function closeError(close: number, why: string): CodedError {
  const message = `the connection broke: close code ${close}${why && `, ${why}`}`;
  const entry = Object.entries(ERRORS).find(([, known]) => 'close' in known && known.close === close);
  if (entry) return codedError(entry[0], message, false);
  return isFinalClose(close)
    ? new EddyError('connection-refused', message)
    : new EddyError('connection-lost', message);
}
