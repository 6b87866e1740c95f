import { Access, type Role } from './access.js';

/** The rights of somebody who may connect. */
export interface Grant {
  /** The holder's name, for the log. */
  readonly name: string;
  readonly roles: readonly Role[];
  /** Patterns of sequence names, `*` for any run of characters; by default all. */
  readonly sequences?: readonly string[];
  /** When it expires, in milliseconds since 1970. */
  readonly expires?: number;
}

/** Gives the access of a grant. @param renew asks again; by default the access never changes */
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
