/** Tokens that Eddy creates itself, and the file that lists them: hashes only, never the tokens. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { EddyError } from '../../errors.js';
import { Access, type AccessParts, ROLES } from './access.js';
import { namePattern } from './pattern.js';
import { invalid } from './trusted-file.js';

/** The prefix of every token, so that scanners can find a leaked one. */
export const TOKEN_PREFIX = 'eddy_';
/** Random bytes in a token. */
export const TOKEN_BYTES = 32;
/** The most tokens in one file: each attempt is compared with all of them. */
const MAX_TOKENS = 1000;

const tokenEntry = z.strictObject({
  name: z
    .string()
    .regex(/^[\w .:@/-]{1,64}$/, 'a name must have 1 to 64 letters, digits, spaces, . : @ / _ -'),
  /** SHA-256 of the whole token, hexadecimal. */
  hash: z.string().regex(/^[0-9a-f]{64}$/, 'a hash must have 64 hexadecimal digits'),
  roles: z.array(z.enum(ROLES)).min(1),
  sequences: z.array(namePattern).min(1).max(64),
  expires: z.iso.datetime({ offset: true }).optional(),
});
export type TokenEntry = z.output<typeof tokenEntry>;

const tokenFile = z.array(tokenEntry).max(MAX_TOKENS);

export const tokenOf = (random: Uint8Array): string =>
  TOKEN_PREFIX + Buffer.from(random).toString('base64url');

export const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex');

/**
 * Parses the list in a file's text. No error quotes it.
 *
 * @throws EddyError `credentials-invalid`, which names the entry and the field
 */
export function parseTokens(text: string, file: string): TokenEntry[] {
  const result = tokenFile.safeParse(parseJson(text, file));
  if (!result.success) {
    const [issue] = result.error.issues;
    throw invalid(file, `is not a list of tokens: ${issue?.path.join('.') || 'it'}: ${issue?.message}`);
  }
  for (const field of ['name', 'hash'] as const) {
    const seen = new Set<string>();
    for (const [i, entry] of result.data.entries()) {
      if (seen.has(entry[field])) throw invalid(file, `repeats the ${field} of entry ${i}`);
      seen.add(entry[field]);
    }
  }
  return result.data;
}

export class TokenList {
  private readonly digests;

  constructor(readonly entries: readonly TokenEntry[]) {
    this.digests = entries.map((entry) => ({ ...entry, digest: Buffer.from(entry.hash, 'hex') }));
  }

  /**
   * Gives what a token permits, or null if it is not listed. Compares it with every entry, to the end, in constant time.
   *
   * @throws EddyError `unauthorized`
   */
  accessOf(token: string, now: number, renew: AccessParts['renew']): Access | null {
    const digest = createHash('sha256').update(token).digest();
    let found: TokenEntry | null = null;
    for (const entry of this.digests) if (timingSafeEqual(entry.digest, digest)) found = entry;
    if (!found) return null;
    const { name, roles, sequences, expires } = found;
    const end = expires === undefined ? Number.POSITIVE_INFINITY : Date.parse(expires);
    if (now >= end) throw new EddyError('unauthorized', 'the token has expired');
    return new Access({ name, roles, sequences, expires: end, renew });
  }
}

/** Parses JSON, whose own error would quote the text. */
export function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid(file, 'is not JSON');
  }
}
