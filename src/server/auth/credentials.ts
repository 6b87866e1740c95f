/** The credentials in force: tokens, keys and certificates from files. */
import { EddyError } from '../../errors.js';
import type { Access } from './access.js';
import { JwtVerifier } from './jwt.js';
import type { JwtAlgorithm } from './jwt-algorithms.js';
import { isJwt } from './jwt-form.js';
import { isSecretKey, parseJwtKey } from './jwt-key.js';
import { loadTls, type TlsContext } from './tls.js';
import { parseTokens, TOKEN_PREFIX, type TokenEntry, TokenList } from './tokens.js';
import { invalid, readTrusted } from './trusted-file.js';

/** Who may connect, and how. Secrets are given as files only. */
export interface SecurityOptions {
  /** A list of tokens. */
  readonly tokens?: string | undefined;
  /** The key of JSON Web Tokens: a JWKS, a PEM public key, or a shared secret. */
  readonly jwtKey?: string | undefined;
  /** The audience that tokens must name; required with a key. */
  readonly jwtAudience?: string | undefined;
  /** The issuer that tokens must name. */
  readonly jwtIssuer?: string | undefined;
  /** The algorithms that tokens may be signed with; by default those usual for the key. */
  readonly jwtAlgorithms?: readonly JwtAlgorithm[] | undefined;
  /** How far ahead a JSON Web Token may expire, in milliseconds. */
  readonly jwtHorizonMs?: number | undefined;
  /** Web pages that may connect besides the server's own; the server also answers to their host names. */
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

/** The longest token, in characters. */
const MAX_TOKEN = 4096;
/** How far ahead a JSON Web Token may expire by default: a year and a day. */
export const JWT_HORIZON_MS = 366 * 86_400_000;

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

  /** Does everyone need a token? */
  get areNeeded(): boolean {
    return this.inForce.tokens !== null || this.inForce.jwt !== null;
  }

  get tls(): TlsContext | null {
    return this.inForce.tls;
  }

  /** The entries of the list in force. */
  get listed(): readonly TokenEntry[] {
    return this.inForce.tokens?.entries ?? [];
  }

  /**
   * Reads all files again. If one of them is bad, all stay as they were.
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
    // a reload in the meantime decides
    return inForce === this.inForce ? access : this.authenticate(token);
  }

  private async accessOf(token: string, { tokens, jwt }: InForce): Promise<Access> {
    const renew = () => this.authenticate(token);
    if (token.length > MAX_TOKEN)
      throw new EddyError('unauthorized', `the token has more than ${MAX_TOKEN} characters`);
    const listed = jwt && isJwt(token) ? null : tokens?.accessOf(token, this.parts.now(), renew);
    if (listed) return listed;
    if (tokens && (!jwt || token.startsWith(TOKEN_PREFIX)))
      throw new EddyError('unauthorized', 'the token is unknown');
    if (jwt) return jwt.accessOf(token, this.parts.now(), renew);
    throw new EddyError('unauthorized', 'this server accepts no tokens');
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
    const { jwtHorizonMs: horizonMs = JWT_HORIZON_MS } = this.options;
    if (!file || !audience) return null;
    const text = readTrusted(file, { isSecret: isSecretKey, warn: this.parts.warn });
    const key = parseJwtKey(text, file);
    const allowed = jwtAlgorithms ?? key.usual;
    const unfit = allowed.find((algorithm) => !key.algorithms.includes(algorithm));
    if (unfit) throw invalid(file, `is not a key for ${unfit}; it supports ${key.algorithms.join(', ')}`);
    return new JwtVerifier({ ...key, audience, issuer, allowed, horizonMs });
  }
}

function checkPairs({
  jwtKey,
  jwtAudience,
  jwtIssuer,
  jwtAlgorithms,
  tlsCert,
  tlsKey,
}: SecurityOptions): void {
  const fault = (text: string) => new EddyError('setting-invalid', text);
  if (jwtKey && !jwtAudience) throw fault('a JWT key needs an audience');
  if (!jwtKey && (jwtAudience || jwtIssuer || jwtAlgorithms)) throw fault('JWT settings need a JWT key');
  if (jwtAlgorithms?.length === 0) throw fault('the list of JWT algorithms is empty');
  if (!tlsCert !== !tlsKey) throw fault('TLS needs both a certificate and its key');
}
