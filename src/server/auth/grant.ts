import { Access, type Grant } from './access.js';

export type { Grant };

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
