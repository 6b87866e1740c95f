/** How a server is told where to listen, and whose sockets it takes. */
import type { IncomingMessage } from 'node:http';
import type { Grant } from './auth/grant.js';

/** An address to listen on; port 0 picks a free one. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface ListenOptions extends Partial<Address> {
  /** A separate address for /livez, /readyz and /metrics. */
  readonly admin?: Address | undefined;
}

export interface AcceptOptions {
  /** The rights of the socket. By default it has all, or, if tokens are needed, those of the token in its hello. */
  readonly grant?: Grant | undefined;
  /** Where the socket comes from. Failed tokens are counted by address, so without one they are not. */
  readonly address?: string | undefined;
  /** The request that was upgraded, as `authorize` sees it. */
  readonly request?: IncomingMessage | undefined;
}
