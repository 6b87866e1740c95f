/**
 * Where the accepted steps of sequences are kept. A step is acked when its log says that it is durable, and not before.
 */
export interface StepLog {
  /**
   * Takes the next steps. Numbers go up by one.
   *
   * @param first number of the first
   * @param x [T,B,F], the caller's: the log copies what it keeps
   */
  append(first: number, x: Float32Array): void;
  /** Gives x [B,F] of a step that is still kept, or null. It is good until the next append. */
  read(seq: number): Float32Array | null;
  close(): void;
}

export interface Store {
  /**
   * Opens the log of a sequence.
   *
   * @param stepSize numbers in a step, B * F
   * @param onDurable called with the number up to which steps are durable
   */
  openLog(sequence: string, stepSize: number, onDurable: (seq: number) => void): StepLog;
}
