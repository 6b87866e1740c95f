/** The numbers that bound a conversation. `welcome` tells a client those that it has to keep. */
export interface Limits {
  /** Bytes of one frame; a larger one closes the socket with 1009. */
  readonly frameBytes: number;
  /** Frames that one message may come in; more close the socket with 1008. */
  readonly fragments: number;
  /** Bytes of one message that is no block of steps. */
  readonly messageBytes: number;
  /** Steps in one `steps` message, targets in one `targets` message; `opened` may say less for a costly model. */
  readonly blockSteps: number;
  /** Steps a producer may have sent and not yet seen acked, for each channel. */
  readonly unackedSteps: number;
  /** Channels that one socket may have open. */
  readonly channels: number;
  /** Views that one socket may have. */
  readonly views: number;
  /** Sequences that the server carries at once, and bytes of all their models. */
  readonly sequences: number;
  readonly modelBytes: number;
  /** Sockets at once, and of one address. */
  readonly sockets: number;
  readonly socketsPerAddress: number;
  /** Refused messages of one socket in a minute before it is closed. */
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
  fragments: 16,
  messageBytes: 64 * 1024,
  blockSteps: 256,
  unackedSteps: 256,
  channels: 256,
  views: 128,
  sequences: 1000,
  modelBytes: 2 * 1024 ** 3,
  sockets: 10_000,
  socketsPerAddress: 128,
  errors: 1000,
  helloMs: 10_000,
  pingMs: 25_000,
  pongMs: 10_000,
  queueLatestBytes: 256 * 1024,
  queueCloseBytes: 1024 * 1024,
  queueCloseMs: 5000,
};
