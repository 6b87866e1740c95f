/** Reads what proxies write about the hops of a request: `Forwarded` (RFC 7239) and `X-Forwarded-For`. */
import { isIPv4, isIPv6 } from 'node:net';

/** One hop, as the proxy that received it describes it. */
export interface Hop {
  /** Where it came from, as written. */
  readonly node: string;
  readonly proto: string | undefined;
  readonly host: string | undefined;
}

const PORT = String.raw`(?::(?:\d{1,5}|_[\w.-]+))?`;
const BRACKETED = new RegExp(String.raw`^\[([\da-f:.]+)\]${PORT}$`, 'i');
const PLAIN = new RegExp(String.raw`^([\d.]+)${PORT}$`);
const HIDDEN = new RegExp(String.raw`^(?:unknown|_[\w.-]+)${PORT}$`, 'i');

/**
 * Gives the address of a node: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`. Null for one that its proxy
 * hides (`unknown`, `_name`), undefined for anything else.
 */
export function addressOfNode(node: string): string | null | undefined {
  if (HIDDEN.test(node)) return null;
  const address = BRACKETED.exec(node)?.[1] ?? PLAIN.exec(node)?.[1] ?? node;
  return isIPv4(address) || isIPv6(address) ? plainAddress(address) : undefined;
}

/** Gives an address in its one usual form: IPv4 also where it is mapped into IPv6, IPv6 short and without a zone. */
export function plainAddress(address: string): string {
  const [plain = ''] = address.split('%', 1);
  if (!isIPv6(plain)) return plain;
  const short = new URL(`http://[${plain}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([\da-f]+):([\da-f]+)$/.exec(short);
  if (!mapped) return short;
  return mapped
    .slice(1)
    .flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255])
    .join('.');
}

/** One pair and what ends it. A value with `:` or `[` should be in quotes, and often is not. */
const PAIR = /[ \t]*(?:([!#$%&'*+.^_`|~\w-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s",;=]+))[ \t]*)?([,;]|$)/y;

/** Gives the hops of `Forwarded`, the nearest last; null if it cannot be read. */
export function hopsOfForwarded(text: string): Hop[] | null {
  const hops: Hop[] = [];
  let pairs = new Map<string, string>();
  for (let at = 0; at <= text.length; at = PAIR.lastIndex) {
    PAIR.lastIndex = at;
    const found = PAIR.exec(text);
    if (!found) return null;
    const [, name, quoted, bare, end] = found;
    if (name !== undefined) {
      if (pairs.has(name.toLowerCase())) return null;
      pairs.set(name.toLowerCase(), quoted?.replaceAll(/\\(.)/g, '$1') ?? bare ?? '');
    }
    if (end === ';') continue;
    if (pairs.size > 0)
      hops.push({ node: pairs.get('for') ?? 'unknown', proto: pairs.get('proto'), host: pairs.get('host') });
    if (end === '') return hops;
    pairs = new Map();
  }
  return hops;
}

/** Gives the items of a header that is a list, the nearest proxy's last. */
export const itemsOf = (text = ''): string[] => text.split(',').flatMap((item) => item.trim() || []);
