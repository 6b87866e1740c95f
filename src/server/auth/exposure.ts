import { EddyError } from '../../errors.js';
import type { SecurityOptions } from './credentials.js';

/**
 * Checks whether a server may listen on an address: others than loopback only with tokens, or where the operator
 * insists. Gives what there is to warn of, or null.
 *
 * @throws EddyError `address-refused`
 */
export function checkExposure(host: string, isInsecure: boolean, security: SecurityOptions): string | null {
  if (isLoopback(host)) return null;
  const hasTokens = Boolean(security.tokens || security.jwtKey);
  if (!hasTokens && !isInsecure)
    throw new EddyError(
      'address-refused',
      `${host} can be reached by other machines: name who may connect with --tokens or --jwt-key, or say --insecure`,
    );
  if (!hasTokens) return 'everyone who reaches this address may do everything';
  return security.tlsCert
    ? null
    : 'tokens cross the network unencrypted: give --tls-cert, or put TLS before it';
}

const isLoopback = (host: string) =>
  host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
