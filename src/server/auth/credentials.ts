/** The files that say who gets in, as they are in force. */
import { EddyError } from '../../errors.js';
import type { Access } from './access.js';
import { JwtVerifier } from './jwt.js';
import type { JwtAlgorithm } from './jwt-algorithms.js';
import { isSecretKey, parseJwtKey } from './jwt-key.js';
import { loadTls, type TlsContext } from './tls.js';
import { parseTokens, TOKEN_PREFIX, TokenList } from './tokens.js';
import { invalid, readTrusted } from './trusted-file.js';

/** Who may connect, and how. All are files, or what is no secret. */
export interface SecurityOptions {
  /** A list of tokens. */
  readonly tokens?: string | undefined;
  /** The key of JSON Web Tokens: a JWKS, a PEM public key, or a shared secret. */
  readonly jwtKey?: string | undefined;
  /** What they must be made for; required with a key. */
  readonly jwtAudience?: string | undefined;
  /** Who must have made them. */
  readonly jwtIssuer?: string | undefined;
  /** What they may be signed with; what is usual for the key, if left out. */
  readonly jwtAlgorithms?: readonly JwtAlgorithm[] | undefined;
  /** Web pages that may connect, beside the server's own; their names are the server's too. */
  readonly origins?: readonly string[] | undefined;
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
}

export interface CredentialsParts {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly warn: (text: string) => void;
}

interface InForce {
  readonly tokens: TokenList | null;
  readonly jwt: JwtVerifier | null;
  readonly tls: TlsContext | null;
}

/** Characters of a token, at most. */
const MAX_TOKEN = 4096;

export class Credentials {
  private inForce: InForce;

  /** @throws EddyError `credentials-invalid`, `setting-invalid` */
  constructor(
    private readonly options: SecurityOptions,
    private readonly parts: CredentialsParts,
  ) {
    checkPairs(options);
    this.inForce = this.load();
  }

  /** Must everyone bring a token? */
  get areNeeded(): boolean {
    return this.inForce.tokens !== null || this.inForce.jwt !== null;
  }

  get tls(): TlsContext | null {
    return this.inForce.tls;
  }

  /**
   * Reads all files again. Where one of them is bad, all stay as they were.
   *
   * @throws EddyError `credentials-invalid`
   */
  reload(): void {
    this.inForce = this.load();
  }

  /**
   * Gives what a token permits.
   *
   * @throws EddyError `unauthorized`
   */
  async authenticate(token: string): Promise<Access> {
    const { inForce } = this;
    const access = await this.accessOf(token, inForce);
    // what was read anew in the meantime decides
    return inForce === this.inForce ? access : this.authenticate(token);
  }

  private async accessOf(token: string, { tokens, jwt }: InForce): Promise<Access> {
    const renew = () => this.authenticate(token);
    if (token.length > MAX_TOKEN)
      throw new EddyError('unauthorized', `the token has over ${MAX_TOKEN} characters`);
    if (tokens && (isOwnToken(token) || !jwt)) return tokens.accessOf(token, this.parts.now(), renew);
    if (jwt) return jwt.accessOf(token, this.parts.now(), renew);
    throw new EddyError('unauthorized', 'no tokens are known here');
  }

  private load(): InForce {
    const { tokens, tlsCert, tlsKey } = this.options;
    const { now, warn } = this.parts;
    const list = tokens && parseTokens(readTrusted(tokens, { isSecret: true, warn }), tokens);
    return {
      tokens: list ? new TokenList(list) : null,
      jwt: this.loadJwt(),
      tls: tlsCert && tlsKey ? loadTls({ cert: tlsCert, key: tlsKey }, now(), warn) : null,
    };
  }

  private loadJwt(): JwtVerifier | null {
    const { jwtKey: file, jwtAudience: audience, jwtIssuer: issuer, jwtAlgorithms } = this.options;
    if (!file || !audience) return null;
    const text = readTrusted(file, { isSecret: isSecretKey, warn: this.parts.warn });
    const key = parseJwtKey(text, file);
    const allowed = jwtAlgorithms ?? key.usual;
    const unfit = allowed.find((algorithm) => !key.algorithms.includes(algorithm));
    if (unfit) throw invalid(file, `is no key for ${unfit}, but for ${key.algorithms.join(', ')}`);
    return new JwtVerifier({ ...key, audience, issuer, allowed });
  }
}

/** Tells whether a token can only be one of the file, which costs next to nothing to check. */
export const isOwnToken = (token: string) => token.startsWith(TOKEN_PREFIX);

function checkPairs({
  jwtKey,
  jwtAudience,
  jwtIssuer,
  jwtAlgorithms,
  tlsCert,
  tlsKey,
}: SecurityOptions): void {
  const fault = (text: string) => new EddyError('setting-invalid', text);
  if (jwtKey && !jwtAudience) throw fault('a JWT key needs the audience that its tokens are made for');
  if (!jwtKey && (jwtAudience || jwtIssuer || jwtAlgorithms)) throw fault('JWT settings need a JWT key');
  if (jwtAlgorithms?.length === 0) throw fault('a list of JWT algorithms has at least one');
  if (!tlsCert !== !tlsKey) throw fault('TLS needs both a certificate and its key');
}
