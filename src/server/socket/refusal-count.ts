import { EddyError } from '../../errors.js';

/** Milliseconds in which refused messages are counted together. */
const TOGETHER_MS = 60_000;

/** Refused messages of one socket: a client that is wrong again and again is sent away. */
export class RefusalCount {
  /** All that were ever counted. */
  total = 0;
  private recent = 0;
  private since = 0;

  constructor(
    private readonly most: number,
    /** Milliseconds, monotonic. */
    private readonly now: () => number,
  ) {}

  /** Counts a refused message, and gives why the socket has to go where there were too many within a minute. */
  add(): EddyError | null {
    this.total++;
    if (this.now() - this.since > TOGETHER_MS) {
      this.since = this.now();
      this.recent = 0;
    }
    if (++this.recent <= this.most) return null;
    return new EddyError('error-limit', `${this.recent} messages of this socket were refused in a minute`);
  }
}
