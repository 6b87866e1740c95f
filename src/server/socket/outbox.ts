/**
 * The way out of one socket. Answers and acks are always sent. Results of views are sent while the socket keeps up; once
 * `queueLatestBytes` wait in it, only the latest of each view is held, and sent with the number of skipped ones when
 * there is room again. A socket that stays full for `queueCloseMs`, or reaches `queueCloseBytes`, is closed. So a slow
 * dashboard slows nobody down, and memory is bounded.
 *
 * Messages of one turn of the event loop gather here and leave at its end in one write. Acks wait for that end, because a
 * later one of the same channel covers the earlier ones; they precede any answer that follows them.
 */
import { Subscriber, type Subscription } from 'rxjs';
import type { Clock } from '../../clock.js';
import { EddyError } from '../../errors.js';
import type { Limits } from '../../limits.js';
import type { ServerMessage } from '../../protocol/messages.js';
import type { ViewMessage } from '../../protocol/views/index.js';
import { countOf, isView, latestOf } from '../../protocol/views/index.js';
import type { WireCounters } from '../telemetry/telemetry.js';
import type { AtTurnEnd } from './flush-queue.js';
import type { SocketLike } from './socket-like.js';

/** Milliseconds between two checks of a full socket. */
const LOOK_MS = 20;
/** Bytes after which the outbox writes before the turn ends, so that the waiting bytes reflect how fast the peer reads, not how much is sent. */
const WRITE_BYTES = 64 * 1024;

export interface OutboxParts {
  readonly socket: SocketLike;
  /** Gives the frame of a message, or the frames of its parts. */
  readonly encode: (message: ServerMessage) => Uint8Array | readonly Uint8Array[];
  readonly limits: Pick<Limits, 'queueLatestBytes' | 'queueCloseBytes' | 'queueCloseMs'>;
  readonly clock: Clock;
  readonly atTurnEnd: AtTurnEnd;
  readonly counters: Pick<WireCounters, 'sentBytes' | 'acks' | 'skippedResults'>;
  readonly onSlow: (error: EddyError) => void;
  /** Told of each answer before it is sent. */
  readonly onAnswer: (message: ServerMessage) => void;
  /** Reports a fault inside Eddy. */
  readonly onFault: (error: unknown) => void;
}

export class Outbox extends Subscriber<ServerMessage> {
  /** The latest result of each view while the socket is full, and the number of skipped ones. */
  private readonly held = new Map<string, { message: ViewMessage; skipped: number }>();
  /** The last ack of each channel in this turn. */
  private acks: { readonly channel: number; seq: number }[] = [];
  /** The frames to write when this turn ends, and their length. */
  private frames: Uint8Array[] = [];
  private bytes = 0;
  private awaitsTurnEnd = false;
  private fullSince: number | null = null;
  private look: Subscription | null = null;
  private ended = false;

  constructor(private readonly parts: OutboxParts) {
    super();
  }

  /** Takes any message for this socket. */
  override next(message: ServerMessage): void {
    try {
      this.take(message);
    } catch (fault) {
      this.parts.onFault(fault);
    }
  }

  protected override _error(fault: unknown): void {
    this.parts.onFault(fault);
    this.unsubscribe();
  }

  private take(message: ServerMessage): void {
    if (message.type === 'ack') this.ack(message.channel, message.seq);
    else if (isResult(message)) this.sendResult(message);
    else this.send(message);
  }

  /** Sends an answer. */
  private send(message: ServerMessage): void {
    if (this.ended) return;
    this.parts.onAnswer(message);
    this.sendAcks();
    this.write(message);
  }

  /** Sends an ack when this turn ends, unless a later one of the channel replaces it. */
  private ack(channel: number, seq: number): void {
    if (this.ended) return;
    const earlier = this.acks.find((one) => one.channel === channel);
    if (earlier) earlier.seq = seq;
    else this.acks.push({ channel, seq });
    this.awaitTurnEnd();
  }

  /** Sends a result, or holds it until the socket has room. */
  private sendResult(message: ViewMessage): void {
    if (this.ended) return;
    if (this.fullSince === null) {
      this.write(message);
      return;
    }
    const key = `${message.channel}/${message.type}`;
    const before = this.held.get(key);
    const skipped = message.skipped + countOf(message) - 1 + (before ? before.skipped + 1 : 0);
    this.held.set(key, { message, skipped });
    this.parts.counters.skippedResults += countOf(message) - (before ? 0 : 1);
  }

  /** Is there room for results that can wait: less than half of what makes views send only the latest? */
  get hasRoom(): boolean {
    if (this.fullSince !== null) return false;
    const { limits, socket } = this.parts;
    return this.bytes + socket.bufferedAmount < limits.queueLatestBytes / 2;
  }

  /** Drops the held result of a view that ended. */
  forget(channel: number, view: string): void {
    this.held.delete(`${channel}/${view}`);
  }

  end(): void {
    this.flush();
    this.ended = true;
    this.held.clear();
    this.look?.unsubscribe();
  }

  private write(message: ServerMessage): void {
    const encoded = this.parts.encode(message);
    const frames: readonly Uint8Array[] = Array.isArray(encoded) ? encoded : [encoded as Uint8Array];
    for (const frame of frames) {
      this.frames.push(frame);
      this.bytes += frame.length;
    }
    if (this.bytes >= WRITE_BYTES) this.flush();
    this.awaitTurnEnd();
  }

  private awaitTurnEnd(): void {
    if (this.awaitsTurnEnd) return;
    this.awaitsTurnEnd = true;
    this.parts.atTurnEnd(this.endTurn);
  }

  private readonly endTurn = (): void => {
    if (!this.ended) this.sendAcks();
    this.awaitsTurnEnd = false;
    this.flush();
  };

  private sendAcks(): void {
    const { acks } = this;
    if (acks.length === 0) return;
    this.acks = [];
    for (const { channel, seq } of acks) this.write({ type: 'ack', channel, seq });
    this.parts.counters.acks += acks.length;
  }

  /** Writes the gathered frames, and checks whether the peer keeps up. */
  private flush(): void {
    const { frames, bytes } = this;
    if (bytes === 0) return;
    this.frames = [];
    this.bytes = 0;
    this.parts.socket.write(frames);
    this.parts.counters.sentBytes += bytes;
    if (!this.ended) this.check();
  }

  private check(): void {
    const { limits, clock, onSlow } = this.parts;
    const waiting = this.parts.socket.bufferedAmount;
    if (waiting < limits.queueLatestBytes) {
      if (this.fullSince !== null) this.release();
      return;
    }
    const wasFull = this.fullSince !== null;
    this.fullSince ??= clock.monotonic();
    const full = clock.monotonic() - this.fullSince;
    // a queue filled by one large message gets its time
    if ((wasFull && waiting >= limits.queueCloseBytes) || full >= limits.queueCloseMs) {
      this.end();
      onSlow(
        new EddyError(
          'socket-slow',
          `${waiting} bytes have been waiting in the socket for ${Math.round(full)} ms`,
        ),
      );
      return;
    }
    this.look ??= clock.scheduler.schedule(() => {
      this.look = null;
      if (!this.ended) this.check();
    }, LOOK_MS);
  }

  /** There is room again: held results leave before anything newer. */
  private release(): void {
    this.fullSince = null;
    const held = [...this.held.values()];
    this.held.clear();
    for (const { message, skipped } of held) this.sendResult(latestOf(message, skipped));
  }
}

/** Most results are states, and a look into a table costs more than one at a type. */
const isResult = (message: ServerMessage): message is ViewMessage =>
  message.type === 'states' || isView(message.type);
