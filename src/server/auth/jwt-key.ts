/** The key that verifies JSON Web Tokens, and the algorithms it allows. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { createLocalJWKSet, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import { type JwtAlgorithm, PUBLIC_ALGORITHMS, SECRET_ALGORITHMS } from './jwt-algorithms.js';
import { parseJson } from './tokens.js';
import { invalid } from './trusted-file.js';

const CURVES: Readonly<Record<string, JwtAlgorithm>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
};

export interface JwtKey {
  readonly key: KeyObject | Uint8Array | JWTVerifyGetKey;
  /** Algorithms that the key supports. */
  readonly algorithms: readonly JwtAlgorithm[];
  /** Algorithms allowed by default. */
  readonly usual: readonly JwtAlgorithm[];
}

const jwks = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).min(1) });

/** Tells whether a key file's text is a shared secret rather than a public key. */
export const isSecretKey = (text: string) =>
  !text.includes('-----BEGIN ') && !text.trimStart().startsWith('{');

/**
 * Reads a key: a JSON Web Key Set, a PEM public key or certificate, or else a shared secret.
 *
 * @throws EddyError `credentials-invalid`
 */
export function parseJwtKey(text: string, file: string): JwtKey {
  if (isSecretKey(text)) return secretKey(text.trim(), file);
  return text.includes('-----BEGIN ') ? pemKey(text, file) : keySet(parseJson(text, file), file);
}

/** A secret must have at least as many bytes as the hash (RFC 7518, section 3.2). */
function secretKey(secret: string, file: string): JwtKey {
  const key = new TextEncoder().encode(secret);
  const algorithms = SECRET_ALGORITHMS.filter((name) => key.length * 8 >= Number(name.slice(2)));
  if (algorithms.length === 0) throw invalid(file, 'holds a secret of fewer than 32 bytes');
  return { key, algorithms, usual: ['HS256'] };
}

function pemKey(text: string, file: string): JwtKey {
  if (text.includes('PRIVATE KEY')) throw invalid(file, 'holds a private key: give the public one');
  const key = publicKey(text, file);
  const { namedCurve = '', modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  const curve = CURVES[namedCurve];
  if (key.asymmetricKeyType === 'rsa' && modulusLength >= 2048)
    return { key, algorithms: PUBLIC_ALGORITHMS.rsa, usual: ['RS256'] };
  if (key.asymmetricKeyType === 'ec' && curve) return { key, algorithms: [curve], usual: [curve] };
  if (key.asymmetricKeyType === 'ed25519')
    return { key, algorithms: PUBLIC_ALGORITHMS.ed25519, usual: PUBLIC_ALGORITHMS.ed25519 };
  throw invalid(file, 'holds no RSA (2,048 bits or more), P-256, P-384, P-521 or Ed25519 key');
}

function publicKey(text: string, file: string): KeyObject {
  try {
    return createPublicKey(text);
  } catch {
    throw invalid(file, 'holds no readable public key');
  }
}

function keySet(value: unknown, file: string): JwtKey {
  const result = jwks.safeParse(value);
  if (!result.success) throw invalid(file, 'is not a JSON Web Key Set');
  if (result.data.keys.some((key) => key.kty === 'oct' || 'd' in key))
    throw invalid(file, 'holds a secret or private key: a set must have public keys only');
  return {
    key: createLocalJWKSet(result.data),
    algorithms: Object.values(PUBLIC_ALGORITHMS).flat(),
    usual: ['RS256', 'ES256', 'EdDSA', 'Ed25519'],
  };
}
