/** The numbers that bound a conversation. `welcome` tells a client those that it has to keep. */
export interface Limits {
  /** Bytes of one frame; a larger one closes the socket with 1009. */
  readonly frameBytes: number;
  /** Bytes of one message that is no block of steps. */
  readonly messageBytes: number;
  /** Steps in one `steps` message, targets in one `targets` message. */
  readonly blockSteps: number;
  /** Steps a producer may have sent and not yet seen acked, for each channel. */
  readonly unackedSteps: number;
  /** Channels that one socket may have open. */
  readonly channels: number;
  /** Views that one socket may have. */
  readonly views: number;
  /** Sequences that the server carries at once. */
  readonly sequences: number;
  /** Sockets at once. */
  readonly sockets: number;
  /** Refused messages of one socket before it is closed. */
  readonly errors: number;
  /** Milliseconds until hello must have come. */
  readonly helloMs: number;
  /** Milliseconds between pings, and until the pong must have come. */
  readonly pingMs: number;
  readonly pongMs: number;
  /** Bytes waiting in a socket from which views send only their latest result. */
  readonly queueLatestBytes: number;
  /** Bytes waiting in a socket from which it is closed, and milliseconds in the state above. */
  readonly queueCloseBytes: number;
  readonly queueCloseMs: number;
}

export const DEFAULT_LIMITS: Limits = {
  frameBytes: 1024 * 1024,
  messageBytes: 64 * 1024,
  blockSteps: 1024,
  unackedSteps: 256,
  channels: 256,
  views: 128,
  sequences: 1000,
  sockets: 10_000,
  errors: 1000,
  helloMs: 10_000,
  pingMs: 25_000,
  pongMs: 10_000,
  queueLatestBytes: 256 * 1024,
  queueCloseBytes: 1024 * 1024,
  queueCloseMs: 5000,
};
