/** Lets in who brings a good token, and makes wrong ones cheap to refuse. */
import { EddyError } from '../../errors.js';
import { type Access, EVERYTHING } from './access.js';
import type { Attempts } from './attempts.js';
import { type Credentials, isOwnToken } from './credentials.js';

export interface AuthenticatorParts {
  readonly credentials: Credentials;
  readonly attempts: Attempts;
  /** Is told of each token that was looked at and refused. */
  readonly onRefused: (address: string, reason: string) => void;
}

export class Authenticator {
  constructor(private readonly parts: AuthenticatorParts) {}

  /** Must everyone bring a token? */
  get isClosed(): boolean {
    return this.parts.credentials.areNeeded;
  }

  /**
   * Gives what the holder of a token may do. For an address with too many refused tokens no signature is checked any
   * more; a token of the file, whose check costs next to nothing, is let in all the same, so that nobody behind the
   * same address is locked out by another's mistakes.
   *
   * @throws EddyError `unauthorized`, `attempts-limit`
   */
  async admit(token: string | undefined, address: string): Promise<Access> {
    const { credentials, attempts, onRefused } = this.parts;
    if (!this.isClosed) return EVERYTHING;
    if (token === undefined) throw new EddyError('unauthorized', 'a token is needed');
    const wait = attempts.wait(address);
    if (wait > 0 && !isOwnToken(token)) throw tooMany(wait);
    try {
      return await credentials.authenticate(token);
    } catch (error) {
      if (!(error instanceof EddyError)) throw error;
      if (wait > 0) throw tooMany(wait);
      attempts.refused(address);
      onRefused(address, error.message);
      throw error;
    }
  }
}

const tooMany = (wait: number) =>
  new EddyError(
    'attempts-limit',
    `too many tokens of this address were refused: wait ${Math.ceil(wait / 1000)} s`,
  );

/** Gives the token of an `Authorization` header, or undefined where it has none. */
export const bearerOf = (authorization: string | undefined): string | undefined =>
  /^Bearer +([\w.~+/-]+=*)$/i.exec(authorization ?? '')?.[1];
