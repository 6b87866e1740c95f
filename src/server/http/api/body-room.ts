/** Memory for the bodies of all requests together, and a few turns at unpacking them. */
import { EddyError } from '../../../errors.js';

/** Bodies that are unpacked at once. */
const UNPACKED_AT_ONCE = 4;

/** What tells when a request is over: its `ServerResponse`. */
interface Answer {
  readonly closed: boolean;
  once(event: 'close', listener: () => void): unknown;
}

/** What one request holds; it is given back when the request is over. */
export interface Held {
  /** @throws EddyError `overloaded` where all requests together hold too much */
  take(bytes: number): void;
}

export class BodyRoom {
  private taken = 0;
  private unpacking = 0;
  private readonly waiting: (() => void)[] = [];

  /** @param most bytes of all bodies */
  constructor(private readonly most: number) {}

  /** Bytes that are held. */
  get size(): number {
    return this.taken;
  }

  hold(response: Answer): Held {
    let held = 0;
    let isOver = response.closed;
    response.once('close', () => {
      isOver = true;
      this.taken -= held;
    });
    return {
      take: (bytes) => {
        if (this.taken + bytes > this.most)
          throw new EddyError(
            'overloaded',
            `bodies of requests hold ${this.taken} bytes at present; try again later`,
          );
        if (isOver) return;
        held += bytes;
        this.taken += bytes;
      },
    };
  }

  /** Does work that needs memory that is not counted yet, a few at once. */
  async unpack<T>(work: () => Promise<T>): Promise<T> {
    if (this.unpacking >= UNPACKED_AT_ONCE) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.unpacking++;
    try {
      return await work();
    } finally {
      // who waits takes the place
      const next = this.waiting.shift();
      if (next) next();
      else this.unpacking--;
    }
  }
}
