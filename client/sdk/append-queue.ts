/**
 * The appends that are not durable yet, oldest first. Each has a key, so that it has its effect once, however often it is
 * sent; after a broken connection all of them are sent again.
 */
import { EddyError } from '../../src/errors.js';
import type { StepValues } from './api.js';
import type { CodedError } from './coded-error.js';
import { randomKey } from './random-key.js';
import type { RequestBody, Requests } from './requests.js';

type Append = Omit<Extract<RequestBody, { type: 'append' }>, 'channel' | 'sequence'>;

interface Waiting {
  readonly body: Append;
  resolve(seq: number): void;
  reject(error: CodedError): void;
}

export interface AppendQueueParts {
  readonly requests: Requests;
  /** Gives how many appends may wait for their answer. */
  readonly capacity: () => number;
  /** An answer has come. */
  readonly onSettled: () => void;
}

export class AppendQueue {
  private readonly waiting = new Set<Waiting>();
  private channel: number | null = null;
  /** Keys of its own begin with it, and go on with a number. */
  private readonly keyPrefix = randomKey();
  private keys = 0;

  constructor(private readonly parts: AppendQueueParts) {}

  get size(): number {
    return this.waiting.size;
  }

  /**
   * Appends x [B,F], and resolves with the number of the step when it is durable.
   *
   * @param t milliseconds since 1970; NaN to be stamped on arrival
   */
  add(
    { x, target, t }: { x: StepValues; target: ArrayLike<number> | undefined; t: number },
    key = `${this.keyPrefix}-${this.keys++}`,
  ): Promise<number> {
    const most = this.parts.capacity();
    if (this.waiting.size >= most)
      return Promise.reject(
        new EddyError('outbox-full', `${most} appends are already waiting for the server`),
      );
    const body: Append = {
      type: 'append',
      x: Float64Array.from(x, (value) => value ?? Number.NaN),
      ...(target && { targets: Float64Array.from(target) }),
      ...(!Number.isNaN(t) && { t }),
      key,
    };
    return new Promise((resolve, reject) => {
      const one = { body, resolve, reject };
      this.waiting.add(one);
      if (this.channel !== null) this.send(one, this.channel);
    });
  }

  /** The channel is open on this socket: all that wait are sent, in order. */
  begin(channel: number): void {
    this.channel = channel;
    for (const one of this.waiting) this.send(one, channel);
  }

  interrupt(): void {
    this.channel = null;
  }

  stop(error: CodedError): void {
    const failed = [...this.waiting];
    this.waiting.clear();
    for (const { reject } of failed) reject(error);
  }

  private send(one: Waiting, channel: number): void {
    this.parts.requests.ask(
      { ...one.body, channel },
      ({ seq }) => this.settle(one, () => one.resolve(seq)),
      (error) => {
        // it is sent again on the next socket
        if (error.code !== 'connection-lost') this.settle(one, () => one.reject(error));
      },
    );
  }

  private settle(one: Waiting, tell: () => void): void {
    if (!this.waiting.delete(one)) return;
    tell();
    this.parts.onSettled();
  }
}
