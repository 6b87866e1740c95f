/** What the server needs of a WebSocket: the composition root gives it one of `ws`, a test gives it a fake. */
export interface SocketLike {
  /** Bytes handed over and not yet written. */
  readonly bufferedAmount: number;
  send(data: Uint8Array | string): void;
  /** Holds back what is sent, until `uncork` writes it in one go. */
  cork(): void;
  uncork(): void;
  close(code: number, reason: string): void;
  /** Breaks the connection without a farewell. */
  terminate(): void;
  ping(): void;
}
