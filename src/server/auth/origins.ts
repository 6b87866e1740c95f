/**
 * Which names the server answers to, and which web pages may talk to it. A page can send its visitor's browser here, and
 * can give this machine a name of its own choice (DNS rebinding); it can forge neither `Host` nor `Origin`. So the name
 * that was asked for must be one the server knows, and the page one that was allowed.
 */
import type { IncomingMessage } from 'node:http';
import { isIPv6, type Socket } from 'node:net';
import { EddyError } from '../../errors.js';

/** Why a request is not served. */
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
  /** Must everyone bring a token? */
  readonly needsToken: boolean;
}

const LOOPBACK = ['127.0.0.1', 'localhost', '::1'];
/** Methods that change nothing. */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/** How a server says that it wants a token. */
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

  /** Tells why a request is not served, or gives null. An upgrade changes things, whatever its method says. */
  refusal({ method = '', headers, socket }: IncomingMessage, isUpgrade: boolean): Refusal | null {
    const { host, origin, authorization } = headers;
    if (!this.isKnown(host, socket)) return { status: 421, reason: 'this server has another name' };
    if (!isUpgrade && SAFE.has(method)) return null;
    if (origin !== undefined)
      return this.isAllowed(origin, socket) ? null : { status: 403, reason: 'this page may not connect' };
    if (!this.parts.needsToken || authorization !== undefined) return null;
    return { status: 401, reason: 'a token is needed', headers: CHALLENGE };
  }

  private isKnown(host: string | undefined, socket: Socket): boolean {
    const name = /^(\[[\da-f:.]+\]|[^:[\]]+)(?::\d{1,5})?$/.exec(host?.toLowerCase() ?? '')?.[1];
    return name !== undefined && (this.names.has(name) || this.reached(socket)?.hostname === name);
  }

  private isAllowed(origin: string, socket: Socket): boolean {
    return this.pages.has(origin) || this.reached(socket)?.origin === origin;
  }

  /** The address that the connection came to: a number, which no page can have as its name but one of this server. */
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

/**
 * Reads an origin as a browser sends it.
 *
 * @throws EddyError `setting-invalid`
 */
export function parseOrigin(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url && /^https?:$/.test(url.protocol) && url.origin === text) return url;
  throw new EddyError(
    'setting-invalid',
    `${JSON.stringify(text)} is no origin, such as https://dash.example:8443`,
  );
}
