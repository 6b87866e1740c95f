/**
 * The host names that the server answers to, and the web pages that may connect. A page can direct its visitor's browser
 * to this server, and can bind a name of its own to this machine (DNS rebinding), but it can forge neither `Host` nor
 * `Origin`. So the requested name must be known to the server, and the page must be allowed.
 */
import type { IncomingMessage } from 'node:http';
import { isIPv6, type Socket } from 'node:net';
import { EddyError } from '../../errors.js';

/** The HTTP answer to a refused request. */
export interface Refusal {
  readonly status: number;
  readonly reason: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface OriginsParts {
  /** Where the server listens. */
  readonly host: string;
  readonly port: number;
  readonly isSecure: boolean;
  /** Other pages that may connect, each `scheme://name` or `scheme://name:port`. */
  readonly allowed: readonly string[];
  /** Does everyone need a token? */
  readonly needsToken: boolean;
}

/** What a browser asked a proxy for, as far as it said; null where it did not. */
export interface Asked {
  readonly scheme: 'http' | 'https' | null;
  readonly host: string | null;
}

const DIRECTLY: Asked = { scheme: null, host: null };

const LOOPBACK = ['127.0.0.1', 'localhost', '::1'];
/** Methods that change nothing. */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Agents of InfluxDB 1 may have their password in the address. */
const PASSWORD = /^\/write\?(?:[^#]*&)?p=[^&]/;

/** The header that asks for a token. */
export const CHALLENGE = { 'WWW-Authenticate': 'Bearer realm="eddy"' };

export class Origins {
  private readonly names: ReadonlySet<string>;
  private readonly pages: ReadonlySet<string>;

  /** @throws EddyError `setting-invalid` */
  constructor(private readonly parts: OriginsParts) {
    const allowed = parts.allowed.map(parseOrigin);
    const own = [...LOOPBACK, parts.host].map((name) => this.own(name, parts.port));
    this.names = new Set([...own, ...allowed].map(({ hostname }) => hostname));
    this.pages = new Set([...own, ...allowed].map(({ origin }) => origin));
  }

  /** Gives the refusal of a request, or null if it may be served. An upgrade counts as a change, whatever its method. */
  refusal(
    { method = '', url = '', headers, socket }: IncomingMessage,
    isUpgrade: boolean,
    asked: Asked = DIRECTLY,
  ): Refusal | null {
    const { host, origin, authorization } = headers;
    if (!this.isKnown(host, socket) || (asked.host !== null && !this.isKnown(asked.host, socket)))
      return { status: 421, reason: 'this server does not answer to that host name' };
    if (!isUpgrade && SAFE.has(method)) return null;
    if (origin !== undefined)
      return this.allowsPage({ headers, socket } as IncomingMessage, asked)
        ? null
        : { status: 403, reason: 'this page may not connect' };
    if (!this.parts.needsToken || authorization !== undefined || PASSWORD.test(url)) return null;
    return { status: 401, reason: 'a token is needed', headers: CHALLENGE };
  }

  /** May the page that a request comes from read the answer? One of this server's own always may. */
  allowsPage({ headers, socket }: IncomingMessage, asked: Asked = DIRECTLY): boolean {
    const { origin, host } = headers;
    return origin !== undefined && (this.isAllowed(origin, socket) || origin === originOf(asked, host));
  }

  private isKnown(host: string | undefined, socket: Socket): boolean {
    const name = /^(\[[\da-f:.]+\]|[^:[\]]+)(?::\d{1,5})?$/.exec(host?.toLowerCase() ?? '')?.[1];
    return name !== undefined && (this.names.has(name) || this.reached(socket)?.hostname === name);
  }

  private isAllowed(origin: string, socket: Socket): boolean {
    return this.pages.has(origin) || this.reached(socket)?.origin === origin;
  }

  /** The address that the connection came to: a number, which only this server's own pages can have as their name. */
  private reached({ localAddress, localPort }: Socket): URL | null {
    if (localAddress === undefined || localPort === undefined) return null;
    return this.own(localAddress.replace(/^::ffff:(?=[\d.]+$)/i, ''), localPort);
  }

  private own(name: string, port: number): URL {
    const scheme = this.parts.isSecure ? 'https' : 'http';
    const [plain = ''] = name.split('%', 1);
    return new URL(`${scheme}://${isIPv6(plain) ? `[${plain}]` : plain}:${port}`);
  }
}

/** The page that a proxy serves under its own name, which is known to this server. */
function originOf({ scheme, host }: Asked, direct: string | undefined): string | null {
  const text = `${scheme}://${host ?? direct}`;
  return scheme !== null && URL.canParse(text) ? new URL(text).origin : null;
}

/**
 * Parses an origin as browsers send it.
 *
 * @throws EddyError `setting-invalid`
 */
export function parseOrigin(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url && /^https?:$/.test(url.protocol) && url.origin === text) return url;
  throw new EddyError(
    'setting-invalid',
    `${JSON.stringify(text)} is not an origin, such as https://dash.example:8443`,
  );
}
