/**
 * Who a request comes from. Behind a proxy every connection is the proxy's, so it may say whose the request is; anybody
 * else who says so is not believed.
 */
import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, isIPv6 } from 'node:net';
import { EddyError } from '../../errors.js';
import { addressOfNode, type Hop, hopsOfForwarded, itemsOf, plainAddress } from './forwarded.js';

/** Where a request comes from. */
export interface Peer {
  /** The address of its user; empty if the connection is already gone. */
  readonly address: string;
  /** What the browser asked a trusted proxy for. */
  readonly scheme: 'http' | 'https' | null;
  readonly host: string | null;
  /** Why a trusted proxy's word cannot be understood, or null. */
  readonly fault: string | null;
}

const SCHEMES: Readonly<Record<string, 'http' | 'https'>> = {
  http: 'http',
  https: 'https',
  ws: 'http',
  wss: 'https',
};

export class Peers {
  private readonly trusted = new BlockList();

  /** @param trusted the proxies that are believed: addresses, and networks such as 10.0.0.0/8. @throws EddyError `setting-invalid` */
  constructor(trusted: readonly string[]) {
    for (const text of trusted) {
      const network = networkOf(text);
      if (!network)
        throw new EddyError(
          'setting-invalid',
          `${JSON.stringify(text)} is not an address or a network such as 10.0.0.0/8`,
        );
      this.trusted.addSubnet(network.address, network.bits, familyOf(network.address));
    }
  }

  /** Tells whether a connection comes from a proxy that is believed. */
  isTrusted(address: string | undefined): boolean {
    const plain = plainAddress(address ?? '');
    return isIP(plain) !== 0 && this.trusted.check(plain, familyOf(plain));
  }

  peerOf({ headers, socket }: IncomingMessage): Peer {
    const address = plainAddress(socket.remoteAddress ?? '');
    const direct: Peer = { address, scheme: null, host: null, fault: null };
    if (!this.isTrusted(address)) return direct;
    const text = (name: string) => {
      const value = headers[name];
      return Array.isArray(value) ? value.join(',') : value;
    };
    const [proto, host] = ['proto', 'host'].map((name) => itemsOf(text(`x-forwarded-${name}`)).at(-1));
    const listed = itemsOf(text('x-forwarded-for')).map((node): Hop => ({ node, proto, host }));
    const forwarded = hopsOfForwarded(text('forwarded') ?? '');
    if (!forwarded) return { ...direct, fault: 'the header forwarded cannot be read' };
    const said = [
      { name: 'x-forwarded-for', hops: listed },
      { name: 'forwarded', hops: forwarded },
    ].filter(({ hops }) => hops.length > 0);
    const peers = said.map(({ name, hops }) => this.userOf(hops, direct, name));
    const [first = this.asked(direct, proto, host), second = first] = peers;
    if (first.fault !== null || second.fault !== null)
      return { ...direct, fault: first.fault ?? second.fault };
    // a proxy writes one of them and passes the other on as its user sent it
    if (differ(first, second))
      return { ...direct, fault: 'forwarded and x-forwarded-for contradict each other' };
    return { ...first, scheme: first.scheme ?? second.scheme, host: first.host ?? second.host };
  }

  /** Follows the hops from the nearest one for as long as they are trusted. */
  private userOf(hops: readonly Hop[], direct: Peer, name: string): Peer {
    let { address } = direct;
    let last: Hop | undefined;
    for (const hop of [...hops].reverse()) {
      last = hop;
      const told = addressOfNode(hop.node);
      if (told === undefined) return { ...direct, fault: `the header ${name} names no address` };
      // whom a proxy hides is counted as the proxy
      if (told === null) break;
      address = told;
      if (!this.isTrusted(told)) break;
    }
    return this.asked({ ...direct, address }, last?.proto, last?.host);
  }

  private asked(peer: Peer, proto: string | undefined, host: string | undefined): Peer {
    const scheme = proto === undefined ? null : SCHEMES[proto.toLowerCase()];
    if (scheme === undefined) return { ...peer, fault: 'what is forwarded names no scheme: http or https' };
    return { ...peer, scheme, host: host?.toLowerCase() ?? null };
  }
}

/** Do two accounts of one request contradict each other? */
function differ(a: Peer, b: Peer): boolean {
  const contradict = (one: string | null, other: string | null) =>
    one !== null && other !== null && one !== other;
  return a.address !== b.address || contradict(a.scheme, b.scheme) || contradict(a.host, b.host);
}

const familyOf = (address: string) => (isIPv6(address) ? 'ipv6' : 'ipv4');

/** Parses an address or a network; null if it is neither. */
export function networkOf(text: string): { readonly address: string; readonly bits: number } | null {
  const [, address = '', bits] = /^([\da-f:.]+)(?:\/(\d{1,3}))?$/i.exec(text) ?? [];
  const version = isIP(address);
  const most = version === 6 ? 128 : 32;
  if (version === 0 || Number(bits ?? 0) > most) return null;
  const plain = plainAddress(address);
  // a network of mapped addresses is one of IPv4
  const isMapped = version === 6 && isIP(plain) === 4;
  const count = Number(bits ?? most) - (isMapped ? 96 : 0);
  return count < 0 ? null : { address: plain, bits: count };
}
