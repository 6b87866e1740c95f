import { Access, type Role } from './access.js';

/** What somebody is let in for. */
export interface Grant {
  /** Whose it is, as the log shows it. */
  readonly name: string;
  readonly roles: readonly Role[];
  /** Names of sequences, `*` for any run of characters; all of them if left out. */
  readonly sequences?: readonly string[];
  /** Milliseconds since 1970 at which it ends. */
  readonly expires?: number;
}

/** Gives what a grant permits. @param renew asks again; the same for ever if left out */
export function accessOf(grant: Grant, renew?: () => Promise<Access>): Access {
  const { name, roles, sequences = ['*'], expires = Number.POSITIVE_INFINITY } = grant;
  const access: Access = new Access({
    name,
    roles,
    sequences,
    expires,
    renew: renew ?? (async () => access),
  });
  return access;
}
