/** Tokens, keys and files of them, which are gone after the test. */
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from 'jose';
import { afterEach } from 'vitest';
import type { Role } from '../../src/server/auth/access.js';
import { hashOf, type TokenEntry, tokenOf } from '../../src/server/auth/tokens.js';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** Writes a file that only its owner can read, unless told otherwise. */
export function privateFile(name: string, text: string, mode = 0o600): string {
  const folder = mkdtempSync(join(tmpdir(), 'eddy-access-'));
  folders.push(folder);
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

/** Copies a certificate or a key of the fixtures. */
export const fixture = (name: string): string =>
  privateFile(name, readFileSync(new URL(`../fixtures/tls/${name}`, import.meta.url), 'utf8'));

/** Makes a token and its entry in a list. */
export function newToken(
  roles: Role[],
  sequences = ['*'],
  more: Partial<TokenEntry> = {},
): { token: string; entry: TokenEntry } {
  const token = tokenOf(randomBytes(32));
  const hash = hashOf(token);
  return { token, entry: { name: `test-${hash.slice(0, 8)}`, hash, roles, sequences, ...more } };
}

/** Writes a list of tokens. */
export const tokenFile = (...tokens: { entry: TokenEntry }[]): string =>
  privateFile('tokens.json', JSON.stringify(tokens.map(({ entry }) => entry)));

export const AUDIENCE = 'eddy-test';
export const ISSUER = 'https://issuer.test';

/** Makes a key pair, as JWK and PEM, and tokens signed with it. */
export async function jwtSigner(alg: 'ES256' | 'RS256' | 'EdDSA' = 'ES256', kid = 'a') {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const pem = await exportSPKI(publicKey);
  const jwk = { ...(await exportJWK(publicKey)), kid };
  const sign = (
    changed: Record<string, unknown> = {},
    header: Record<string, unknown> = {},
    key = privateKey,
  ) => new SignJWT(goodClaims(changed)).setProtectedHeader({ alg, kid, ...header }).sign(key);
  return { pem, jwk, sign, privateKey };
}

/** Claims that let in, with some changed; undefined leaves one out. */
export function goodClaims(changed: Record<string, unknown> = {}): Record<string, unknown> {
  const exp = Math.floor(Date.now() / 1000) + 3600;
  const claims = {
    sub: 'pump',
    aud: AUDIENCE,
    iss: ISSUER,
    exp,
    roles: ['produce'],
    sequences: ['room-*'],
    ...changed,
  };
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
}
