/** What a socket may do: roles for the sequences whose names match a pattern, until a time. */
import { EddyError } from '../../errors.js';
import type { ClientMessage } from '../../protocol/messages.js';
import { matcherOf } from './pattern.js';

/** The roles that a token may grant: those of messages, and `metrics`, which reads /metrics where that asks for a token. */
export const ROLES = ['produce', 'subscribe', 'admin', 'metrics'] as const;
export type Role = (typeof ROLES)[number];

/** What an admin may do besides: whatever is done with sequences. */
const OF_ADMIN: readonly Role[] = ['produce', 'subscribe'];

/** The role that each message needs. */
export const NEEDS: Readonly<Record<ClientMessage['type'], Role | null>> = {
  hello: null,
  open: 'produce',
  steps: 'produce',
  targets: 'produce',
  append: 'produce',
  flush: 'produce',
  close: 'produce',
  subscribe: 'subscribe',
  unsubscribe: 'subscribe',
  configure: 'admin',
  reset: 'admin',
  checkpoint: 'admin',
  list: 'subscribe',
  remove: 'admin',
};

/** The rights of somebody who may connect. */
export interface Grant {
  /** Its holder, as shown in the log. */
  readonly name: string;
  readonly roles: readonly Role[];
  /** Names of sequences, `*` for any run of characters; all of them if left out. */
  readonly sequences?: readonly string[];
  /** When it ends, in milliseconds since 1970; Infinity if never. */
  readonly expires?: number;
}

export interface AccessParts extends Required<Grant> {
  /** Gives the current access of the same token, or rejects with `unauthorized`. */
  readonly renew: () => Promise<Access>;
}

/** The most characters of a name that an error shows. */
const MAX_SHOWN = 140;

export class Access {
  private readonly roles: ReadonlySet<Role>;
  private readonly matchers: readonly ((name: string) => boolean)[];

  constructor(private readonly parts: AccessParts) {
    this.roles = new Set([...parts.roles, ...(parts.roles.includes('admin') ? OF_ADMIN : [])]);
    this.matchers = parts.sequences.map(matcherOf);
  }

  get name(): string {
    return this.parts.name;
  }

  get expires(): number {
    return this.parts.expires;
  }

  /**
   * Checks a message before it is handled. A message that names no sequence names a channel or a view of the socket,
   * which exist only for sequences that passed this same check: so a step costs one set look-up.
   *
   * @param now the current time; read only if the access expires
   * @throws EddyError `permission-denied`, `token-expired`
   */
  check(message: ClientMessage, now: () => number): void {
    const role = NEEDS[message.type];
    if (role === null) this.checkTime(now);
    else this.require(role, ('sequence' in message ? message.sequence : null) ?? null, now, message.type);
  }

  /**
   * Checks a role, on a sequence where one is named.
   *
   * @param what is to be done, as the error says it
   * @throws EddyError `permission-denied`, `token-expired`
   */
  require(role: Role, name: string | null, now: () => number, what = 'this'): void {
    this.checkTime(now);
    if (this.roles.has(role) && (name === null || this.covers(name))) return;
    const on = name === null ? '' : ` on ${JSON.stringify(name.slice(0, MAX_SHOWN))}`;
    throw new EddyError(
      'permission-denied',
      `${what} needs the role ${role}${on}, which this token does not give`,
    );
  }

  private checkTime(now: () => number): void {
    if (this.parts.expires !== Number.POSITIVE_INFINITY && now() >= this.parts.expires) throw expired();
  }

  /** Tells whether this access covers a sequence. */
  covers(sequence: string): boolean {
    return this.matchers.some((matches) => matches(sequence));
  }

  get coversAll(): boolean {
    return this.parts.sequences.includes('*');
  }

  renew(): Promise<Access> {
    return this.parts.renew();
  }

  /** Does another access grant the same? */
  equals(other: Access): boolean {
    return JSON.stringify(this.terms) === JSON.stringify(other.terms);
  }

  /** Does another access give the same rights, perhaps until another time? */
  hasRightsOf(other: Access): boolean {
    const rights = ({ terms: { expires: _expires, ...rest } }: Access) => JSON.stringify(rest);
    return rights(this) === rights(other);
  }
  /** Its grants, as data. */
  get terms() {
    const { name, sequences, expires } = this.parts;
    const isEndless = expires === Number.POSITIVE_INFINITY;
    const roles = ROLES.filter((role) => this.roles.has(role));
    return { name, roles, sequences, expires: isEndless ? null : new Date(expires).toISOString() };
  }
}

/** The access of everyone on a server without tokens. */
export const EVERYTHING = new Access({
  name: 'anyone',
  roles: ROLES,
  sequences: ['*'],
  expires: Number.POSITIVE_INFINITY,
  renew: async () => EVERYTHING,
});

export const expired = () => new EddyError('token-expired', 'the token has expired');
