/** The connection of a command to its server: what is wrong with it is said at the first failure, and tried again where that helps. */
import { asyncScheduler, type SchedulerLike } from 'rxjs';
import { Deferred } from '../../../client/sdk/deferred.js';
import type { Client, CodedError, ConnectOptions } from '../../../client/sdk/index.js';
import { EddyError, isErrorCode } from '../../errors.js';
import { tokenFrom } from './client-token.js';
import { failureOf } from './failure-words.js';
import { say } from './output.js';

export interface ServerConnection {
  readonly client: Client;
  /** Resolves when the server has first greeted. */
  readonly opened: Promise<void>;
  /** Rejects when the connection is given up, or an error comes that nobody else takes and that will not pass. */
  readonly failed: Promise<never>;
  /** Has the server lost steps that it had acked? */
  readonly hasLost: () => boolean;
}

export interface ConnectionFlags {
  readonly url: string;
  readonly tokenFile?: string | undefined;
  /** Seconds to try until the server first answers. */
  readonly wait: number;
}

export interface ConnectionParts {
  readonly tell?: (text: string) => void;
  readonly scheduler?: SchedulerLike;
}

/** Connects as a command. @throws EddyError `credentials-invalid`, TypeError for an impossible address */
export async function connectServer(
  { url, tokenFile, wait }: ConnectionFlags,
  agent: string,
): Promise<ServerConnection> {
  const { connect } = await import('../../../client/sdk/node.js');
  const options: ConnectOptions = { agent, ...(await tokenFrom(tokenFile)) };
  return overseen(connect(url, options), { url, wait });
}

/** Watches over a client. */
export function overseen(
  client: Client,
  { url, wait }: Pick<ConnectionFlags, 'url' | 'wait'>,
  { tell = say, scheduler = asyncScheduler }: ConnectionParts = {},
): ServerConnection {
  let wasOpen = false;
  let isDown = false;
  let hasLost = false;
  /** What was said last: the same is said once. */
  let said = '';
  const sayOnce = (text: string) => {
    if (text !== said) tell(text);
    said = text;
  };
  const opened = new Deferred<void>();
  const failed = new Deferred<never>();
  const fail = (error: Error) => failed.reject(error);
  let lastFailure: Error | null = null;
  const limit = scheduler.schedule(() => {
    if (!wasOpen && wait > 0)
      fail(lastFailure ?? new EddyError('connection-lost', `${url} does not answer within ${wait} s`));
  }, wait * 1000);
  client.errors$.subscribe(({ error, sequence }) => {
    if (error.code === 'history-lost') hasLost = true;
    if (error.temporary || error.code === 'history-lost')
      sayOnce(`${sequence === null ? '' : `${sequence}: `}${error.code}: ${error.message}`);
    else fail(error);
  });
  client.state$.subscribe({
    next: (state) => {
      if (state.status === 'open') {
        limit.unsubscribe();
        wasOpen = true;
        if (isDown) tell(`connected to ${url}`);
        isDown = false;
        said = '';
        opened.resolve();
      } else if (state.status === 'waiting') {
        const failure = failureOf(state.reason, url, wasOpen);
        lastFailure = errorOf(failure, state.reason);
        if (failure.isFinal || (wait === 0 && !wasOpen)) return fail(lastFailure);
        isDown = true;
        sayOnce(`${failure.text}; trying again${wasOpen ? '' : ` for ${wait} s`}`);
      } else if (state.status === 'closed') {
        limit.unsubscribe();
        fail(errorOf(failureOf(state.reason, url), state.reason));
      }
    },
  });
  return { client, opened: opened.promise, failed: failed.promise, hasLost: () => hasLost };
}

const errorOf = ({ code, text }: { code: string; text: string }, cause: CodedError): Error =>
  isErrorCode(code) ? new EddyError(code, text, { cause }) : cause;
