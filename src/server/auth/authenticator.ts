/** Lets in clients with a valid token, and refuses wrong tokens cheaply. */
import type { IncomingMessage } from 'node:http';
import { EddyError } from '../../errors.js';
import { type Access, EVERYTHING } from './access.js';
import type { Attempts } from './attempts.js';
import type { Credentials } from './credentials.js';
import { accessOf, type Grant } from './grant.js';
import { isJwt } from './jwt-form.js';

/** A request to connect. */
export interface Applicant {
  /** The token of the `Authorization` header or of hello, if there is one. */
  readonly token: string | undefined;
  /** Null for a socket that was accepted without one. */
  readonly address: string | null;
  /** The HTTP request or upgrade: cookies, headers, path. */
  readonly request: IncomingMessage | undefined;
}

/** Decides who may connect, and for what; null refuses. */
export type Authorize = (applicant: Applicant) => Grant | null | Promise<Grant | null>;

export interface AuthenticatorParts {
  readonly credentials: Credentials;
  readonly attempts: Attempts;
  /** Decides instead of the credentials. */
  readonly authorize: Authorize | null;
  /** Called for each token that was verified and refused. */
  readonly onRefused: (address: string, reason: string) => void;
}

export class Authenticator {
  constructor(private readonly parts: AuthenticatorParts) {}

  /** Does everyone need a token? */
  get isClosed(): boolean {
    return this.asksRequests || this.parts.credentials.areNeeded;
  }

  /** Is every request checked, with or without a token? */
  get asksRequests(): boolean {
    return this.parts.authorize !== null;
  }

  /**
   * Gives the access of an upgrade. Null: its hello may still bring a token.
   *
   * @throws EddyError `unauthorized`, `attempts-limit`
   */
  async admitRequest(
    token: string | undefined,
    address: string,
    request: IncomingMessage,
  ): Promise<Access | null> {
    if (token !== undefined || !this.asksRequests) return this.admit(token, address, request);
    return this.granted({ token, address, request });
  }

  /**
   * Gives the access that a token grants. After too many refused tokens from an address, its tokens are rejected without
   * verification; a token from the list, which is cheap to check, still gets in, so that nobody behind the same address
   * is locked out by another's mistakes.
   *
   * @throws EddyError `unauthorized`, `attempts-limit`
   */
  async admit(token: string | undefined, address: string | null, request?: IncomingMessage): Promise<Access> {
    const { attempts, onRefused } = this.parts;
    if (!this.isClosed) return EVERYTHING;
    if (token === undefined && !this.asksRequests) throw new EddyError('unauthorized', 'a token is needed');
    const wait = address === null ? 0 : attempts.wait(address);
    if (wait > 0 && (token === undefined || isJwt(token) || this.asksRequests)) throw tooMany(wait);
    try {
      return await this.authenticate({ token, address, request });
    } catch (error) {
      if (!(error instanceof EddyError)) throw error;
      if (wait > 0) throw tooMany(wait);
      if (error.code !== 'authorize-failed' && address !== null) attempts.refused(address);
      onRefused(address ?? 'unknown', error.message);
      throw error;
    }
  }

  /** @throws EddyError `unauthorized` */
  private async authenticate(applicant: Applicant): Promise<Access> {
    if (!this.asksRequests) return this.parts.credentials.authenticate(applicant.token ?? '');
    const access = await this.granted(applicant);
    if (access) return access;
    throw new EddyError('unauthorized', 'you are not let in here');
  }

  /** Asks the program. @throws EddyError `authorize-failed` for what it throws that is no EddyError */
  private async ask(applicant: Applicant): Promise<Grant | null> {
    try {
      return (await this.parts.authorize?.(applicant)) ?? null;
    } catch (cause) {
      if (cause instanceof EddyError) throw cause;
      throw new EddyError('authorize-failed', 'the decision who may connect failed', { cause });
    }
  }

  private async granted(applicant: Applicant): Promise<Access | null> {
    const grant = await this.ask(applicant);
    if (!grant) return null;
    const access: Access = accessOf(grant, async () => {
      const now = await this.granted(applicant);
      if (!now) throw new EddyError('unauthorized', 'you are not let in here any more');
      // a grant for an hour from now is another each time it is asked for: the rights are what counts
      return now.hasRightsOf(access) ? access : now;
    });
    return access;
  }
}

const tooMany = (wait: number) =>
  new EddyError(
    'attempts-limit',
    `too many tokens from this address were refused: wait ${Math.ceil(wait / 1000)} s`,
  );

/** Gives the token of an `Authorization` header, or undefined without one. */
export const bearerOf = (authorization: string | undefined): string | undefined =>
  /^Bearer +([\w.~+/-]+=*)$/i.exec(authorization ?? '')?.[1];
