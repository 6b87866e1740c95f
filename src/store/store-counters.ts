/** Takes measurements, in base units: seconds or bytes. A Prometheus histogram is one. */
export interface Meter {
  observe(value: number): void;
}

/** What a store counts. */
export interface StoreCounters {
  /** Records that became durable, and bytes of them. */
  records: number;
  bytes: number;
  /** Writes that failed; they are tried again. */
  failures: number;
  /** Checkpoints that became durable, and bytes of them. */
  checkpoints: number;
  checkpointBytes: number;
  /** How long it took until a group of records was durable. */
  readonly flushSeconds: Meter;
}
