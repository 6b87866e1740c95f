/** Tells of the requests of one socket whose answer took long. */
import type { ClientMessage, ServerMessage } from '../../protocol/messages.js';

export interface SlowRequest {
  readonly type: ClientMessage['type'];
  /** Name, or channel, of the sequence that it is about. */
  readonly sequence?: string | number;
  /** Milliseconds until its answer. */
  readonly ms: number;
  /** Code of the error that was its answer. */
  readonly code?: string;
}

export interface SlowRequestParts {
  /** Milliseconds. */
  readonly now: () => number;
  /** Milliseconds from which on a request is slow. */
  readonly slowMs: number;
  readonly onSlow: (request: SlowRequest) => void;
}

/** The most requests of one socket that are timed at once; a client that sends more is not told of all. */
const MOST = 1024;

interface Asked extends Pick<SlowRequest, 'type' | 'sequence'> {
  readonly at: number;
}

export class SlowRequests {
  private readonly asked = new Map<number, Asked>();

  constructor(private readonly parts: SlowRequestParts) {}

  /** A request begins. */
  ask(message: ClientMessage): void {
    if (!('id' in message) || message.id === undefined || this.asked.size >= MOST) return;
    const { type } = message;
    const channel = 'channel' in message ? message.channel : undefined;
    const sequence = 'sequence' in message ? message.sequence : channel;
    const at = this.parts.now();
    this.asked.set(message.id, { type, at, ...(sequence !== undefined && { sequence }) });
  }

  /** A message leaves, which may be the answer of a request. */
  answer(message: ServerMessage): void {
    if (!('re' in message) || message.re === undefined) return;
    const found = this.asked.get(message.re);
    if (!found) return;
    this.asked.delete(message.re);
    const { now, slowMs, onSlow } = this.parts;
    const { at, ...asked } = found;
    const ms = Math.round(now() - at);
    if (ms >= slowMs) onSlow({ ...asked, ms, ...(message.type === 'error' && { code: message.code }) });
  }
}
