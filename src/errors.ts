interface ErrorEntry {
  readonly temporary: boolean;
  readonly close?: number;
  readonly about: string;
}

/**
 * The one registry of Eddy's errors. A code is stable: programs match on it, people read the message.
 *
 * `temporary` says whether the same request may succeed later without a change.
 * `close` is the WebSocket close code where the error ends the socket: 3000-3499 = reconnect, 3500-3999 = do not.
 * SPEC.md lists every code; a test compares the two.
 */
export const ERRORS = {
  // the frame and the message
  'frame-malformed': { temporary: false, about: 'the bytes are not one MessagePack map or one JSON object' },
  'frame-encoding': {
    temporary: false,
    about: 'a text frame on a msgpack socket, or a binary frame on a json socket',
  },
  'message-unknown': { temporary: false, about: 'the message type is not known' },
  'message-invalid': { temporary: false, about: 'a field is missing, unknown or of the wrong type' },
  'message-too-large': {
    temporary: false,
    about: 'a message other than a block of steps is over its size limit',
  },
  'hello-expected': { temporary: false, about: 'the first message was not hello' },
  'hello-repeated': { temporary: false, about: 'hello was sent twice' },
  'version-unsupported': { temporary: false, about: 'the protocol version is not spoken here' },
  // channels and sequences
  'channel-unknown': { temporary: false, about: 'the channel is not open on this socket' },
  'sequence-name-invalid': { temporary: false, about: 'the name of the sequence is not allowed' },
  'sequence-unknown': { temporary: true, about: 'no sequence of that name exists' },
  'sequence-exists': { temporary: false, about: 'mode create, and the sequence exists already' },
  'sequence-limit': { temporary: true, about: 'the server carries as many sequences as it may' },
  'sequence-failed': { temporary: false, about: 'the sequence stopped on a fault inside Eddy' },
  'spec-required': { temporary: false, about: 'a model spec is needed to create the sequence' },
  'spec-invalid': { temporary: false, about: 'the model spec has a wrong field' },
  'learner-unsupported': {
    temporary: false,
    about: 'the cell of the model spec cannot be used with its learner',
  },
  'spec-conflict': { temporary: false, about: 'the sequence exists with another model spec' },
  'channel-limit': { temporary: false, about: 'the socket has as many open channels as it may' },
  'view-limit': { temporary: false, about: 'the socket has as many views as it may' },
  'view-unavailable': { temporary: false, about: 'the model has no such results' },
  // steps and targets
  'step-shape': { temporary: false, about: 'the length of x is no multiple of batch * features' },
  'step-non-finite': { temporary: false, about: 'x holds NaN or an infinity' },
  'credit-exceeded': { temporary: true, about: 'the producer has more un-acked steps than it may' },
  'step-gap': { temporary: false, about: 'the step number is ahead of the next one expected' },
  'step-conflict': { temporary: false, about: 'a step of that number was accepted with other numbers' },
  'block-too-long': { temporary: false, about: 'a block holds more steps than allowed' },
  'target-unexpected': { temporary: false, about: 'the model makes its own targets, or learns from none' },
  'target-shape': { temporary: false, about: 'the length of the targets does not fit' },
  'target-non-finite': { temporary: false, about: 'a target holds NaN or an infinity' },
  'target-distribution': { temporary: false, about: 'a softmax target is no probability distribution' },
  'target-early': { temporary: false, about: 'the target is for a step that has not happened' },
  'target-expired': { temporary: false, about: 'the target came after its step had left the window' },
  'target-duplicate': { temporary: false, about: 'the step has its target already' },
  'setting-invalid': { temporary: false, about: 'a setting is out of its range' },
  // snapshots and stores
  'store-unavailable': { temporary: true, about: 'the store cannot write now, so no step is taken' },
  'store-damaged': { temporary: false, about: 'a checkpoint or record in the store is broken' },
  'store-locked': { temporary: false, about: 'another process has the data folder' },
  'snapshot-invalid': { temporary: false, about: 'the snapshot is damaged or not of this model' },
  // the library and the client
  'buffer-overflow': { temporary: true, about: 'a bounded buffer is full and its policy is to fail' },
  'outbox-full': { temporary: true, about: 'the client holds as many un-acked steps as it may' },
  'client-closed': { temporary: false, about: 'the client was closed' },
  'connection-lost': { temporary: true, about: 'the connection broke before the answer came' },
  'connection-refused': { temporary: false, about: 'the server closed the socket and wants no reconnect' },
  'history-lost': {
    temporary: false,
    about: 'the server has fewer steps than it had acked; what was not acked was numbered anew',
  },
  'input-invalid': { temporary: false, about: 'a row of the input file or stream cannot be read' },
  // who may do what
  'permission-denied': {
    temporary: false,
    about: 'the token does not give the role, or not on this sequence',
  },
  'credentials-invalid': { temporary: false, about: 'a file of tokens, keys or certificates cannot be used' },
  'address-refused': { temporary: false, about: 'another address than loopback needs tokens, or --insecure' },
  'config-invalid': {
    temporary: false,
    about: 'the configuration has a wrong, unknown or contradictory setting',
  },
  'rate-limit': { temporary: true, about: 'the socket asks more often than it may' },
  overloaded: { temporary: true, about: 'the server is too busy to take new work' },
  // those that close the socket
  'server-shutdown': { temporary: true, close: 3000, about: 'the server is shutting down' },
  'socket-slow': { temporary: true, close: 3001, about: 'the socket did not read what was sent to it' },
  'access-changed': { temporary: true, close: 3010, about: 'the token gives other rights than before' },
  'attempts-limit': { temporary: true, close: 3011, about: 'too many tokens of the address were refused' },
  'hello-timeout': { temporary: false, close: 3500, about: 'no hello came in time' },
  'error-limit': { temporary: false, close: 3501, about: 'too many messages of the socket were refused' },
  unauthorized: { temporary: false, close: 3502, about: 'there is no token, or it is not good' },
  'token-expired': { temporary: false, close: 3503, about: 'the token has expired since it was let in' },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

/** The request, channel or step that an error answers. */
export interface ErrorAbout {
  re?: number;
  channel?: number;
  seq?: number;
}

/** Tells whether `code` is one of Eddy's. */
export const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(ERRORS, code);

/**
 * The only error class Eddy throws on purpose.
 *
 * @example
 * try { model.step([1, 2]) } catch (error) {
 *   if (error instanceof EddyError && error.code === 'step-shape') console.error(error.message)
 * }
 */
export class EddyError extends Error {
  override readonly name = 'EddyError';
  readonly code: ErrorCode;
  /** What a message that could not be taken asked about, as far as that could be read. */
  readonly about: Readonly<ErrorAbout>;
  /** May the same request succeed later without a change? */
  readonly temporary: boolean;

  constructor(code: ErrorCode, message: string, options: ErrorOptions & { about?: ErrorAbout } = {}) {
    super(message, options);
    this.code = code;
    this.about = options.about ?? {};
    this.temporary = ERRORS[code].temporary;
  }

  /** The close code, where this error ends the socket. */
  get close(): number | undefined {
    const entry: ErrorEntry = ERRORS[this.code];
    return entry.close;
  }
}
