/**
 * Where the accepted steps of sequences are kept. A step is acked when its log says that it is durable, and not before.
 */
export interface LoggedStep {
  readonly seq: number;
  /** x [B,F], the log's to keep */
  readonly x: Float32Array;
}

export interface StepLog {
  /** Takes the next step. Numbers go up by one. */
  append(step: LoggedStep): void;
  /** Gives a step that is still kept, or null. */
  read(seq: number): LoggedStep | null;
  close(): void;
}

export interface Store {
  /** Opens the log of a sequence. `onDurable` is called with the number up to which steps are durable. */
  openLog(sequence: string, stepBytes: number, onDurable: (seq: number) => void): StepLog;
}
