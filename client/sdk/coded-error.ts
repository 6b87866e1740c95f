import { EddyError, ERRORS, isErrorCode } from '../../src/errors.js';

/** An error whose code is not in this version's registry. */
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

/** The errors that the client rejects with, throws and reports. */
export type CodedError = EddyError | ClientError;

export function codedError(code: string, message: string, temporary: boolean): CodedError {
  return isErrorCode(code) ? new EddyError(code, message) : new ClientError(code, message, temporary);
}

/** Tells whether an error is the server's farewell, which its close code follows. */
export const isFarewell = ({ code }: CodedError): boolean => isErrorCode(code) && 'close' in ERRORS[code];

/** Tells whether a socket closed with `code` must not be replaced. */
export const isFinalClose = (code: number): boolean => code >= 3500 && code <= 3999;

export function closeError(close: number, why: string): CodedError {
  const message = `the connection broke: close code ${close}${why && `, ${why}`}`;
  const entry = Object.entries(ERRORS).find(([, known]) => 'close' in known && known.close === close);
  if (entry) return codedError(entry[0], message, false);
  return isFinalClose(close)
    ? new EddyError('connection-refused', message)
    : new EddyError('connection-lost', message);
}
