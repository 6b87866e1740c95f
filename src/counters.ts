/**
 * What the lower floors count while they work: plain numbers that are added to, and read when somebody asks. Counting a
 * step is one addition. Who makes the objects and shows them is the server's concern (server/telemetry.ts).
 */

/** Takes measurements, in base units: seconds or bytes. A Prometheus histogram is one. */
export interface Meter {
  observe(value: number): void;
}

/** What sequences count. */
export interface SequenceCounters {
  /** Steps that had their effect. */
  steps: number;
  /** Steps that came again and had none. */
  stepsRepeated: number;
  updatesApplied: number;
  /** Updates that were passed over, since a weight would have become non-finite. */
  updatesSkipped: number;
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
