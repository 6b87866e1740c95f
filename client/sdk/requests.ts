import type {
  ClientMessage,
  ClientMessageOf,
  ServerMessage,
  ServerMessageOf,
} from '../../src/protocol/messages.js';
import { type CodedError, codedError } from './coded-error.js';

type Request = Extract<ClientMessage, { id: number }> | (ClientMessageOf<'targets'> & { id: number });
type WithoutId<T> = T extends unknown ? Omit<T, 'id'> : never;
/** A request without its number. */
export type RequestBody = WithoutId<Request>;

export interface Answers {
  open: ServerMessageOf<'opened'>;
  subscribe: ServerMessageOf<'subscribed'>;
  append: ServerMessageOf<'appended'>;
  flush: ServerMessageOf<'done'>;
  targets: ServerMessageOf<'done'>;
  unsubscribe: ServerMessageOf<'done'>;
  configure: ServerMessageOf<'done'>;
  reset: ServerMessageOf<'done'>;
  checkpoint: ServerMessageOf<'done'>;
  close: ServerMessageOf<'done'>;
  list: ServerMessageOf<'listing'>;
  remove: ServerMessageOf<'done'>;
}
type Answer = Answers[Request['type']];

interface Pending {
  answered(answer: Answer): void;
  failed(error: CodedError): void;
}

/**
 * Requests and their answers. Answers arrive by callback and not by promise, because results that follow
 * an answer in the same packet must find it handled.
 */
export class Requests {
  private readonly pending = new Map<number, Pending>();
  private lastId = 0;

  constructor(private readonly send: (message: ClientMessage) => void) {}

  ask<T extends RequestBody>(
    body: T,
    answered: (answer: Answers[T['type']]) => void,
    failed: (error: CodedError) => void,
  ): void {
    this.lastId = (this.lastId + 1) >>> 0;
    const id = this.lastId;
    this.pending.set(id, { answered: answered as Pending['answered'], failed });
    this.send({ ...body, id } as Request);
  }

  /** Hands an answer to its request; false if no request waits for it. */
  settle(message: ServerMessage): boolean {
    const re = 're' in message ? message.re : undefined;
    const pending = re === undefined ? undefined : this.pending.get(re);
    if (re === undefined || !pending) return false;
    this.pending.delete(re);
    if (message.type === 'error')
      pending.failed(codedError(message.code, message.message, message.temporary));
    else pending.answered(message as Answer);
    return true;
  }

  /** Fails all pending requests, because no answer will come. */
  failAll(error: CodedError): void {
    const failed = [...this.pending.values()];
    this.pending.clear();
    for (const pending of failed) pending.failed(error);
  }
}
