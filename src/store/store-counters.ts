/** Takes measurements in base units: seconds or bytes. A Prometheus histogram is one. */
export interface Meter {
  observe(value: number): void;
}

export interface StoreCounters {
  /** Records made durable, and their bytes. */
  records: number;
  bytes: number;
  /** Failed writes; each is retried. */
  failures: number;
  /** Checkpoints made durable, and their bytes. */
  checkpoints: number;
  checkpointBytes: number;
  /** The time until a group of records is durable. */
  readonly flushSeconds: Meter;
}
