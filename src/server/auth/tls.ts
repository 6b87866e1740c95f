/** TLS from files. */
import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { invalid, readTrusted } from './trusted-file.js';

/** The options of Node's TLS server and `setSecureContext`. */
export interface TlsContext {
  readonly cert: string;
  readonly key: string;
  readonly minVersion: 'TLSv1.2';
}

/**
 * Reads a certificate (with its chain) and its key, and tries them out.
 *
 * @param now milliseconds since 1970, to warn of an expired certificate
 * @throws EddyError `credentials-invalid`
 */
export function loadTls(
  files: { readonly cert: string; readonly key: string },
  now: number,
  warn: (text: string) => void,
): TlsContext {
  const cert = readTrusted(files.cert, { isSecret: false, warn });
  const key = readTrusted(files.key, { isSecret: true, warn });
  const context: TlsContext = { cert, key, minVersion: 'TLSv1.2' };
  attempt(`${files.cert} and ${files.key}`, 'are not a certificate and its key', () =>
    createSecureContext(context),
  );
  const { validTo } = attempt(files.cert, 'is not a certificate', () => new X509Certificate(cert));
  if (Date.parse(validTo) <= now) warn(`${files.cert} has expired: ${validTo}`);
  return context;
}

/** OpenSSL's reasons are short codes, and quote nothing. */
function attempt<T>(file: string, what: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw invalid(file, `${what}: ${(error as NodeJS.ErrnoException).code ?? 'unreadable'}`);
  }
}
