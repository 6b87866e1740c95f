/** The page's connection to its server, and the token that it is made with. */
import { BehaviorSubject, type Observable, switchMap } from 'rxjs';
import type { Client, CodedError, ConnectionState, ConnectOptions } from '../../sdk/index.js';

/** Connects as the SDK does. */
export type Connect = (url: string, options: ConnectOptions & { readonly token?: string }) => Client;

export interface SessionParts {
  readonly url: string;
  readonly connect: Connect;
  /** Of the tab: a token must not outlive it. */
  readonly storage: Pick<Storage, 'getItem' | 'setItem'>;
}

const KEY = 'eddy.token';

export class Session {
  /** The client of now: another one after a token was given. */
  readonly client$: BehaviorSubject<Client>;
  readonly state$: Observable<ConnectionState>;

  constructor(private readonly parts: SessionParts) {
    this.client$ = new BehaviorSubject(this.dial(parts.storage.getItem(KEY)));
    this.state$ = this.client$.pipe(switchMap((client) => client.state$));
  }

  get client(): Client {
    return this.client$.value;
  }

  useToken(token: string): void {
    this.parts.storage.setItem(KEY, token);
    this.redial(token);
  }

  /** Reconnects as before, after the connection was closed for good. */
  retry(): void {
    this.redial(this.parts.storage.getItem(KEY));
  }

  private redial(token: string | null): void {
    this.client.close();
    this.client$.next(this.dial(token));
  }

  private dial(token: string | null): Client {
    const options = { agent: 'eddy dashboard', ...(token !== null && { token }) };
    return this.parts.connect(this.parts.url, options);
  }
}

/** Does the server want a token, or another one? */
export const wantsToken = ({ code }: CodedError): boolean => /^(token|auth)(-|$)|^unauth/.test(code);
