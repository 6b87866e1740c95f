/** Keeps a log short: repeats a line only once in a while, with the number of suppressed repetitions. */

export type Write = (fields: Record<string, unknown>, message: string) => void;

/** Milliseconds within which a line is written once. */
export const THROTTLE_MS = 10_000;
/** How many lines are remembered; beyond that all are forgotten and may be written again. */
const MAX_LINES = 200;

export class LogThrottle {
  private readonly lines = new Map<string, { since: number; suppressed: number }>();

  /** @param now milliseconds */
  constructor(private readonly now: () => number) {}

  /** Writes a line, unless one with the same message and key was written recently. */
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
