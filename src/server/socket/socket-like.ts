/** The part of a WebSocket that the server needs: the composition root injects one of `ws`, a test injects a fake. */
export interface SocketLike {
  /** Bytes handed over but not yet written. */
  readonly bufferedAmount: number;
  /** Sends messages, as encoded by the server, in one write. */
  write(frames: readonly Uint8Array[]): void;
  close(code: number, reason: string): void;
  /** Terminates the connection without a farewell. */
  terminate(): void;
  ping(): void;
  /** Stops reading; data already read may still arrive. */
  pause(): void;
  resume(): void;
}
