import { EddyError } from '../../errors.js';
import type { SecurityOptions } from './credentials.js';

/**
 * Checks whether a server may listen on an address: beyond loopback only with tokens, or if the operator
 * insists. Gives a warning, or null.
 *
 * @throws EddyError `address-refused`
 */
export function checkExposure(host: string, isInsecure: boolean, security: SecurityOptions): string | null {
  if (isLoopback(host)) return null;
  const hasTokens = Boolean(security.tokens || security.jwtKey);
  if (!hasTokens && !isInsecure)
    throw new EddyError(
      'address-refused',
      `other machines can reach ${host}: say who may connect with --tokens or --jwt-key, or pass --insecure`,
    );
  if (!hasTokens) return 'everyone who reaches this address may do everything';
  return security.tlsCert
    ? null
    : 'tokens cross the network unencrypted: use --tls-cert, or a proxy with TLS';
}

const isLoopback = (host: string) =>
  host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
