/** What the server needs of a WebSocket: the composition root gives it one of `ws`, a test gives it a fake. */
export interface SocketLike {
  /** Bytes handed over and not yet written. */
  readonly bufferedAmount: number;
  /** Sends messages, each as the server's encoder gave it, in one go. */
  write(frames: readonly Uint8Array[]): void;
  close(code: number, reason: string): void;
  /** Breaks the connection without a farewell. */
  terminate(): void;
  ping(): void;
  /** Stops reading; what was read already may still be handed over. */
  pause(): void;
  resume(): void;
}
