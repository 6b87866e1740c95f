/** What has become of the rows of one sequence. */
export interface Counts {
  /** Rows read for it that were no bad rows. */
  readonly read: number;
  /** Rows passed over by --resume. */
  readonly passed: number;
  readonly sent: number;
  /** Rows that are durable. */
  readonly acked: number;
  /** Rows the sequence does not take: older than its last step. */
  readonly late: number;
  /** Appended rows that the sequence had before. */
  readonly repeated: number;
}

export const NO_COUNTS: Counts = { read: 0, passed: 0, sent: 0, acked: 0, late: 0, repeated: 0 };

const KEYS = Object.keys(NO_COUNTS) as (keyof Counts)[];

export const sumOf = (all: readonly Counts[]): Counts =>
  all.reduce(
    (sum, one) => Object.fromEntries(KEYS.map((key) => [key, sum[key] + one[key]])) as unknown as Counts,
    NO_COUNTS,
  );
