/**
 * Which addresses a webhook may call. Whoever sets a URL, or answers for a name in the DNS, could otherwise make the server
 * call what only it can reach: itself, its network, the metadata of a cloud. What is judged is the address that the socket
 * connects to, in the lookup of that very connection, so a name that changes its address gains nothing.
 */
import { type LookupAddress, lookup } from 'node:dns';
import { BlockList, isIP, isIPv6, type LookupFunction } from 'node:net';
import { EddyError } from '../../errors.js';
import { plainAddress } from '../http/forwarded.js';
import { networkOf } from '../http/peers.js';

/** Networks of the IANA registries of special addresses that are not of the public internet. */
const PRIVATE = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
/** Of IPv6 only what is handed out to the public is public, without the parts that carry an address of IPv4 or are set apart. */
const PUBLIC_6 = ['2000::/3'];
const PRIVATE_6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3ffe::/16', '3fff::/20'];

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of networks) {
    const network = networkOf(text);
    if (!network) throw new EddyError('setting-invalid', `${text} is not an address or a network`);
    list.addSubnet(network.address, network.bits, familyOf(network.address));
  }
  return list;
}

const familyOf = (address: string) => (isIPv6(address) ? 'ipv6' : 'ipv4');

const unsafe4 = listOf(PRIVATE);
const public6 = listOf(PUBLIC_6);
const unsafe6 = listOf(PRIVATE_6);

/** Looks all addresses of a name up. */
export type Resolve = (
  name: string,
  done: (error: Error | null, addresses: readonly LookupAddress[]) => void,
) => void;

const systemResolve: Resolve = (name, done) =>
  lookup(name, { all: true, verbatim: true }, (error, addresses) => done(error, addresses ?? []));

export interface GuardParts {
  /** Networks that may be called although they are private. */
  readonly allow: readonly string[];
  readonly allowPrivate: boolean;
  readonly resolve?: Resolve;
}

export class AddressGuard {
  private readonly allowed: BlockList;
  private readonly resolve: Resolve;

  /** @throws EddyError `setting-invalid` */
  constructor(private readonly parts: GuardParts) {
    this.allowed = listOf(parts.allow);
    this.resolve = parts.resolve ?? systemResolve;
  }

  /** May an address be called? */
  isAllowed(address: string): boolean {
    const plain = plainAddress(address);
    const version = isIP(plain);
    if (version === 0) return false;
    if (this.parts.allowPrivate || this.allowed.check(plain, familyOf(plain))) return true;
    if (version === 4) return !unsafe4.check(plain, 'ipv4');
    return public6.check(plain, 'ipv6') && !unsafe6.check(plain, 'ipv6');
  }

  /** @throws EddyError `webhook-refused` if the host of a URL is an address that may not be called */
  checkHost(hostname: string): void {
    const host = hostname.replace(/^\[|\]$/g, '');
    if (isIP(host) !== 0 && !this.isAllowed(host)) throw refusal(host);
  }

  /** Looks a name up for a socket; refused as a whole if one of its addresses may not be called. */
  readonly lookup: LookupFunction = (name, { all, family }, callback) => {
    this.resolve(name, (error, addresses) => {
      if (error) return callback(error, '', 0);
      const bad = addresses.find(({ address }) => !this.isAllowed(address));
      if (bad) return callback(refusal(bad.address, name), '', 0);
      const version = family === 'IPv4' ? 4 : family === 'IPv6' ? 6 : family;
      const fit = addresses.filter((one) => !version || one.family === version);
      const [first] = fit;
      if (!first) return callback(new Error(`${name} has no address`), '', 0);
      if (all) callback(null, fit as LookupAddress[]);
      else callback(null, first.address, first.family);
    });
  };
}

function refusal(address: string, name?: string): EddyError {
  const of = name === undefined ? address : `${name} has the address ${address}, which`;
  return new EddyError(
    'webhook-refused',
    `${of} is not of the public internet; to call it all the same: --webhook-allow ${address}, or --webhook-allow-private`,
  );
}
