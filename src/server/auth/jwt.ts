/** JSON Web Tokens of an external issuer, verified by `jose`. */
import { errors, type JWTPayload, jwtVerify } from 'jose';
import { z } from 'zod';
import { EddyError } from '../../errors.js';
import { durationWords } from '../../fields/duration-words.js';
import { Access, type AccessParts, ROLES } from './access.js';
import type { JwtAlgorithm } from './jwt-algorithms.js';
import type { JwtKey } from './jwt-key.js';
import { namePattern } from './pattern.js';

/** Seconds by which the issuer's clock and this machine's may differ. */
const CLOCK_TOLERANCE = 5;

/** The claims that grant access; all others are ignored. */
const claims = z.object({
  sub: z.string().optional(),
  exp: z.number(),
  nbf: z.number().optional(),
  iat: z.number().optional(),
  roles: z.array(z.enum(ROLES)).min(1),
  sequences: z.array(namePattern).min(1).max(64),
});

export interface JwtParts extends JwtKey {
  readonly audience: string;
  readonly issuer: string | undefined;
  /** The algorithms that the operator allows; all match the key. */
  readonly allowed: readonly JwtAlgorithm[];
  /** How far ahead a token may expire, in milliseconds. */
  readonly horizonMs: number;
}

export class JwtVerifier {
  constructor(private readonly parts: JwtParts) {}

  /**
   * Gives what a token permits.
   *
   * @param now milliseconds since 1970
   * @throws EddyError `unauthorized`, which quotes nothing of the token
   */
  async accessOf(token: string, now: number, renew: AccessParts['renew']): Promise<Access> {
    const result = claims.safeParse(await this.verify(token, now));
    if (!result.success) {
      const claim = result.error.issues[0]?.path[0];
      throw new EddyError('unauthorized', `the token's claim ${String(claim)} is missing or invalid`);
    }
    const { sub = 'jwt', exp, roles, sequences } = result.data;
    const fault = timeFault(result.data, now, this.parts.horizonMs);
    if (fault) throw new EddyError('unauthorized', fault);
    return new Access({
      name: sub.slice(0, 64),
      roles,
      sequences,
      expires: 1000 * (exp + CLOCK_TOLERANCE),
      renew,
    });
  }

  private async verify(token: string, now: number): Promise<JWTPayload> {
    const { key, allowed, audience, issuer } = this.parts;
    const options = {
      algorithms: [...allowed],
      audience,
      ...(issuer !== undefined && { issuer }),
      requiredClaims: ['exp'],
      clockTolerance: CLOCK_TOLERANCE,
      currentDate: new Date(now),
    };
    try {
      return (await jwtVerify(token, key, options)).payload;
    } catch (error) {
      throw new EddyError('unauthorized', reasonOf(error));
    }
  }
}

/**
 * Gives what is wrong with the times of a token, or null. A token for longer than the horizon is as good as one for ever,
 * and one that was issued in the future comes from a clock that cannot be trusted with its end either.
 */
function timeFault({ exp, iat }: z.output<typeof claims>, now: number, horizonMs: number): string | null {
  const tolerated = now + 1000 * CLOCK_TOLERANCE;
  if (1000 * exp > tolerated + horizonMs)
    return `the token's claim exp is more than ${durationWords(horizonMs)} ahead`;
  if (iat !== undefined && 1000 * iat > tolerated) return "the token's claim iat is in the future";
  return null;
}

/** Claims are checked only after the signature, so strangers learn nothing from these messages. */
function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'the token has expired';
  if (error instanceof errors.JWTClaimValidationFailed)
    return `the token's claim ${error.claim} is missing or invalid`;
  return 'the token is not valid';
}
