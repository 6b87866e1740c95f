/** Keeps a log short: the same line once in a while, with how often it was left out meanwhile. */

/** Writes one line. */
export type Write = (fields: Record<string, unknown>, message: string) => void;

/** Milliseconds in which a line comes once. */
export const THROTTLE_MS = 10_000;
/** Lines that are remembered; beyond, all are forgotten, and may come again. */
const MAX_LINES = 200;

export class LogThrottle {
  private readonly lines = new Map<string, { since: number; suppressed: number }>();

  /** @param now milliseconds */
  constructor(private readonly now: () => number) {}

  /** Writes a line, unless one of the same message and key was written lately. */
  say(write: Write, key: string, fields: Record<string, unknown>, message: string): void {
    const line = `${message}\n${key}`;
    const known = this.lines.get(line);
    const now = this.now();
    if (known && now - known.since < THROTTLE_MS) {
      known.suppressed++;
      return;
    }
    if (this.lines.size >= MAX_LINES) this.lines.clear();
    this.lines.set(line, { since: now, suppressed: 0 });
    write(known?.suppressed ? { ...fields, suppressed: known.suppressed } : fields, message);
  }
}
