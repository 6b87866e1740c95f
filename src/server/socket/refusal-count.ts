import { EddyError } from '../../errors.js';

/** The period over which refused messages are counted, in milliseconds. */
const TOGETHER_MS = 60_000;

/** Counts the refused messages of one socket: a client that keeps sending invalid ones is disconnected. */
export class RefusalCount {
  /** The total ever counted. */
  total = 0;
  private recent = 0;
  private since = 0;

  constructor(
    private readonly most: number,
    /** Milliseconds, monotonic. */
    private readonly now: () => number,
  ) {}

  /** Counts a refused message, and gives the error that closes the socket if there were too many within a minute. */
  add(): EddyError | null {
    this.total++;
    if (this.now() - this.since > TOGETHER_MS) {
      this.since = this.now();
      this.recent = 0;
    }
    if (++this.recent <= this.most) return null;
    return new EddyError(
      'error-limit',
      `${this.recent} messages of this socket were refused within a minute`,
    );
  }
}
